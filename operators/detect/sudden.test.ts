import { beforeAll, describe, expect, it } from 'vitest';
import { OnnxEnsemble } from '../../models/onnx-ensemble.ts';
import type { Scorer } from '../../models/scorer.ts';
import { gaussian, seededRandom } from '../../models/seeded-random.ts';
import { runTrack, type Track, type TrackResult } from './detect-call.fixture.ts';

const START_MS = Date.UTC(2024, 2, 4);
const SEEDS = [1, 2, 3, 4];
let scorer: Scorer;

beforeAll(async () => {
  scorer = await OnnxEnsemble.load();
});

/** Plain noise of 1 about 20, each `stepMs`, with values put in the place of those from a point on. */
function noise(seed: number, points: number, stepMs: number, at: number, values: number[]): Track {
  const random = seededRandom(seed);
  const all = Array.from({ length: points }, () => 20 + gaussian(random));
  for (const [i, value] of values.entries()) all[at + i] = value;
  return { timestamps: all.map((_, i) => START_MS + i * stepMs), values: all };
}

function opened({ episodes }: TrackResult): number[] {
  return episodes.filter(({ phase }) => phase === 'OPEN').map(({ startMs }) => startMs - START_MS);
}

describe('a point far beyond all before it', { timeout: 60_000 }, () => {
  it.each([
    ['high, every second, after an hour', 1000, 3700, 36],
    ['low, every second, after eleven minutes', 1000, 660, 4],
    ['high, every 15 s, after an hour', 15_000, 250, 36],
    ['low, every 15 s, after half an hour', 15_000, 120, 4],
    ['high, every minute, after half an hour', 60_000, 30, 36],
  ])('opens an episode by itself: %s', async (_, stepMs, at, value) => {
    for (const seed of SEEDS) {
      const result = await runTrack(scorer, noise(seed, at + 5, stepMs, at, [value]));
      expect(opened(result)).toEqual([at * stepMs]);
    }
  });

  it.each([1000, 15_000])(
    'opens none if it is high and the hour not over, every %d ms',
    async (stepMs) => {
      const at = 1_800_000 / stepMs;
      const result = await runTrack(scorer, noise(1, at + 5, stepMs, at, [36]));
      expect(opened(result)).toEqual([]);
      expect(result.scores[at]).toBeGreaterThan(1);
    },
  );

  it('opens one there if it lasts', async () => {
    const stepMs = 15_000;
    const at = 1_800_000 / stepMs;
    const up = Array.from({ length: 240_000 / stepMs }, (_, i) => 36 + (i % 3));
    const result = await runTrack(scorer, noise(1, at + up.length, stepMs, at, up));
    const [first, ...more] = opened(result);
    expect(first).toBeGreaterThan(at * stepMs + 30_000);
    expect(more).toEqual([]);
  });

  it('opens none in the first ten minutes', async () => {
    const result = await runTrack(scorer, noise(1, 500, 1000, 400, [36]));
    expect(opened(result)).toEqual([]);
  });

  it('is no more than a warning where points come every second', async () => {
    const result = await runTrack(scorer, noise(1, 3705, 1000, 3700, [200]));
    expect(result.onsets[3700]).toBe(1);
    expect(result.scores[3700]).toBeGreaterThan(2);
  });
});

describe('values that stand still as they never did', { timeout: 60_000 }, () => {
  it.each([1000, 15_000, 60_000])('open an episode, every %d ms', async (stepMs) => {
    for (const seed of SEEDS) {
      const still = new Array<number>(40).fill(20.5);
      const result = await runTrack(scorer, noise(seed, 1100, stepMs, 1000, still));
      const [first, ...more] = opened(result);
      expect(first).toBeGreaterThan(1000 * stepMs);
      expect(first).toBeLessThan(1020 * stepMs);
      expect(more).toEqual([]);
      expect(result.episodes[0]?.movement).toBe('FLAT');
    }
  });

  it('open none in counts that are mostly zero', async () => {
    const random = seededRandom(5);
    const values = Array.from({ length: 4000 }, () => (random() < 0.02 ? 1 : 0));
    const timestamps = values.map((_, i) => START_MS + i * 60_000);
    expect(opened(await runTrack(scorer, { timestamps, values }))).toEqual([]);
  });
});
