import { describe, expect, it } from 'vitest';
import { PagedTable } from './paged-table.ts';
import { SeriesIndex } from './series-index.ts';

const columns = [
  { name: 'idLow', type: 'u32' },
  { name: 'idHigh', type: 'u32' },
  { name: 'flag', type: 'u8' },
  { name: 'ring', type: 'f32', length: 5 },
  { name: 'base', type: 'f64' },
] as const;

function fill(table: PagedTable, rows: number): void {
  for (let i = 0; i < rows; i++) {
    const row = table.allocate();
    const ring = table.column('ring');
    for (let e = 0; e < 5; e++) ring.view(row)[ring.index(row) + e] = row * 10 + e;
    const base = table.column('base');
    base.view(row)[base.index(row)] = 1e12 + row;
    table.touch(row);
  }
}

describe('PagedTable', () => {
  it('keeps every element of every row apart, across pages and slabs', () => {
    const table = new PagedTable(columns, { rowsPerPage: 4, pagesPerSlab: 2 });
    fill(table, 50);
    const ring = table.column('ring');
    const base = table.column('base');
    for (let row = 0; row < 50; row++) {
      expect(base.view(row)[base.index(row)]).toBe(1e12 + row);
      for (let e = 0; e < 5; e++) expect(ring.view(row)[ring.index(row) + e]).toBe(row * 10 + e);
    }
  });

  it('restores from the images of its dirty pages alone', () => {
    const table = new PagedTable(columns, { rowsPerPage: 4, pagesPerSlab: 2 });
    fill(table, 11);
    const images = new Map<number, Uint8Array>();
    table.writeDirty((page, image) => images.set(page, image));
    expect([...images.keys()]).toEqual([0, 1, 2]);
    table.touch(5);
    const second: number[] = [];
    table.writeDirty((page) => second.push(page));
    expect(second).toEqual([1]);

    const restored = new PagedTable(columns, { rowsPerPage: 4, pagesPerSlab: 2 });
    for (const [page, image] of images) restored.readPage(page, image);
    expect(restored.rowCount).toBe(11);
    const base = restored.column('base');
    expect(base.view(10)[base.index(10)]).toBe(1e12 + 10);
  });

  it('refuses a page of another layout', () => {
    const table = new PagedTable(columns);
    fill(table, 1);
    const other = new PagedTable([...columns, { name: 'more', type: 'f64' }]);
    table.writeDirty((page, image) => {
      expect(() => other.readPage(page, image)).toThrowError(
        expect.objectContaining({ code: 'STATE_LAYOUT' }),
      );
    });
  });
});

describe('SeriesIndex', () => {
  it('finds what was inserted, and nothing else, through growth and rebuild', () => {
    const table = new PagedTable(columns);
    const index = new SeriesIndex(table);
    for (let i = 0; i < 5000; i++) index.insert(i % 97, i);
    const check = () => {
      for (let i = 0; i < 5000; i++) expect(index.find(i % 97, i)).toBe(i);
      expect(index.find(1, 5000)).toBe(-1);
      expect(index.find(98, 3)).toBe(-1);
    };
    check();
    index.rebuild();
    check();
  });
});
