/**
 * Holds state by key and remembers which entries changed since they were last saved.
 *
 * Values are plain JSON. `touch` an entry after changing it in place. The order of iteration
 * differs after a restore: sort before anything that can be seen depends on it.
 */
export class KeyedState<V> {
  readonly #values = new Map<string, V>();
  readonly #changed = new Set<string>();

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    this.#values.set(key, value);
    this.#changed.add(key);
  }

  /** Marks an entry that was changed in place. */
  touch(key: string): void {
    this.#changed.add(key);
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#changed.add(key);
  }

  /** All entries, in no order that means anything. */
  entries(): IterableIterator<[string, V]> {
    return this.#values.entries();
  }

  /**
   * Yields the entries changed by now, as JSON text; null for one that is gone. An entry’s mark goes with its text:
   * values may change between two entries, and what is not yielded stays marked.
   */
  *takeChanged(prefix: string): IterableIterator<[key: string, value: string | null]> {
    for (const key of [...this.#changed].sort()) {
      this.#changed.delete(key);
      const value = this.#values.get(key);
      yield [prefix + key, value === undefined ? null : JSON.stringify(value)];
    }
  }

  /** Puts a saved entry back without marking it as changed; undefined removes it. */
  restore(key: string, value: V | undefined): void {
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
  }
}
