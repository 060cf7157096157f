/** Offsets that one block of the memory covers; it is saved as a whole. */
const BLOCK_OFFSETS = 4096;
/** Blocks remembered, about 10 MB; the oldest are forgotten above that. */
const MOST_BLOCKS = 20_000;
const LONGEST_NAME = 512;
/** As `deadLetter` makes it: topic, partition, offset, code. */
const NAME = /^(.+\/\d+)\/(\d+)\/([A-Z_]+)$/s;

/**
 * Remembers which dead letters were sent again, so that each is taken in once however often it is.
 *
 * A dead letter is named by the record it was made of and by its code, so copies of it, as a crash between writing
 * and committing makes them, count as one. Of a record with faults of several codes each code’s part is its own.
 * One bit a dead letter, in blocks by source partition, code and offset; state of the task.
 */
export class RedrivenRecords {
  readonly #blocks = new Map<string, Uint8Array>();
  readonly #changed = new Set<string>();
  #forgotten = 0;

  /**
   * Notes that the dead letter of this name came again.
   *
   * @returns `first`, `repeat`, or `unnamed` for a text that is no name of a dead letter: nothing is noted then.
   */
  take(name: string): 'first' | 'repeat' | 'unnamed' {
    const [, source, digits, code] = name.length > LONGEST_NAME ? [] : (NAME.exec(name) ?? []);
    const offset = Number(digits);
    if (source === undefined || !Number.isSafeInteger(offset)) return 'unnamed';
    const key = `${source}/${code}/${Math.floor(offset / BLOCK_OFFSETS)}`;
    const block = this.#block(key);
    const at = offset % BLOCK_OFFSETS;
    const bit = 1 << (at & 7);
    const byte = block[at >> 3] ?? 0;
    if ((byte & bit) !== 0) return 'repeat';
    block[at >> 3] = byte | bit;
    this.#changed.add(key);
    return 'first';
  }

  /** Blocks forgotten since the last call, because there were too many: what they noted could be taken in again. */
  takeForgotten(): number {
    const forgotten = this.#forgotten;
    this.#forgotten = 0;
    return forgotten;
  }

  /** Yields the blocks that changed by now, null for one that is gone; more may change between two. */
  *takeChanged(): Generator<readonly [key: string, block: Uint8Array | null]> {
    for (const key of [...this.#changed]) {
      this.#changed.delete(key);
      yield [key, this.#blocks.get(key) ?? null];
    }
  }

  restore(key: string, block: Uint8Array | null): void {
    if (block === null) this.#blocks.delete(key);
    else this.#blocks.set(key, Uint8Array.from(block));
  }

  #block(key: string): Uint8Array {
    const known = this.#blocks.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size >= MOST_BLOCKS && oldest !== undefined) {
      this.#blocks.delete(oldest);
      this.#changed.add(oldest);
      this.#forgotten += 1;
    }
    const created = new Uint8Array(BLOCK_OFFSETS / 8);
    this.#blocks.set(key, created);
    return created;
  }
}
