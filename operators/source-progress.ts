/**
 * Remembers the highest raw offset taken in, per raw partition, so that a repeated delivery leaves no trace in state.
 *
 * A batch holds runs of several raw records; all of a raw record’s runs for one partition are in one batch. So a run
 * counts as a repeat by what was taken before its batch, and `endBatch` makes the batch’s own offsets count.
 */
export class SourceProgress {
  readonly #taken = new Map<number, number>();
  readonly #batch = new Map<number, number>();
  #dirty = false;

  /** Whether the raw record was taken in before; if not, it counts as taken from the end of this batch on. */
  isRepeat(partition: number, offset: number): boolean {
    if (offset <= (this.#taken.get(partition) ?? -1)) return true;
    if (offset > (this.#batch.get(partition) ?? -1)) this.#batch.set(partition, offset);
    return false;
  }

  endBatch(): void {
    if (this.#batch.size === 0) return;
    for (const [partition, offset] of this.#batch) this.#taken.set(partition, offset);
    this.#batch.clear();
    this.#dirty = true;
  }

  /** The state to save if it changed since the last call. */
  save(): Uint8Array | undefined {
    if (!this.#dirty) return undefined;
    this.#dirty = false;
    return Buffer.from(JSON.stringify([...this.#taken]));
  }

  restore(bytes: Uint8Array): void {
    const entries = JSON.parse(Buffer.from(bytes).toString()) as [number, number][];
    for (const [partition, offset] of entries) this.#taken.set(partition, offset);
  }
}
