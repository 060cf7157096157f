import { describe, expect, it } from 'vitest';
import { gaussian, seededRandom } from '../seeded-random.ts';
import { RandomCutForest } from './random-cut-forest.ts';
import { RandomCutTree } from './random-cut-tree.ts';

const settings = {
  trees: 20,
  samples: 64,
  shingle: 1,
  decay: 0.1,
  standardised: false,
  seed: 1,
};

function noise(rows: number, width: number, seed: number): Float32Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: rows }, () =>
    Float32Array.from({ length: width }, () => gaussian(random)),
  );
}

function scores(forest: RandomCutForest, rows: readonly Float32Array[]): number[] {
  return rows.map((row) => forest.score(row));
}

describe('RandomCutTree', () => {
  it('parts a point from another by the share of the box that lies between them', () => {
    // Of the box from 0 to 10 stretched to 20, half lies outside: parted at the root with chance 1/2, else below it.
    const tree = new RandomCutTree(8, 1, seededRandom(3));
    tree.insert(Float32Array.of(0));
    tree.insert(Float32Array.of(10));
    const expected = (0.5 * 1 + 0.5 * (1 / 2)) * Math.log2(3);
    expect(tree.score(Float32Array.of(20))).toBeCloseTo(expected, 6);
  });

  it('scores a point that it holds by its depth and how many are equal', () => {
    const tree = new RandomCutTree(8, 1, seededRandom(3));
    for (const value of [5, 5, 5, 9]) tree.insert(Float32Array.of(value));
    const seen = (1 - 3 / 8) / (1 + Math.log2(4));
    expect(tree.score(Float32Array.of(5))).toBeCloseTo(seen * Math.log2(5), 6);
  });

  it('is again as before when a point is given up, however often', () => {
    const random = seededRandom(5);
    const points = noise(400, 3, 6);
    const tree = new RandomCutTree(32, 3, random);
    const held: number[] = [];
    for (const point of points) {
      if (held.length === 32) tree.remove(held.splice(Math.floor(random() * 32), 1)[0] as number);
      held.push(tree.insert(point));
    }
    expect(tree.mass).toBe(32);
    for (const leaf of held.slice(1)) tree.remove(leaf);
    expect(tree.mass).toBe(1);
    tree.remove(held[0] as number);
    expect(tree.mass).toBe(0);
    expect(tree.score(points[0] as Float32Array)).toBe(0);
    tree.insert(Float32Array.of(0, 0, 0));
    tree.insert(Float32Array.of(10, 0, 0));
    // No box is left over from what was given up: the far point lies outside by half.
    expect(tree.score(Float32Array.of(20, 0, 0))).toBeCloseTo(0.75 * Math.log2(3), 6);
  });
});

describe('RandomCutForest', () => {
  it('scores a row far out in one metric, or odd in how metrics go together, above all usual ones', () => {
    const rows = noise(600, 3, 7).map((row) =>
      Float32Array.of(row[0] ?? 0, row[0] ?? 0, row[2] ?? 0),
    );
    const forest = new RandomCutForest(3, settings);
    const usual = Math.max(...scores(forest, rows).slice(100));
    const lone = Float32Array.of(12, 0, 0);
    expect(forest.score(lone)).toBeGreaterThan(1.2 * usual);
  });

  it('sees by its shingle that the order of rows is odd', () => {
    const wave = Array.from({ length: 800 }, (_, i) => Float32Array.of(Math.sin(i / 4)));
    const frozen = [...wave.slice(0, 790), ...Array.from({ length: 8 }, () => Float32Array.of(0))];
    const forest = new RandomCutForest(1, { ...settings, shingle: 8 });
    const said = scores(forest, frozen);
    const usual = Math.max(...said.slice(400, 790));
    expect(Math.max(...said.slice(790))).toBeGreaterThan(usual);
  });

  it('says nothing until a shingle is whole, and the same of the same rows and seed', () => {
    const rows = noise(100, 2, 8);
    const run = (seed: number) =>
      scores(new RandomCutForest(2, { ...settings, shingle: 4, seed }), rows);
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
    expect(run(1).slice(0, 3)).toEqual([0, 0, 0]);
  });

  it('forgets what lies long ago', () => {
    const forest = new RandomCutForest(1, { ...settings, decay: 1 });
    scores(forest, noise(300, 1, 9));
    const step = noise(1500, 1, 10).map((row) => Float32Array.of((row[0] ?? 0) + 50));
    const said = scores(forest, step);
    expect(said[0]).toBeGreaterThan(1.5 * Math.max(...said.slice(1200)));
  });
});
