import { beforeAll, describe, expect, it } from 'vitest';
import { Codec } from '../../schemas/codec.ts';
import { FileRegistry } from '../../schemas/file-registry.ts';
import type { MetricBatch } from '../../schemas/generated/metric-batch.ts';
import { metricColumnsAt, readMetricColumns } from '../../schemas/metric-columns.ts';
import { registerRecords } from '../../schemas/registry.ts';
import { rawBatch } from '../../test/support/raw-batch.ts';
import { KnownHeads } from './known-heads.ts';
import { type RawFault, type RawPoints, rawFromBatch, rawFromHead } from './raw-points.ts';

let codec: Codec;
beforeAll(async () => {
  codec = new Codec(await registerRecords(new FileRegistry()));
});

const SERIES = 40;

function encoded(points: number, { first = 0, over = {} as Partial<MetricBatch> } = {}): Buffer {
  const series = Array.from({ length: SERIES }, (_, s) => ({
    name: 'requests',
    labels: { host: `host-${s}`, region: 'north' },
    points: Array.from({ length: points }, (_, i) => [1000 + i, first + s * i] as const),
  }));
  return codec.encode('MetricBatch', rawBatch(series, over));
}

function decoded(record: Buffer): RawPoints {
  const raw = rawFromBatch(codec.decode(record, ['MetricBatch']).value, 50_000);
  if ('code' in raw) throw new Error(raw.detail);
  return raw;
}

function learn(heads: KnownHeads, record: Buffer): void {
  const at = metricColumnsAt(record, codec.decode(record, ['MetricBatch']).value);
  heads.put(record, at ?? 0, decoded(record));
}

/** What is read of a record by its head alone. */
function byHead(heads: KnownHeads, record: Buffer): RawPoints | RawFault | undefined {
  const known = heads.find(record);
  const columns = known && readMetricColumns(record, known.bytes);
  return known && columns && rawFromHead(known.head, columns, () => decoded(record).series);
}

describe('KnownHeads', () => {
  it('reads a record that begins as another did just as decoding it would, however many points it has', () => {
    const heads = new KnownHeads(1000);
    const first = encoded(2);
    expect(byHead(heads, first)).toBeUndefined();
    learn(heads, first);
    for (const points of [1, 2, 7, 100, 700]) {
      const next = encoded(points, { first: points / 3 });
      expect(byHead(heads, next)).toEqual(decoded(next));
    }
  });

  it('does not know a record with one other letter, tenant, mark or schema', () => {
    const heads = new KnownHeads(1000);
    const record = encoded(2);
    learn(heads, record);
    expect(heads.find(encoded(2, { over: { tenant: 'other' } }))).toBeUndefined();
    expect(heads.find(encoded(2, { over: { backfill: true } }))).toBeUndefined();
    const foreign = Buffer.from(record);
    foreign.writeUInt32BE(4711, 1);
    expect(heads.find(foreign)).toBeUndefined();
    const letter = Buffer.from(record);
    letter[record.indexOf('host-39')] = 'g'.charCodeAt(0);
    expect(heads.find(letter)).toBeUndefined();
  });

  it('leaves what does not end with its columns to whoever says what is wrong with it', () => {
    const heads = new KnownHeads(1000);
    const record = encoded(2);
    learn(heads, record);
    expect(byHead(heads, record.subarray(0, -1))).toBeUndefined();
    expect(byHead(heads, Buffer.concat([record, Buffer.of(0)]))).toBeUndefined();
    expect(byHead(heads, record.subarray(0, heads.find(record)?.bytes))).toBeUndefined();
  });

  it('says in which way columns disagree with the head', () => {
    const heads = new KnownHeads(1000);
    learn(heads, encoded(2));
    const counts = new Uint8Array(4 * SERIES);
    const wrong = encoded(2, { over: { counts } });
    expect(byHead(heads, wrong)).toMatchObject({ code: 'BATCH_COLUMNS' });
  });

  it('forgets heads that were not used while as many series came by as it may hold', () => {
    const heads = new KnownHeads(14 * SERIES);
    const [used, unused] = [encoded(1), encoded(1, { over: { tenant: 'unused' } })];
    learn(heads, used);
    learn(heads, unused);
    for (let i = 0; i < 20; i++) {
      learn(heads, encoded(1, { over: { tenant: `tenant ${i}` } }));
      expect(heads.find(used)).toBeDefined();
    }
    expect(heads.find(unused)).toBeUndefined();
  });
});
