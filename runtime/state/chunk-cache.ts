import { PipelineError } from '../errors.ts';

/** A place for bytes that need not lie in memory, such as a file. */
export interface Scratch {
  write(position: number, bytes: Uint8Array): void;
  /** Fills `into` from a position that was written. */
  read(position: number, into: Uint8Array): void;
}

/** How much of the chunks may lie in memory, and where the rest goes; without a scratch all do. */
export interface ChunkCacheOptions {
  readonly memoryBytes?: number | undefined;
  readonly scratch?: Scratch | undefined;
}

interface Chunk {
  readonly length: number;
  /** Absent while it lies in the scratch alone. */
  bytes: Uint8Array | undefined;
  /** Where it lies in the scratch, once it has been there. */
  position: number;
}

/**
 * Keeps numbered chunks of bytes, the ones changed lately in memory and the rest in a scratch.
 */
export class ChunkCache {
  readonly #memoryBytes: number;
  readonly #scratch: Scratch | undefined;
  readonly #chunks = new Map<number, Chunk>();
  /** Numbers of the chunks in memory, the one changed last at the end. */
  readonly #inMemory = new Set<number>();
  /** Places in the scratch that are free again, by length. */
  readonly #freed = new Map<number, number[]>();
  /** Bytes of the chunk of a length that left memory last: where chunks come and go, one takes the place of another. */
  readonly #spare = new Map<number, Uint8Array>();
  #heldBytes = 0;
  #scratchEnd = 0;

  constructor({ memoryBytes = Number.POSITIVE_INFINITY, scratch }: ChunkCacheOptions) {
    this.#memoryBytes = memoryBytes;
    this.#scratch = scratch;
  }

  /** Bytes in memory. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  has(number: number): boolean {
    return this.#chunks.has(number);
  }

  /** Returns zeros to put as a chunk. */
  blank(length: number): Uint8Array {
    const spare = this.#spare.get(length);
    this.#spare.delete(length);
    return spare?.fill(0) ?? new Uint8Array(length);
  }

  /** Takes a chunk in, the bytes themselves, in place of what was there. */
  put(number: number, bytes: Uint8Array): void {
    this.drop(number);
    this.#chunks.set(number, { length: bytes.length, bytes, position: -1 });
    this.#hold(number, bytes.length);
  }

  /** Returns a chunk to be changed; what is returned is good until the next call. */
  change(number: number): Uint8Array {
    const chunk = this.#chunk(number);
    if (chunk.bytes === undefined) {
      chunk.bytes = this.blank(chunk.length);
      this.#scratch?.read(chunk.position, chunk.bytes);
      this.#hold(number, chunk.length);
    } else if (this.#inMemory.delete(number)) this.#inMemory.add(number);
    return chunk.bytes;
  }

  /** Copies `into.length` bytes of a chunk from `at` on. */
  read(number: number, at: number, into: Uint8Array): void {
    const { bytes, position } = this.#chunk(number);
    if (bytes === undefined) this.#scratch?.read(position + at, into);
    else into.set(bytes.subarray(at, at + into.length));
  }

  drop(number: number): void {
    const chunk = this.#chunks.get(number);
    if (chunk === undefined) return;
    this.#chunks.delete(number);
    if (this.#inMemory.delete(number)) this.#heldBytes -= chunk.length;
    if (chunk.position < 0) return;
    const freed = this.#freed.get(chunk.length) ?? [];
    this.#freed.set(chunk.length, freed);
    freed.push(chunk.position);
  }

  #hold(number: number, length: number): void {
    this.#inMemory.add(number);
    this.#heldBytes += length;
    for (const oldest of this.#inMemory) {
      // The chunk just asked for stays: its bytes are about to be changed.
      if (this.#heldBytes <= this.#memoryBytes || oldest === number) return;
      this.#spill(oldest);
    }
  }

  #spill(number: number): void {
    const chunk = this.#chunk(number);
    if (this.#scratch === undefined || chunk.bytes === undefined) return;
    if (chunk.position < 0) chunk.position = this.#place(chunk.length);
    this.#scratch.write(chunk.position, chunk.bytes);
    this.#spare.set(chunk.length, chunk.bytes);
    chunk.bytes = undefined;
    this.#inMemory.delete(number);
    this.#heldBytes -= chunk.length;
  }

  #place(length: number): number {
    const freed = this.#freed.get(length)?.pop();
    if (freed !== undefined) return freed;
    const position = this.#scratchEnd;
    this.#scratchEnd += length;
    return position;
  }

  #chunk(number: number): Chunk {
    const chunk = this.#chunks.get(number);
    if (chunk === undefined) throw new PipelineError('STATE_LAYOUT', `no chunk ${number}`);
    return chunk;
  }
}
