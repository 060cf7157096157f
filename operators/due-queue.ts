interface Due {
  readonly dueMs: number;
  readonly key: string;
}

/**
 * Says what is due next, in order of (due time, key).
 *
 * A key is due at most once; scheduling it again replaces its time. The order depends on the pairs
 * held only, never on when they were scheduled, so it is the same after a restore. Cost: O(log n)
 * each, amortised.
 */
export class DueQueue {
  readonly #due = new Map<string, number>();
  #heap: Due[] = [];

  get size(): number {
    return this.#due.size;
  }

  schedule(key: string, dueMs: number): void {
    if (this.#due.get(key) === dueMs) return;
    this.#due.set(key, dueMs);
    this.#push({ dueMs, key });
    if (this.#heap.length > 2 * this.#due.size + 64) this.#rebuild();
  }

  cancel(key: string): void {
    this.#due.delete(key);
  }

  /** The next key and its time, or undefined when nothing is due. */
  peek(): Due | undefined {
    while (this.#heap[0] !== undefined && !this.#isCurrent(this.#heap[0])) this.#pop();
    return this.#heap[0];
  }

  /** Takes the next key out. */
  take(): Due | undefined {
    const next = this.peek();
    if (next === undefined) return undefined;
    this.#pop();
    this.#due.delete(next.key);
    return next;
  }

  #isCurrent(entry: Due): boolean {
    return this.#due.get(entry.key) === entry.dueMs;
  }

  #rebuild(): void {
    this.#heap = [...this.#due].map(([key, dueMs]) => ({ dueMs, key })).sort(compareDue);
  }

  #push(entry: Due): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Due;
      if (compareDue(above, entry) <= 0) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && compareDue(heap[child + 1] as Due, heap[child] as Due) < 0)
        child++;
      if (compareDue(last, heap[child] as Due) <= 0) break;
      heap[at] = heap[child] as Due;
      at = child;
    }
    heap[at] = last;
  }
}

function compareDue(a: Due, b: Due): number {
  if (a.dueMs !== b.dueMs) return a.dueMs - b.dueMs;
  if (a.key === b.key) return 0;
  return a.key < b.key ? -1 : 1;
}
