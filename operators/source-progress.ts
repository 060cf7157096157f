/**
 * Remembers the highest raw offset taken in, per tenant and raw partition, so that a repeated delivery leaves no trace
 * in state.
 *
 * A batch holds runs of several raw records of one tenant; all of a raw record’s runs for one partition are in one batch.
 * So a run counts as a repeat by what was taken before its batch, and `endBatch` makes the batch’s own offsets count.
 * Per tenant, because the tenants of a raw partition are packed apart: the batch of one may hold offsets on both sides
 * of another’s.
 */
export class SourceProgress {
  readonly #taken = new Map<string, Map<number, number>>();
  readonly #batch = new Map<number, number>();
  #tenant = '';
  #dirty = false;
  /** The raw record asked about last, and the answer: its runs stand one after another. */
  #lastPartition = -1;
  #lastOffset = -1;
  #lastRepeat = false;

  /** Turns to the batch of a tenant. */
  startBatch(tenant: string): void {
    this.#tenant = tenant;
    this.#lastPartition = -1;
  }

  /** Whether the raw record was taken in before; if not, it counts as taken from the end of this batch on. */
  isRepeat(partition: number, offset: number): boolean {
    if (partition !== this.#lastPartition || offset !== this.#lastOffset) {
      this.#lastRepeat = this.#ask(partition, offset);
      this.#lastPartition = partition;
      this.#lastOffset = offset;
    }
    return this.#lastRepeat;
  }

  #ask(partition: number, offset: number): boolean {
    if (offset <= (this.#taken.get(this.#tenant)?.get(partition) ?? -1)) return true;
    if (offset > (this.#batch.get(partition) ?? -1)) this.#batch.set(partition, offset);
    return false;
  }

  endBatch(): void {
    this.#lastPartition = -1;
    if (this.#batch.size === 0) return;
    const taken = this.#takenOf(this.#tenant);
    for (const [partition, offset] of this.#batch) taken.set(partition, offset);
    this.#batch.clear();
    this.#dirty = true;
  }

  /** The state to save if it changed since the last call. */
  save(): Uint8Array | undefined {
    if (!this.#dirty) return undefined;
    this.#dirty = false;
    const entries = Array.from(this.#taken, ([tenant, offsets]) => [tenant, [...offsets]]);
    return Buffer.from(JSON.stringify(entries));
  }

  restore(bytes: Uint8Array): void {
    const saved = JSON.parse(Buffer.from(bytes).toString()) as [string, [number, number][]][];
    for (const [tenant, offsets] of saved) this.#taken.set(tenant, new Map(offsets));
  }

  #takenOf(tenant: string): Map<number, number> {
    const known = this.#taken.get(tenant);
    if (known !== undefined) return known;
    const created = new Map<number, number>();
    this.#taken.set(tenant, created);
    return created;
  }
}
