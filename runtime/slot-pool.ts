/** Smallest buffer that is lent. */
const MINIMUM_BYTES = 64 * 1024;
/** Buffers kept per size; more than a worker’s calls in flight are freed. */
const KEPT_PER_SIZE = 8;
/** Bytes kept in all: a checkpoint of a large task needs a buffer as large as its state, and only now and then. */
const KEPT_BYTES = 256 * 1024 ** 2;

/**
 * Lends shared buffers for slots, in powers of two, and takes them back for reuse.
 *
 * The caller gives back a buffer only when nothing reads it any more. What is kept unused is bounded.
 */
export class SlotPool {
  readonly #free = new Map<number, SharedArrayBuffer[]>();
  #keptBytes = 0;

  /** Bytes of the buffers kept for reuse. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  acquire(atLeastBytes: number): SharedArrayBuffer {
    let size = MINIMUM_BYTES;
    while (size < atLeastBytes) size *= 2;
    const kept = this.#free.get(size)?.pop();
    if (kept === undefined) return new SharedArrayBuffer(size);
    this.#keptBytes -= size;
    return kept;
  }

  release(buffer: SharedArrayBuffer): void {
    const size = buffer.byteLength;
    const kept = this.#free.get(size) ?? [];
    if (kept.length >= KEPT_PER_SIZE || this.#keptBytes + size > KEPT_BYTES) return;
    kept.push(buffer);
    this.#keptBytes += size;
    this.#free.set(size, kept);
  }
}
