/** Smallest buffer that is lent. */
const LEAST_BYTES = 64 * 1024;

/**
 * Lends shared buffers and takes them back.
 *
 * Shared memory is not counted by the garbage collector of either thread, so throwing buffers away would let memory
 * grow long before anything is collected. Sizes are powers of two; at most `keptBytes` are kept idle.
 */
export class SlotPool {
  readonly #keptBytes: number;
  readonly #idle = new Map<number, SharedArrayBuffer[]>();
  #idleBytes = 0;

  constructor(keptBytes: number) {
    this.#keptBytes = keptBytes;
  }

  /** Lends a buffer of at least so many bytes, with whatever its last user left in it. */
  take(bytes: number): SharedArrayBuffer {
    const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, LEAST_BYTES)));
    const buffer = this.#idle.get(size)?.pop();
    if (buffer === undefined) return new SharedArrayBuffer(size);
    this.#idleBytes -= size;
    return buffer;
  }

  /** Takes a buffer back. Nobody may read it any more. */
  giveBack(buffer: SharedArrayBuffer): void {
    const size = buffer.byteLength;
    if (this.#idleBytes + size > this.#keptBytes) return;
    let buffers = this.#idle.get(size);
    if (buffers === undefined) {
      buffers = [];
      this.#idle.set(size, buffers);
    }
    buffers.push(buffer);
    this.#idleBytes += size;
  }
}
