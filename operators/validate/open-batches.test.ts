import { describe, expect, it } from 'vitest';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import { MOST_BATCH_BYTES, OpenBatches, type ValidatedBatch } from './open-batches.ts';

const definition: SeriesDefinition = {
  seriesId: new Uint8Array(8),
  entityId: new Uint8Array(8),
  tenant: 'acme',
  name: 'up',
  labels: { text: 'x'.repeat(100_000) },
  kind: 'GAUGE',
  unit: null,
  firstSeenMs: 0,
};

function run(points: number, sourceOffset = 0) {
  const column = Float64Array.from({ length: points }, (_, i) => i * i);
  const source = { sourcePartition: 0, sourceOffset, flags: 0 };
  return {
    seriesLow: 1,
    seriesHigh: 1,
    timestamps: column,
    values: column,
    start: 0,
    end: points,
    ...source,
  };
}

function drained(batches: OpenBatches): ValidatedBatch[] {
  const out: ValidatedBatch[] = [];
  batches.drain((batch) => out.push(batch));
  return out;
}

describe('OpenBatches', () => {
  it('gives nothing when nothing was added, and everything once', () => {
    const batches = new OpenBatches(4);
    expect(drained(batches)).toEqual([]);
    batches.startRecord('acme', 1, 3);
    batches.addRun(1, run(3));
    expect(drained(batches)).toMatchObject([
      { partition: 1, batch: { tenant: 'acme', firstShard: 1 } },
    ]);
    expect(drained(batches)).toEqual([]);
  });

  it('closes batches between records when they grow', () => {
    const batches = new OpenBatches(4);
    for (let record = 0; record < 3; record++) {
      batches.startRecord('acme', 1, 200_000);
      batches.addRun(0, run(100_000, record));
      batches.addRun(0, run(100_000, record));
      batches.endSeries(0);
    }
    expect(drained(batches).map(({ batch }) => batch.runFlags.length)).toEqual([2, 2, 2]);
  });

  it('says when a record could become too large, and forgets it without harm to those before', () => {
    const batches = new OpenBatches(4);
    expect(batches.startRecord('acme', 1, 10)).toBe(false);
    batches.addRun(0, run(10));
    expect(batches.startRecord('acme', 1, 1_100_000)).toBe(true);
    batches.addRun(0, run(1_100_000));
    expect(batches.largestBytes).toBeGreaterThan(MOST_BATCH_BYTES);
    batches.discard();
    expect(batches.largestBytes).toBe(0);
    expect(drained(batches).map(({ batch }) => batch.values.length / 8)).toEqual([10]);
  });

  it('sends definitions ahead of the points when they are many', () => {
    const batches = new OpenBatches(4);
    batches.startRecord('acme', 50, 50);
    for (let i = 0; i < 50; i++) batches.addRun(0, run(1), definition);
    const out = drained(batches);
    expect(out.reduce((sum, { batch }) => sum + batch.definitions.length, 0)).toBe(50);
    expect(out.map(({ batch }) => batch.values.length / 8)).toEqual([0, 0, 0, 0, 50]);
  });
});
