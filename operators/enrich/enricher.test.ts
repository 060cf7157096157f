import { describe, expect, it } from 'vitest';
import type { SeriesBatch } from '../../schemas/generated/series-batch.ts';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import { idHigh, idLow } from '../../schemas/identity.ts';
import { PackedBatchWriter } from '../../schemas/packed-batch.ts';
import { type PackedBatch, readPackedBatch } from '../../schemas/read-packed-batch.ts';
import { Catalog } from '../catalog.ts';
import type { LatePoints } from '../event-time-options.ts';
import { SourceProgress } from '../source-progress.ts';
import { Enricher } from './enricher.ts';
import { metricDefinition, NOW_MS, seriesDefinition } from './example-series.fixture.ts';

const WEEK_MS = 7 * 86_400_000;

interface Run {
  readonly series: SeriesDefinition;
  readonly offset: number;
  readonly points: readonly (readonly [number, number])[];
  readonly flags?: number;
}

function packed(batch: SeriesBatch): PackedBatch {
  const read = readPackedBatch(batch);
  if ('code' in read) throw new Error(read.detail);
  return read;
}

function batchOf(runs: readonly Run[], definitions: readonly SeriesDefinition[] = []): PackedBatch {
  const writer = new PackedBatchWriter('acme', 0, 1);
  for (const definition of definitions) writer.addDefinition(definition);
  for (const { series, offset, points, flags = 0 } of runs) {
    writer.addRun({
      seriesLow: idLow(series.seriesId, 0),
      seriesHigh: idHigh(series.seriesId, 0),
      timestamps: Float64Array.from(points, ([ms]) => NOW_MS + ms),
      values: Float64Array.from(points, ([, value]) => value),
      start: 0,
      end: points.length,
      sourcePartition: 0,
      sourceOffset: offset,
      flags,
    });
  }
  return packed(writer.take());
}

function setUp(options: { maxSeries?: number; catalog?: Catalog; latePoints?: LatePoints } = {}) {
  const { maxSeries = 100, catalog = new Catalog(), latePoints = 'score' } = options;
  const enricher = new Enricher({
    options: { maxSeriesPerTenant: maxSeries },
    latePoints,
    catalog,
    limits: { ttlMs: WEEK_MS, maxSeries: 1000 },
    progress: new SourceProgress(),
    partition: 0,
    partitions: 1,
  });
  const told: string[] = [];
  const accept = (batch: PackedBatch) =>
    enricher.accept(batch, {
      dropped: (code, points) => told.push(`${code} ${points}`),
      late: (outcome, points) => told.push(`late ${outcome} ${points}`),
      registered: ({ name }) => told.push(`new ${name}`),
      evicted: ({ metric }) => told.push(`gone ${metric}`),
      collided: ({ name }, _batch, points) => told.push(`collided ${name} ${points}`),
    });
  const drain = () => {
    const out: PackedBatch[] = [];
    enricher.drain((batch) => out.push(packed(batch)));
    return out;
  };
  return { enricher, accept, drain, told };
}

const up = seriesDefinition('up');
const total = seriesDefinition('requests_total', { host: 'a' }, { kind: 'COUNTER' });
const valuesOf = (batches: readonly PackedBatch[]) => batches.flatMap(({ values }) => [...values]);

describe('Enricher', () => {
  it('makes nothing of nothing, and passes a definition on without points', () => {
    const { accept, drain, told } = setUp();
    expect(drain()).toEqual([]);
    accept(batchOf([]));
    expect(drain()).toEqual([]);
    accept(batchOf([], [up]));
    expect(drain()).toMatchObject([{ pointCount: 0, definitions: [{ name: 'up' }] }]);
    expect(told).toEqual(['new up']);
  });

  it('adds what is known of the metric, and keeps flags and provenance', () => {
    const catalog = new Catalog();
    catalog.put('MetricDefinition', metricDefinition('up', { type: 'BUSINESS_KPI' }));
    const { accept, drain } = setUp({ catalog });
    accept(
      batchOf(
        [
          {
            series: up,
            offset: 5,
            points: [
              [0, 1],
              [1000, 2],
            ],
            flags: 1,
          },
        ],
        [up],
      ),
    );
    const [out] = drain();
    expect(out?.contexts).toMatchObject([{ metricType: 'BUSINESS_KPI', kind: 'GAUGE' }]);
    expect([...(out?.runSourceOffsets ?? [])]).toEqual([5]);
    expect([...(out?.runFlags ?? [])]).toEqual([1]);
    expect([...(out?.timestamps ?? [])]).toEqual([NOW_MS, NOW_MS + 1000]);
  });

  it('registers a series once and takes each point once and in order', () => {
    const { accept, drain, told, enricher } = setUp();
    accept(
      batchOf(
        [
          {
            series: up,
            offset: 0,
            points: [
              [1000, 1],
              [1000, 2],
              [0, 3],
            ],
          },
        ],
        [up],
      ),
    );
    accept(
      batchOf(
        [
          {
            series: up,
            offset: 1,
            points: [
              [1000, 4],
              [2000, 5],
            ],
          },
        ],
        [up],
      ),
    );
    expect(valuesOf(drain())).toEqual([1, 5]);
    expect(told).toEqual(['new up']);
    expect(enricher.counts).toMatchObject({ accepted: 2, duplicates: 2, outOfOrder: 1 });
  });

  it('turns a counter into a rate, and drops a rate that no number can hold', () => {
    const { accept, drain, enricher } = setUp();
    const points = [
      [0, 10],
      [1000, 30],
      [1001, 1.7e308],
      [2001, 1.7e308],
    ] as const;
    accept(batchOf([{ series: total, offset: 0, points }], [total]));
    expect(valuesOf(drain())).toEqual([20, 0]);
    expect(enricher.counts).toMatchObject({ counterBases: 1, overflows: 1, accepted: 2 });
  });

  it('lets a gauge become a counter by a definition: its first rate is that since the point before', () => {
    const catalog = new Catalog();
    const kind = 'COUNTER' as const;
    const effectiveFromMs = NOW_MS + 1500;
    catalog.put('MetricDefinition', metricDefinition('up', { kind, effectiveFromMs }));
    const { accept, drain } = setUp({ catalog });
    const points = [
      [0, 10],
      [1000, 30],
      [2000, 70],
      [3000, 75],
    ] as const;
    accept(batchOf([{ series: up, offset: 0, points }], [up]));
    const out = drain();
    expect(valuesOf(out)).toEqual([10, 30, 40, 5]);
    // One series, two contexts: before the definition and since.
    expect(out.map(({ contexts }) => contexts.map((context) => context.kind))).toEqual([
      ['GAUGE', 'COUNTER'],
    ]);
  });

  it('skips what a raw record brought before, and leaves no trace of it', () => {
    const { accept, drain, told, enricher } = setUp();
    const batch = batchOf(
      [
        {
          series: total,
          offset: 3,
          points: [
            [0, 10],
            [1000, 30],
          ],
        },
      ],
      [total],
    );
    accept(batch);
    const first = valuesOf(drain());
    const saved: (Uint8Array | null)[] = [];
    for (const [, image] of enricher.register.table.takeDirty()) saved.push(image);
    accept(batch);
    expect(first).toEqual([20]);
    expect(valuesOf(drain())).toEqual([]);
    expect(told).toEqual(['new requests_total', 'RECORD_REPEATED 2']);
    for (const [, image] of enricher.register.table.takeDirty()) saved.push(image);
    expect(saved).toHaveLength(1);
  });

  it('drops points of series that were never defined, or are beyond the limit', () => {
    const { accept, drain, told } = setUp({ maxSeries: 1 });
    accept(batchOf([{ series: up, offset: 0, points: [[0, 1]] }]));
    accept(
      batchOf(
        [
          { series: up, offset: 1, points: [[1, 1]] },
          { series: total, offset: 1, points: [[1, 1]] },
        ],
        [up, total],
      ),
    );
    accept(batchOf([{ series: total, offset: 2, points: [[2, 1]] }]));
    expect(told).toEqual(['SERIES_UNDEFINED 1', 'new up', 'SERIES_LIMIT 1', 'SERIES_LIMIT 1']);
    const out = drain();
    expect(out.flatMap(({ definitions }) => definitions.map(({ name }) => name))).toEqual(['up']);
    expect(valuesOf(out)).toEqual([1]);
  });

  it('gives up the points of a foreign label set once, and keeps the older one’s history', () => {
    const { accept, drain, told } = setUp();
    accept(batchOf([{ series: up, offset: 0, points: [[0, 1]] }], [up]));
    const foreign = { ...up, name: 'down' };
    accept(
      batchOf(
        [
          {
            series: up,
            offset: 1,
            points: [
              [1, 2],
              [2, 3],
            ],
          },
        ],
        [foreign, foreign],
      ),
    );
    accept(batchOf([{ series: up, offset: 2, points: [[3, 4]] }], [up]));
    expect(told).toEqual(['new up', 'collided down 2']);
    expect(valuesOf(drain())).toEqual([1, 4]);
  });

  it('gives the same points for the same batches, however they are cut into calls', () => {
    const batches = Array.from({ length: 20 }, (_, i) =>
      batchOf(
        [
          {
            series: i % 2 === 0 ? up : total,
            offset: i,
            points: [
              [i * 10, i],
              [i * 10 + 3, i + 1],
            ],
          },
        ],
        [up, total],
      ),
    );
    const outputOf = (every: number) => {
      const { accept, drain } = setUp();
      return batches.flatMap((batch, i) => {
        accept(batch);
        return i % every === 0 || i === 19 ? valuesOf(drain()) : [];
      });
    };
    expect(outputOf(1)).toEqual(outputOf(20));
    expect(outputOf(7)).toEqual(outputOf(20));
  });
});
