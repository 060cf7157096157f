import type { Column, PagedTable } from './paged-table.ts';

const MINIMUM_SLOTS = 1024;
const MAXIMUM_LOAD = 0.9;
/** Below this load the index is built anew, smaller. */
const MINIMUM_LOAD = 0.25;
const GROWTH = 1.25;
const WORD = 2 ** 32;

/**
 * Finds the row of a 64-bit id by open addressing over the table’s own `idLow` and `idHigh` columns.
 *
 * A slot is 4 bytes, 4.4–5.6 a row: the row in its low bits, and in those above as many bits of the id’s high word as
 * there is room for, so that a probe reads the table for the right row and hardly another. Ids are hashes already, so
 * their low word is the probe’s start. Not saved: `rebuild` reads it off the restored table.
 */
export class SeriesIndex {
  readonly #table: PagedTable;
  readonly #low: Column;
  readonly #high: Column;
  #slots = new Uint32Array(MINIMUM_SLOTS);
  #rowBits = bitsOf(MINIMUM_SLOTS);
  #rowMask = 2 ** this.#rowBits - 1;
  /** Slots per low word: spreads them evenly over any number of slots. */
  #scale = MINIMUM_SLOTS / WORD;
  #used = 0;

  constructor(table: PagedTable) {
    this.#table = table;
    this.#low = table.column('idLow');
    this.#high = table.column('idHigh');
  }

  /** Bytes held. */
  get byteLength(): number {
    return this.#slots.byteLength;
  }

  /** Returns the row of an id, or -1. */
  find(low: number, high: number): number {
    const slot = this.#slotOf(low, high);
    return slot < 0 ? -1 : this.#rowIn(slot);
  }

  /** Allocates a row for an id that `find` did not find, writes the id into it, and returns it. */
  insert(low: number, high: number): number {
    const row = this.#table.allocate();
    this.#low.view(row)[this.#low.index(row)] = low;
    this.#high.view(row)[this.#high.index(row)] = high;
    // A build takes in every row of the table, this one too.
    if (this.#used + 1 > this.#slots.length * MAXIMUM_LOAD || row >= this.#rowMask)
      this.#build(Math.ceil(this.#slots.length * GROWTH));
    else this.#put(row, low, high);
    return row;
  }

  /** Forgets the id of a row and releases the row. */
  remove(row: number): void {
    const low = this.#low.view(row)[this.#low.index(row)] as number;
    const high = this.#high.view(row)[this.#high.index(row)] as number;
    const slot = this.#slotOf(low, high);
    if (slot >= 0) this.#empty(slot);
    this.#table.release(row);
    const few = this.#used < this.#slots.length * MINIMUM_LOAD;
    if (few && this.#slots.length > MINIMUM_SLOTS) this.#build(this.#slots.length / 2);
  }

  /** Builds the index anew from all rows of the table in use, after a restore. */
  rebuild(): void {
    this.#build(0);
  }

  #slotOf(low: number, high: number): number {
    const slots = this.#slots;
    const rowBits = this.#rowBits;
    for (let slot = Math.floor(low * this.#scale); ; ) {
      const entry = slots[slot] as number;
      if (entry === 0) return -1;
      if ((entry ^ high) >>> rowBits === 0 && this.#idIs(this.#rowIn(slot), low, high)) return slot;
      if (++slot === slots.length) slot = 0;
    }
  }

  #build(atLeast: number): void {
    const { rowCount, liveRows } = this.#table;
    const size = Math.max(
      MINIMUM_SLOTS,
      Math.ceil(atLeast),
      Math.ceil(liveRows / MAXIMUM_LOAD) + 1,
    );
    this.#slots = new Uint32Array(size);
    this.#scale = size / WORD;
    this.#rowBits = bitsOf(Math.max(size, rowCount));
    this.#rowMask = 2 ** this.#rowBits - 1;
    this.#used = 0;
    for (let row = 0; row < rowCount; row++) {
      if (!this.#table.isLive(row)) continue;
      this.#put(
        row,
        this.#low.view(row)[this.#low.index(row)] as number,
        this.#high.view(row)[this.#high.index(row)] as number,
      );
    }
  }

  #put(row: number, low: number, high: number): void {
    const slots = this.#slots;
    let slot = Math.floor(low * this.#scale);
    while (slots[slot] !== 0) if (++slot === slots.length) slot = 0;
    slots[slot] = ((high >>> this.#rowBits) << this.#rowBits) | (row + 1);
    this.#used += 1;
  }

  /** Empties a slot; entries behind it move up where their way from home led over it. */
  #empty(slot: number): void {
    const slots = this.#slots;
    const size = slots.length;
    let hole = slot;
    for (let at = (slot + 1) % size; slots[at] !== 0; at = (at + 1) % size) {
      const row = this.#rowIn(at);
      const low = this.#low.view(row)[this.#low.index(row)] as number;
      const home = Math.floor(low * this.#scale);
      if ((at - home + size) % size < (at - hole + size) % size) continue;
      slots[hole] = slots[at] as number;
      hole = at;
    }
    slots[hole] = 0;
    this.#used -= 1;
  }

  #rowIn(slot: number): number {
    return ((this.#slots[slot] as number) & this.#rowMask) - 1;
  }

  #idIs(row: number, low: number, high: number): boolean {
    return (
      this.#low.view(row)[this.#low.index(row)] === low &&
      this.#high.view(row)[this.#high.index(row)] === high
    );
  }
}

/** Bits of a slot that hold a row’s number plus 1 when there are at most so many rows, with some to spare. */
function bitsOf(rows: number): number {
  return Math.min(31, Math.ceil(Math.log2(rows + 2)) + 1);
}
