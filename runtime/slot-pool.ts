/** Smallest buffer that is lent. */
const MINIMUM_BYTES = 64 * 1024;
/** Buffers kept per size; more than a worker’s calls in flight are freed. */
const KEPT_PER_SIZE = 8;

/**
 * Lends shared buffers for slots, in powers of two, and takes them back for reuse.
 *
 * The caller gives back a buffer only when nothing reads it any more.
 */
export class SlotPool {
  readonly #free = new Map<number, SharedArrayBuffer[]>();

  acquire(atLeastBytes: number): SharedArrayBuffer {
    let size = MINIMUM_BYTES;
    while (size < atLeastBytes) size *= 2;
    return this.#free.get(size)?.pop() ?? new SharedArrayBuffer(size);
  }

  release(buffer: SharedArrayBuffer): void {
    const kept = this.#free.get(buffer.byteLength) ?? [];
    if (kept.length < KEPT_PER_SIZE) kept.push(buffer);
    this.#free.set(buffer.byteLength, kept);
  }
}
