import { describe, expect, it } from 'vitest';
import { PagedTable } from './paged-table.ts';

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
    const images = new Map<number, Uint8Array | null>();
    for (const [page, image] of table.takeDirty())
      images.set(page, image && Uint8Array.from(image));
    expect([...images.keys()]).toEqual([0, 1, 2]);
    table.touch(5);
    const second: number[] = [];
    for (const [page] of table.takeDirty()) second.push(page);
    expect(second).toEqual([1]);

    const restored = new PagedTable(columns, { rowsPerPage: 4, pagesPerSlab: 2 });
    for (const [page, image] of images) restored.readPage(page, image);
    expect(restored.rowCount).toBe(11);
    const base = restored.column('base');
    expect(base.view(10)[base.index(10)]).toBe(1e12 + 10);
  });

  it('gives a released row out again, empty, the lowest first', () => {
    const table = new PagedTable(columns, { rowsPerPage: 4, pagesPerSlab: 2 });
    fill(table, 11);
    for (const row of [7, 2]) table.release(row);
    expect([table.isLive(2), table.isLive(3), table.liveRows]).toEqual([false, true, 9]);
    expect([table.allocate(), table.allocate(), table.allocate()]).toEqual([2, 7, 11]);
    const base = table.column('base');
    const ring = table.column('ring');
    for (const row of [2, 7]) {
      expect(base.view(row)[base.index(row)]).toBe(0);
      for (let e = 0; e < 5; e++) expect(ring.view(row)[ring.index(row) + e]).toBe(0);
    }
    expect(base.view(3)[base.index(3)]).toBe(1e12 + 3);
  });

  it('gives memory back behind the last row in use', () => {
    const table = new PagedTable(columns, { rowsPerPage: 4, pagesPerSlab: 2 });
    fill(table, 400);
    const most = table.byteLength;
    for (let row = 0; row < 400; row++) if (row !== 9) table.release(row);
    expect([table.rowCount, table.liveRows]).toEqual([10, 1]);
    expect(table.byteLength).toBeLessThan(most / 10);
    fill(table, 30);
    const base = table.column('base');
    expect(base.view(9)[base.index(9)]).toBe(1e12 + 9);
    expect(table.liveRows).toBe(31);
  });

  it('comes back with the same free rows, from images in any order', () => {
    const options = { rowsPerPage: 4, pagesPerSlab: 2 };
    const table = new PagedTable(columns, options);
    const saved = new Map<number, Uint8Array | null>();
    const save = () => {
      for (const [page, image] of table.takeDirty())
        saved.set(page, image && Uint8Array.from(image));
    };
    fill(table, 42);
    save();
    for (const row of [1, 8, 9, 10, 11, 13, 40, 41]) table.release(row);
    save();
    expect(saved.get(2)).toBeNull();
    expect(saved.get(10)).toBeNull();
    for (const pages of [[...saved], [...saved].reverse()]) {
      const restored = new PagedTable(columns, options);
      for (const [page, image] of pages) restored.readPage(page, image);
      expect([restored.rowCount, restored.liveRows]).toEqual([table.rowCount, table.liveRows]);
      const next = Array.from({ length: 8 }, () => restored.allocate());
      expect(next).toEqual([1, 8, 9, 10, 11, 13, 40, 41]);
    }
  });

  it('forgets a page whose removal comes after an older image of it', () => {
    const table = new PagedTable(columns, { rowsPerPage: 4, pagesPerSlab: 2 });
    fill(table, 12);
    const restored = new PagedTable(columns, { rowsPerPage: 4, pagesPerSlab: 2 });
    for (const [page, image] of table.takeDirty()) restored.readPage(page, image);
    restored.readPage(1, null);
    restored.readPage(9, null);
    expect([restored.rowCount, restored.liveRows]).toEqual([12, 8]);
    expect(restored.allocate()).toBe(4);
    const base = restored.column('base');
    expect(base.view(4)[base.index(4)]).toBe(0);
    restored.readPage(2, null);
    expect(restored.rowCount).toBe(5);
  });

  it('keeps the mark of what changes while pages are taken', () => {
    const table = new PagedTable(columns, { rowsPerPage: 4, pagesPerSlab: 2 });
    fill(table, 12);
    const taking = table.takeDirty();
    expect([taking.next().value?.[0], taking.next().value?.[0]]).toEqual([0, 1]);
    table.touch(1);
    table.touch(5);
    table.touch(9);
    expect([...taking].map(([page]) => page)).toEqual([2]);
    expect([...table.takeDirty()].map(([page]) => page)).toEqual([0, 1]);
    expect([...table.takeDirty()]).toEqual([]);
  });

  it('refuses a page of another layout', () => {
    const table = new PagedTable(columns);
    fill(table, 1);
    const other = new PagedTable([...columns, { name: 'more', type: 'f64' }]);
    for (const [page, image] of table.takeDirty()) {
      expect(() => other.readPage(page, image)).toThrowError(
        expect.objectContaining({ code: 'STATE_LAYOUT' }),
      );
    }
  });
});
