import { PipelineError } from '../errors.ts';
import { type ColumnType, type ColumnView, columnTypes, columnWidths } from './column-type.ts';
import { FreeRows } from './free-rows.ts';
import { PageImages } from './page-image.ts';
import { PageMarks } from './page-marks.ts';
import { type Slab, SlabMemory } from './slab-memory.ts';

/** A column of a table: `length` elements per row (default 1). */
export interface ColumnSpec {
  readonly name: string;
  readonly type: ColumnType;
  readonly length?: number;
}

/** Where a column’s elements are: element e of `row` is `view(row)[index(row) + e]`. */
export interface Column {
  view(row: number): ColumnView;
  index(row: number): number;
}

/** Sizes of a table; `rowsPerPage` and `pagesPerSlab` must be powers of two. */
export interface PagedTableOptions {
  readonly rowsPerPage?: number;
  readonly pagesPerSlab?: number;
}

/**
 * Holds rows of fixed-width columns in fixed slabs of shared memory, cut into pages.
 *
 * A page keeps each of its columns contiguous and the page itself is contiguous, so an image of it is one copy.
 * Fixed buffers are used because growable ones were measured 2.4 times slower; a slab is added when the last is full.
 * New rows are zero-filled. Rows are numbered from 0 and never move; a released one is given out again, the lowest
 * first, and slabs behind the last row in use are given back (of a large table, 64 MiB of them at a time).
 */
export class PagedTable {
  readonly pageBytes: number;
  readonly rowsPerPage: number;
  readonly #columns = new Map<string, PagedColumn>();
  readonly #slabs: Slab[] = [];
  readonly #memory: SlabMemory;
  readonly #pageShift: number;
  readonly #slabShift: number;
  readonly #pagesPerSlab: number;
  readonly #images: PageImages;
  readonly #dirty = new PageMarks();
  readonly #free = new FreeRows();
  #lastDirty = -1;
  #rowCount = 0;

  constructor(columns: readonly ColumnSpec[], options: PagedTableOptions = {}) {
    this.rowsPerPage = options.rowsPerPage ?? 64;
    this.#pagesPerSlab = options.pagesPerSlab ?? 64;
    this.#pageShift = Math.log2(this.rowsPerPage);
    this.#slabShift = this.#pageShift + Math.log2(this.#pagesPerSlab);
    if (!Number.isInteger(this.#pageShift) || !Number.isInteger(this.#slabShift)) {
      throw new PipelineError('STATE_LAYOUT', 'rowsPerPage and pagesPerSlab must be powers of two');
    }
    let offset = 0;
    // Widest first keeps every column aligned without padding between them.
    for (const spec of [...columns].sort((a, b) => columnWidths[b.type] - columnWidths[a.type])) {
      const length = spec.length ?? 1;
      this.#columns.set(
        spec.name,
        new PagedColumn(this.#slabs, this.#geometry(), spec.type, length, offset),
      );
      offset += columnWidths[spec.type] * length * this.rowsPerPage;
    }
    this.pageBytes = (offset + 7) & ~7;
    this.#memory = new SlabMemory(this.#pagesPerSlab * this.pageBytes);
    for (const column of this.#columns.values()) column.setPageBytes(this.pageBytes);
    const layout = columns
      .map(({ name, type, length = 1 }) => `${name}:${type}:${length};`)
      .join('');
    this.#images = new PageImages(layout, this.rowsPerPage, this.pageBytes);
  }

  /** Rows up to the last one in use, free ones among them. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /** Rows in use. */
  get liveRows(): number {
    return this.#rowCount - this.#free.count;
  }

  /** Bytes of shared memory held. */
  get byteLength(): number {
    return this.#slabs.length * this.#pagesPerSlab * this.pageBytes;
  }

  /** Returns the accessor of a column. @throws PipelineError `STATE_LAYOUT` (fate: stop) for an unknown name. */
  column(name: string): Column {
    const column = this.#columns.get(name);
    if (column === undefined) throw new PipelineError('STATE_LAYOUT', `no column ${name}`);
    return column;
  }

  /** Takes a row, zero-filled: the lowest free one, else the next; its page counts as changed. */
  allocate(): number {
    const free = this.#free.take();
    const row = free < 0 ? this.#rowCount : free;
    if (free < 0) {
      this.#reserve(row);
      this.#rowCount = row + 1;
    }
    this.touch(row);
    return row;
  }

  /** Gives a row back and fills it with zeros. */
  release(row: number): void {
    for (const column of this.#columns.values()) column.clear(row);
    this.touch(row);
    this.#free.add(row);
    this.#trim();
  }

  /** Whether a row is in use. */
  isLive(row: number): boolean {
    return row < this.#rowCount && !this.#free.has(row);
  }

  /** Marks the row’s page as changed since the last checkpoint. */
  touch(row: number): void {
    const page = row >>> this.#pageShift;
    if (page !== this.#lastDirty) this.#dirty.add(page);
    this.#lastDirty = page;
  }

  /**
   * Yields every page changed by now as an image, null for one without rows in use; an image is good until the next is
   * asked for. A page’s mark goes with its image: rows may change between two pages, and what is not yielded stays marked.
   */
  *takeDirty(): Generator<readonly [page: number, image: Uint8Array | null]> {
    for (const page of this.#dirty.marked()) {
      this.#dirty.delete(page);
      this.#lastDirty = -1;
      yield [page, this.#image(page)];
    }
  }

  /**
   * Puts a page image back, null for a page without rows in use; pages may come in any order and more than once.
   * @throws PipelineError `STATE_LAYOUT` (fate: stop) when the image has other columns than this table.
   */
  readPage(page: number, image: Uint8Array | null): void {
    const first = page * this.rowsPerPage;
    if (image === null) return this.#clearPage(page);
    const { rows, isFree, columns } = this.#images.read(page, image);
    this.#reserve(first);
    this.#pageView(page).set(columns);
    for (; this.#rowCount < first + rows; this.#rowCount++) this.#free.add(this.#rowCount);
    for (let row = 0; row < this.rowsPerPage; row++)
      this.#setFree(first + row, row >= rows || isFree(row));
    this.#trim();
  }

  #clearPage(page: number): void {
    const first = page * this.rowsPerPage;
    if (first >= this.#rowCount) return;
    this.#pageView(page).fill(0);
    for (let row = 0; row < this.rowsPerPage; row++) this.#setFree(first + row, true);
    this.#trim();
  }

  #image(page: number): Uint8Array | null {
    const first = page * this.rowsPerPage;
    const rows = Math.min(this.rowsPerPage, this.#rowCount - first);
    if (rows <= 0) return null;
    return this.#images.make(rows, (row) => this.#free.has(first + row), this.#pageView(page));
  }

  #setFree(row: number, free: boolean): void {
    if (free && row < this.#rowCount) this.#free.add(row);
    else this.#free.remove(row);
  }

  /** Forgets free rows at the end, and slabs behind them but one. */
  #trim(): void {
    while (this.#rowCount > 0 && this.#free.has(this.#rowCount - 1)) {
      this.#rowCount -= 1;
      this.#free.remove(this.#rowCount);
    }
    const needed = (Math.max(0, this.#rowCount - 1) >>> this.#slabShift) + 1;
    if (this.#slabs.length <= needed + 1) return;
    this.#slabs.length = needed + 1;
    this.#memory.cut(this.#slabs.length);
  }

  #pageView(page: number): Uint8Array {
    const slab = this.#slabs[Math.floor(page / this.#pagesPerSlab)];
    if (slab === undefined) throw new PipelineError('STATE_LAYOUT', `no page ${page}`);
    const at = (page % this.#pagesPerSlab) * this.pageBytes;
    return slab.u8.subarray(at, at + this.pageBytes);
  }

  #reserve(row: number): void {
    while (row >>> this.#slabShift >= this.#slabs.length) {
      this.#slabs.push(this.#memory.slab(this.#slabs.length));
    }
  }

  #geometry(): Geometry {
    return {
      pageShift: this.#pageShift,
      slabShift: this.#slabShift,
      rowsPerPage: this.rowsPerPage,
    };
  }
}

interface Geometry {
  readonly pageShift: number;
  readonly slabShift: number;
  readonly rowsPerPage: number;
}

class PagedColumn implements Column {
  readonly #slabs: readonly Slab[];
  readonly #type: ColumnType;
  readonly #kind: number;
  readonly #length: number;
  readonly #start: number;
  readonly #pageShift: number;
  readonly #slabShift: number;
  readonly #rowMask: number;
  readonly #slabMask: number;
  #pageElements = 0;

  constructor(
    slabs: readonly Slab[],
    geometry: Geometry,
    type: ColumnType,
    length: number,
    offset: number,
  ) {
    this.#slabs = slabs;
    this.#pageShift = geometry.pageShift;
    this.#slabShift = geometry.slabShift;
    this.#rowMask = geometry.rowsPerPage - 1;
    this.#slabMask = (1 << geometry.slabShift) - 1;
    this.#type = type;
    this.#kind = columnTypes.indexOf(type);
    this.#length = length;
    this.#start = offset / columnWidths[type];
  }

  setPageBytes(pageBytes: number): void {
    this.#pageElements = pageBytes / columnWidths[this.#type];
  }

  view(row: number): ColumnView {
    const slab = this.#slabs[row >>> this.#slabShift];
    if (slab === undefined) throw new PipelineError('STATE_LAYOUT', `no row ${row}`);
    return slab.views[this.#kind] as ColumnView;
  }

  clear(row: number): void {
    const at = this.index(row);
    this.view(row).fill(0, at, at + this.#length);
  }

  index(row: number): number {
    const page = (row & this.#slabMask) >>> this.#pageShift;
    return page * this.#pageElements + this.#start + (row & this.#rowMask) * this.#length;
  }
}
