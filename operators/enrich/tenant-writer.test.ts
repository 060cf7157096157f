import { describe, expect, it } from 'vitest';
import type { SeriesBatch } from '../../schemas/generated/series-batch.ts';
import { Catalog } from '../catalog.ts';
import { ContextBook } from './context-book.ts';
import { NOW_MS, seriesDefinition } from './example-series.fixture.ts';
import { TenantWriter } from './tenant-writer.ts';

const book = new ContextBook(new Catalog());
const contextOf = (name: string) => book.resolve(book.place(seriesDefinition(name)), NOW_MS);
const column = Float64Array.from({ length: 100_000 }, (_, i) => i * i);

function run(points: number, sourceOffset: number, series = 1) {
  const source = { sourcePartition: 0, sourceOffset, flags: 0 };
  return {
    seriesLow: series,
    seriesHigh: 0,
    timestamps: column,
    values: column,
    start: 0,
    end: points,
    ...source,
  };
}

function drained(writer: TenantWriter): SeriesBatch[] {
  const out: SeriesBatch[] = [];
  writer.drain((batch) => out.push(batch));
  return out;
}

describe('TenantWriter', () => {
  it('gives nothing when nothing was added, and everything once', () => {
    const writer = new TenantWriter('acme', 0, 1);
    expect(drained(writer)).toEqual([]);
    writer.startRecord(1, 3);
    writer.addRun(run(3, 0), contextOf('up'));
    expect(drained(writer)).toHaveLength(1);
    expect(drained(writer)).toEqual([]);
  });

  it('names a context once per batch', () => {
    const writer = new TenantWriter('acme', 0, 1);
    for (let i = 0; i < 3; i++) writer.addRun(run(1, 0, i), contextOf(i === 2 ? 'down' : 'up'));
    const [batch] = drained(writer);
    expect(batch?.contexts).toHaveLength(2);
    expect([
      ...new Uint16Array(batch?.seriesContexts.slice().buffer ?? new ArrayBuffer(0)),
    ]).toEqual([0, 0, 1]);
  });

  it('closes a batch between raw records only', () => {
    const writer = new TenantWriter('acme', 0, 1);
    for (let record = 0; record < 4; record++) {
      writer.startRecord(3, 300_000);
      for (let i = 0; i < 3; i++) writer.addRun(run(100_000, record), contextOf('up'));
    }
    const offsets = drained(writer).map(({ runSourceOffsets }) => [
      ...new Float64Array(runSourceOffsets.slice().buffer),
    ]);
    expect(offsets).toEqual([0, 1, 2, 3].map((record) => [record, record, record]));
  });

  it('closes a batch before its contexts are too many to number', () => {
    const writer = new TenantWriter('acme', 0, 1);
    for (let record = 0; record < 10; record++) {
      writer.startRecord(20_000, 20_000);
      for (let i = 0; i < 20_000; i++) writer.addRun(run(1, record, i), { ...contextOf('up') });
    }
    const counts = drained(writer).map(({ contexts }) => contexts.length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(200_000);
    expect(Math.max(...counts)).toBeLessThan(65_535);
  });

  it('closes a batch when definitions alone would fill it', () => {
    const writer = new TenantWriter('acme', 0, 1);
    const long = seriesDefinition('up', { text: 'x'.repeat(1_000_000) });
    for (let i = 0; i < 6; i++) writer.addDefinition(long);
    expect(drained(writer).map(({ definitions }) => definitions.length)).toEqual([2, 2, 2]);
  });
});
