/**
 * Holds the free rows of a table as one bit each, and gives out the lowest first.
 *
 * Which row is given out depends on the set alone, never on the order in which rows became free, so a restored table
 * goes on like the one that was saved.
 */
export class FreeRows {
  #words = new Uint32Array(32);
  /** No free row lies in a word before this one. */
  #from = 0;
  #count = 0;

  /** How many rows are free. */
  get count(): number {
    return this.#count;
  }

  has(row: number): boolean {
    return ((this.#words[row >>> 5] ?? 0) & (1 << (row & 31))) !== 0;
  }

  add(row: number): void {
    const word = row >>> 5;
    if (word >= this.#words.length) this.#grow(word);
    const before = this.#words[word] as number;
    this.#words[word] = before | (1 << (row & 31));
    if (this.#words[word] === before) return;
    this.#count += 1;
    this.#from = Math.min(this.#from, word);
  }

  remove(row: number): void {
    if (!this.has(row)) return;
    this.#words[row >>> 5] = (this.#words[row >>> 5] as number) & ~(1 << (row & 31));
    this.#count -= 1;
  }

  /** Takes the lowest free row; -1 when there is none. */
  take(): number {
    if (this.#count === 0) return -1;
    while (this.#words[this.#from] === 0) this.#from += 1;
    const word = this.#words[this.#from] as number;
    const row = this.#from * 32 + 31 - Math.clz32(word & -word);
    this.remove(row);
    return row;
  }

  #grow(word: number): void {
    const words = new Uint32Array(2 ** Math.ceil(Math.log2(word + 1)));
    words.set(this.#words);
    this.#words = words;
  }
}
