import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../test/support/random.ts';
import { PagedTable } from './paged-table.ts';
import { SeriesIndex } from './series-index.ts';

const columns = [
  { name: 'idLow', type: 'u32' },
  { name: 'idHigh', type: 'u32' },
] as const;

describe('SeriesIndex', () => {
  it('finds what was inserted, and nothing else, through growth and rebuild', () => {
    const table = new PagedTable(columns);
    const index = new SeriesIndex(table);
    for (let i = 0; i < 5000; i++) index.insert((i % 97) * 44_000_000, i);
    const check = () => {
      for (let i = 0; i < 5000; i++) expect(index.find((i % 97) * 44_000_000, i)).toBe(i);
      expect(index.find(1, 5000)).toBe(-1);
      expect(index.find(98, 3)).toBe(-1);
    };
    check();
    index.rebuild();
    check();
  });

  it('agrees with a map through insertions, removals and rebuilds', () => {
    const random = randomFrom(7);
    const word = () => Math.floor(random() * 2 ** 32);
    const table = new PagedTable(columns);
    const index = new SeriesIndex(table);
    const rows = new Map<string, { low: number; high: number; row: number }>();
    const step = () => {
      const [any] = rows.values();
      if (random() < 0.4 && any !== undefined) {
        index.remove(any.row);
        rows.delete(`${any.low}:${any.high}`);
        expect(index.find(any.low, any.high)).toBe(-1);
        return;
      }
      // Few low words, so that probes run into each other and round the end.
      const low = random() < 0.5 ? word() : 2 ** 32 - 1 - Math.floor(random() * 50);
      const high = word();
      rows.set(`${low}:${high}`, { low, high, row: index.insert(low, high) });
    };
    const check = () => {
      for (const { low, high, row } of rows.values()) expect(index.find(low, high)).toBe(row);
    };
    for (let i = 0; i < 12_000; i++) step();
    check();
    index.rebuild();
    check();
    expect(table.liveRows).toBe(rows.size);
    for (const { row } of rows.values()) index.remove(row);
    expect([table.liveRows, table.rowCount, index.byteLength]).toEqual([0, 0, 4096]);
  });
});
