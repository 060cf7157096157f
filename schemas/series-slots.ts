const FIRST_CAPACITY = 64;

/**
 * Gives each 64-bit id of a batch a slot, counted from 0 in order of first appearance.
 *
 * Open addressing over the two halves of the id, which are hashes already; no BigInt, no string.
 */
export class SeriesSlots {
  #low = new Uint32Array(FIRST_CAPACITY);
  #high = new Uint32Array(FIRST_CAPACITY);
  /** Slot plus one at each place of the table; 0 is free. */
  #table = new Uint32Array(2 * FIRST_CAPACITY);
  #count = 0;

  /** Slots given out. */
  get count(): number {
    return this.#count;
  }

  /** Takes all slots back and keeps the memory. */
  reset(): void {
    this.#table.fill(0);
    this.#count = 0;
  }

  /** Returns the slot of an id, the newest if it has several, giving it the next one when it has none. */
  slotOf(low: number, high: number): number {
    const place = this.#placeOf(low, high);
    const entry = this.#table[place] ?? 0;
    return entry === 0 ? this.#add(low, high, place) : entry - 1;
  }

  /** Gives an id the next slot, also when it has one. */
  anotherSlot(low: number, high: number): number {
    return this.#add(low, high, this.#placeOf(low, high));
  }

  /** Writes the ids in order of slot, 8 bytes big-endian each. */
  idBytes(): Uint8Array {
    const bytes = new Uint8Array(8 * this.#count);
    const view = new DataView(bytes.buffer);
    for (let slot = 0; slot < this.#count; slot++) {
      view.setUint32(8 * slot, this.#high[slot] ?? 0);
      view.setUint32(8 * slot + 4, this.#low[slot] ?? 0);
    }
    return bytes;
  }

  /** Place of an id in the table, or the free one where it belongs. */
  #placeOf(low: number, high: number): number {
    const mask = this.#table.length - 1;
    let place = low & mask;
    for (let entry = this.#table[place] ?? 0; entry !== 0; entry = this.#table[place] ?? 0) {
      if (this.#low[entry - 1] === low && this.#high[entry - 1] === high) return place;
      place = (place + 1) & mask;
    }
    return place;
  }

  #add(low: number, high: number, place: number): number {
    const slot = this.#count++;
    if (slot >= this.#low.length) this.#grow(low, high);
    else this.#table[place] = slot + 1;
    this.#low[slot] = low;
    this.#high[slot] = high;
    return slot;
  }

  #grow(low: number, high: number): void {
    const capacity = 2 * this.#low.length;
    this.#low = widened(this.#low, capacity);
    this.#high = widened(this.#high, capacity);
    this.#low[this.#count - 1] = low;
    this.#high[this.#count - 1] = high;
    this.#table = new Uint32Array(2 * capacity);
    const mask = this.#table.length - 1;
    // Downwards, so that of an id with several slots the newest is found first.
    for (let slot = this.#count - 1; slot >= 0; slot--) {
      let place = (this.#low[slot] ?? 0) & mask;
      while (this.#table[place] !== 0) place = (place + 1) & mask;
      this.#table[place] = slot + 1;
    }
  }
}

function widened(column: Uint32Array, capacity: number): Uint32Array<ArrayBuffer> {
  const wider = new Uint32Array(capacity);
  wider.set(column);
  return wider;
}
