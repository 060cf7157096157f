import { describe, expect, it } from 'vitest';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import { idHigh, idLow } from '../../schemas/identity.ts';
import { PackedBatchWriter } from '../../schemas/packed-batch.ts';
import { readPackedBatch } from '../../schemas/read-packed-batch.ts';
import { Catalog } from '../catalog.ts';
import { SourceProgress } from '../source-progress.ts';
import { Enricher } from './enricher.ts';
import { NOW_MS, seriesDefinition } from './example-series.fixture.ts';

const DAY_MS = 86_400_000;
const BACK_FILL = 1;

function setUp(maxSeriesPerTenant = 100, maxSeries = 1000) {
  const enricher = new Enricher({
    options: { maxSeriesPerTenant },
    limits: { ttlMs: 7 * DAY_MS, maxSeries },
    latePoints: 'score',
    catalog: new Catalog(),
    progress: new SourceProgress(),
    partition: 0,
    partitions: 1,
  });
  const told: string[] = [];
  let offset = 0;
  /** A raw record with one point of one series, `day` days from the start. */
  const point = (series: SeriesDefinition, day: number, flags = 0, defined = true) => {
    const writer = new PackedBatchWriter('acme', 0, 1);
    if (defined) writer.addDefinition(series);
    writer.addRun({
      seriesLow: idLow(series.seriesId, 0),
      seriesHigh: idHigh(series.seriesId, 0),
      timestamps: Float64Array.of(NOW_MS + day * DAY_MS),
      values: Float64Array.of(100 * day),
      start: 0,
      end: 1,
      sourcePartition: 0,
      sourceOffset: offset++,
      flags,
    });
    const batch = readPackedBatch(writer.take());
    if ('code' in batch) throw new Error(batch.detail);
    enricher.accept(batch, {
      dropped: (code) => told.push(code),
      registered: ({ name }) => told.push(`new ${name}`),
      late: (outcome) => told.push(`late ${outcome}`),
      evicted: ({ tenant, metric }) => told.push(`gone ${tenant} ${metric}`),
      collided: ({ name }) => told.push(`collided ${name}`),
    });
  };
  return { enricher, point, told };
}

const up = seriesDefinition('up');
const down = seriesDefinition('down');
const total = seriesDefinition('requests_total', { host: 'a' }, { kind: 'COUNTER' });

describe('Enricher, when a series falls silent', () => {
  it('gives it up after a week, with its place in the tenant’s limit', () => {
    const { enricher, point, told } = setUp(2);
    point(total, 0);
    point(up, 0);
    point(up, 6.9);
    expect(told).toEqual(['new requests_total', 'new up']);
    point(up, 7.1);
    expect(told.slice(2)).toEqual(['gone acme requests_total']);
    expect(enricher.register.table.liveRows).toBe(1);
    point(down, 7.1);
    point(total, 7.2);
    expect(told.slice(3)).toEqual(['new down', 'SERIES_LIMIT']);
  });

  it('takes it as new should it come back, whoever else is there', () => {
    const { enricher, point, told } = setUp();
    point(total, 0);
    point(up, 0);
    point(total, 1);
    expect(enricher.counts).toMatchObject({ counterBases: 1, accepted: 2 });
    point(total, 9);
    expect(told.slice(2).sort()).toEqual([
      'gone acme requests_total',
      'gone acme up',
      'new requests_total',
    ]);
    // A rate would follow from the value of a week ago, were it not new.
    expect(enricher.counts).toMatchObject({ counterBases: 2, accepted: 2 });
  });

  it('finds it gone in the very record that says so', () => {
    const { point, told } = setUp();
    point(total, 0);
    point(total, 8, 0, false);
    expect(told).toEqual(['new requests_total', 'gone acme requests_total', 'SERIES_UNDEFINED']);
  });

  it('lets no back-fill make other series old', () => {
    const { point, told } = setUp();
    point(up, 0);
    point(total, 30, BACK_FILL);
    point(up, 0.1);
    expect(told).toEqual(['new up', 'new requests_total']);
  });

  it('is kept neither by duplicates nor by definitions alone', () => {
    const { enricher, point, told } = setUp();
    point(up, 0);
    point(down, 0);
    for (let day = 1; day < 9; day++) {
      point(down, day);
      point(up, 0);
    }
    expect(told).toContain('gone acme up');
    expect(enricher.counts.duplicates).toBeGreaterThan(5);
  });

  it('makes room by it for new series where memory is short', () => {
    const { point, told } = setUp(100, 2);
    point(total, 0);
    point(up, 0);
    point(down, 1);
    point(down, 1, 0, false);
    expect(told).toEqual(['new requests_total', 'new up', 'SERIES_MEMORY', 'SERIES_MEMORY']);
    point(up, 6.5);
    point(down, 7.5);
    expect(told.slice(4)).toEqual(['gone acme requests_total', 'new down']);
  });
});
