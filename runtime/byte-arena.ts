import { PipelineError } from './errors.ts';

/** Size of a chunk: the unit of saving. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Keeps byte strings off the heap, append-only, in chunks that are saved like pages.
 *
 * A string’s position is a number for a column; strings may cross chunks. Nothing is freed: what it holds lives as long
 * as its series.
 */
export class ByteArena {
  readonly #chunks: Uint8Array[] = [];
  readonly #dirty = new Set<number>();
  #end = 0;

  /** Bytes held. */
  get byteLength(): number {
    return this.#end;
  }

  /** Appends a copy and returns its position. */
  append(bytes: Uint8Array): number {
    const position = this.#end;
    for (let done = 0; done < bytes.length; ) {
      const number = Math.floor(this.#end / CHUNK_BYTES);
      const at = this.#end % CHUNK_BYTES;
      const part = bytes.subarray(done, done + CHUNK_BYTES - at);
      this.#chunk(number).set(part, at);
      this.#dirty.add(number);
      this.#end += part.length;
      done += part.length;
    }
    return position;
  }

  /** Reads a copy of `length` bytes from a position that `append` returned. */
  read(position: number, length: number): Buffer {
    if (position + length > this.#end)
      throw new PipelineError('STATE_LAYOUT', `no bytes at ${position}`);
    const out = Buffer.allocUnsafe(length);
    for (let done = 0; done < length; ) {
      const at = (position + done) % CHUNK_BYTES;
      const chunk = this.#chunk(Math.floor((position + done) / CHUNK_BYTES));
      const part = chunk.subarray(at, Math.min(CHUNK_BYTES, at + length - done));
      out.set(part, done);
      done += part.length;
    }
    return out;
  }

  /** Hands every changed chunk to `write`, used bytes only, and forgets the marks. */
  writeDirty(write: (chunk: number, bytes: Uint8Array) => void): void {
    for (const number of this.#dirty) {
      const used = Math.min(CHUNK_BYTES, this.#end - number * CHUNK_BYTES);
      write(number, this.#chunk(number).slice(0, used));
    }
    this.#dirty.clear();
  }

  /** Puts a saved chunk back. */
  readChunk(number: number, bytes: Uint8Array): void {
    this.#chunk(number).set(bytes);
    this.#end = Math.max(this.#end, number * CHUNK_BYTES + bytes.length);
  }

  #chunk(number: number): Uint8Array {
    while (this.#chunks.length <= number)
      this.#chunks.push(new Uint8Array(new SharedArrayBuffer(CHUNK_BYTES)));
    return this.#chunks[number] as Uint8Array;
  }
}
