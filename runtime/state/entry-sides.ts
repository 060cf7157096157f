/** Entries of a block, and the bytes that they take at two bits each. */
const BLOCK_ENTRIES = 4096;
const BLOCK_BYTES = BLOCK_ENTRIES / 4;

/**
 * Keeps a side, 0 or 1, for each of many entries.
 *
 * Pages and chunks are numbered: where a name ends with a slash and a number, as nearly all do, it takes two bits in a
 * block of its neighbours, where a map takes some 70 bytes.
 */
export class EntrySides {
  /** By name up to the slash and number of the block; per entry 0 for none, else side + 1. */
  readonly #blocks = new Map<string, Uint8Array>();
  readonly #others = new Map<string, number>();

  /** Returns the side of an entry, or undefined. */
  get(name: string): number | undefined {
    const number = numberOf(name);
    if (number < 0) return this.#others.get(name);
    const bytes = this.#blocks.get(blockOf(name, number));
    const at = number % BLOCK_ENTRIES;
    const bits = ((bytes?.[at >>> 2] ?? 0) >>> (2 * (at & 3))) & 3;
    return bits === 0 ? undefined : bits - 1;
  }

  set(name: string, side: number): void {
    const number = numberOf(name);
    if (number < 0) this.#others.set(name, side);
    else this.#put(name, number, side + 1);
  }

  delete(name: string): void {
    const number = numberOf(name);
    if (number < 0) this.#others.delete(name);
    else if (this.#blocks.has(blockOf(name, number))) this.#put(name, number, 0);
  }

  /** Takes the sides of all entries that `other` has. */
  assign(other: EntrySides): void {
    for (const [name, side] of other.#others) this.#others.set(name, side);
    for (const [key, from] of other.#blocks) {
      const to = this.#blocks.get(key) ?? new Uint8Array(BLOCK_BYTES);
      this.#blocks.set(key, to);
      from.forEach((bits, i) => {
        const mask = ((bits | (bits >>> 1)) & 0x55) * 3;
        to[i] = ((to[i] as number) & ~mask) | bits;
      });
    }
  }

  #put(name: string, number: number, bits: number): void {
    const key = blockOf(name, number);
    const bytes = this.#blocks.get(key) ?? new Uint8Array(BLOCK_BYTES);
    this.#blocks.set(key, bytes);
    const at = number % BLOCK_ENTRIES;
    const shift = 2 * (at & 3);
    bytes[at >>> 2] = ((bytes[at >>> 2] as number) & ~(3 << shift)) | (bits << shift);
  }
}

/** Number at the end of a name, or -1; one that is written in another way than numbers are is none. */
function numberOf(name: string): number {
  const digits = name.slice(name.lastIndexOf('/') + 1);
  const number = Number(digits);
  const isPlain = Number.isSafeInteger(number) && number >= 0 && String(number) === digits;
  return isPlain && digits.length < name.length ? number : -1;
}

function blockOf(name: string, number: number): string {
  const slash = name.lastIndexOf('/');
  return `${name.slice(0, slash + 1)}${Math.floor(number / BLOCK_ENTRIES)}`;
}
