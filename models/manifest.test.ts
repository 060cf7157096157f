import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelSetSha256, readManifest } from './manifest.ts';
import { bundledModels } from './onnx-ensemble.ts';
import type { ClassConstant, ClassGraph, ClassModel } from './scorer.ts';

const weights = [1, 0.6, 1.2, 0.2, 2];
const entry: ClassConstant = {
  id: 'latency/weights',
  version: 1,
  metricClass: 'latency',
  part: 'weights',
  values: weights,
};
const graph: ClassGraph = {
  id: 'latency/forecast',
  version: 1,
  metricClass: 'latency',
  model: 'forecast',
  sha256: 'a'.repeat(64),
};
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-manifest-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Writes the bundled manifest with other classes, its checksum right unless told otherwise. */
function write(classes: readonly object[], sha256?: string): void {
  const bundled = JSON.parse(readFileSync(join(bundledModels(), 'manifest.json'), 'utf8'));
  const signed = sha256 ?? modelSetSha256(bundled.models, classes as ClassModel[]);
  writeFileSync(
    join(folder, 'manifest.json'),
    JSON.stringify({ ...bundled, classes, sha256: signed }),
  );
}

describe('readManifest', () => {
  it('reads the bundled one, with its classes', () => {
    const { classes = [], models } = readManifest(bundledModels());
    expect(models).toHaveLength(3);
    expect(classes.length).toBeGreaterThan(0);
  });

  it('takes what is well formed', () => {
    const floor = { ...entry, id: 'latency/floor', part: 'floor', values: 2 };
    write([entry, floor, graph]);
    expect(readManifest(folder).classes).toEqual([entry, floor, graph]);
  });

  it.each<[string, object]>([
    ['a class that there is not', { ...entry, id: 'x/weights', metricClass: 'x' }],
    ['a part that classes do not have', { ...entry, id: 'latency/cap', part: 'cap', values: 2 }],
    ['a weight too few', { ...entry, values: [1, 2, 3, 4] }],
    ['a number for weights', { ...entry, values: 1 }],
    ['weights for a number', { ...entry, id: 'latency/floor', part: 'floor' }],
    ['a negative weight', { ...entry, values: [-1, 0, 0, 0, 0] }],
    ['a name that is not its own', { ...entry, id: 'steps/weights' }],
    ['a graph whose name is not its own', { ...graph, id: 'steps/forecast' }],
    ['a graph of a model that there is not', { ...graph, id: 'latency/x', model: 'x' }],
    ['a graph without a checksum', { ...graph, sha256: '' }],
    ['a graph with values', { ...graph, values: 1 }],
  ])('refuses %s', (_, wrong) => {
    write([wrong]);
    expect(() => readManifest(folder)).toThrow(expect.objectContaining({ code: 'MODEL_SHAPE' }));
  });

  it('refuses an entry that stands there twice', () => {
    write([entry, entry]);
    expect(() => readManifest(folder)).toThrow(/twice/);
  });

  it('refuses values that the checksum was not made of', () => {
    const other = { ...entry, values: [1, 0.6, 1.2, 0.2, 3] };
    const { models } = readManifest(bundledModels());
    write([other], modelSetSha256(models, [entry]));
    expect(() => readManifest(folder)).toThrow(/checksum/);
  });
});
