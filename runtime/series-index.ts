import type { Column, PagedTable } from './paged-table.ts';

const MINIMUM_SLOTS = 1024;
const MAXIMUM_LOAD = 0.7;

/**
 * Finds the row of a 64-bit id by open addressing over the table’s own `idLow` and `idHigh` columns.
 *
 * Holds only row numbers (4 bytes a slot, 5.7–11.4 bytes a row), so the ids are stored once. Ids are hashes already,
 * so their low word is the probe’s start. Not saved: `rebuild` reads it off the restored table.
 */
export class SeriesIndex {
  readonly #table: PagedTable;
  readonly #low: Column;
  readonly #high: Column;
  #slots = new Uint32Array(MINIMUM_SLOTS);
  #used = 0;

  constructor(table: PagedTable) {
    this.#table = table;
    this.#low = table.column('idLow');
    this.#high = table.column('idHigh');
  }

  /** Returns the row of an id, or -1. */
  find(low: number, high: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const row = (this.#slots[slot] ?? 0) - 1;
      if (row < 0) return -1;
      if (this.#idIs(row, low, high)) return row;
    }
  }

  /** Allocates a row for an id that `find` did not find, writes the id into it, and returns it. */
  insert(low: number, high: number): number {
    const row = this.#table.allocate();
    this.#low.view(row)[this.#low.index(row)] = low;
    this.#high.view(row)[this.#high.index(row)] = high;
    this.#place(row, low);
    return row;
  }

  /** Builds the index anew from all rows of the table, after a restore. */
  rebuild(): void {
    this.#slots = new Uint32Array(MINIMUM_SLOTS);
    this.#used = 0;
    for (let row = 0; row < this.#table.rowCount; row++) {
      this.#place(row, this.#low.view(row)[this.#low.index(row)] ?? 0);
    }
  }

  #place(row: number, low: number): void {
    if (this.#used + 1 > this.#slots.length * MAXIMUM_LOAD) this.#grow();
    this.#put(row, low);
    this.#used += 1;
  }

  #put(row: number, low: number): void {
    const mask = this.#slots.length - 1;
    let slot = low & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = row + 1;
  }

  #grow(): void {
    const former = this.#slots;
    this.#slots = new Uint32Array(former.length * 2);
    for (const entry of former) {
      if (entry !== 0)
        this.#put(entry - 1, this.#low.view(entry - 1)[this.#low.index(entry - 1)] ?? 0);
    }
  }

  #idIs(row: number, low: number, high: number): boolean {
    return (
      this.#low.view(row)[this.#low.index(row)] === low &&
      this.#high.view(row)[this.#high.index(row)] === high
    );
  }
}
