import { PipelineError } from '../errors.ts';
import { ChunkCache, type ChunkCacheOptions } from './chunk-cache.ts';
import { FreeRows } from './free-rows.ts';

/** Size of a chunk, the unit of saving; one that a single text fills may be larger. */
const CHUNK_BYTES = 64 * 1024;
/** A cell begins with its text’s length plus 1, u32; 0 means that it is free. */
const PREFIX_BYTES = 4;
const SMALLEST_CELL = 32;
const CELL_GROWTH = 1.25;
const SIZES = 64;
/** A place is size × this + cell. */
const CELLS = 2 ** 26;

/**
 * Keeps byte strings off the heap, and beyond a limit out of memory, in chunks that are saved like pages.
 *
 * A string lies in a cell of the least of 64 sizes that holds it, each a quarter larger than the one before; its place
 * is a u32 for a column. A removed string’s cell is used again, the lowest first, so that places depend on what is held
 * and not on how it came to be.
 */
export class TextStore {
  readonly #chunks: ChunkCache;
  readonly #pools = Array.from({ length: SIZES }, (_, size) => new CellPool(size));
  readonly #dirty = new Set<number>();
  /** The chunk that was taken out last. */
  #image = new Uint8Array(0);

  constructor(options: ChunkCacheOptions = {}) {
    this.#chunks = new ChunkCache(options);
  }

  /** Bytes held in memory. */
  get heldBytes(): number {
    return this.#chunks.heldBytes;
  }

  /** Takes in a copy and returns its place. */
  add(text: Uint8Array): number {
    const pool = this.#pools.find(({ cellBytes }) => cellBytes >= PREFIX_BYTES + text.length);
    if (pool === undefined) throw new PipelineError('STATE_LAYOUT', `text of ${text.length} bytes`);
    const cell = pool.take();
    const number = pool.chunkOf(cell);
    if (!this.#chunks.has(number)) this.#chunks.put(number, this.#chunks.blank(pool.chunkBytes));
    const chunk = this.#chunks.change(number);
    const at = pool.offsetOf(cell);
    viewOf(chunk).setUint32(at, text.length + 1, true);
    chunk.set(text, at + PREFIX_BYTES);
    chunk.fill(0, at + PREFIX_BYTES + text.length, at + pool.cellBytes);
    this.#dirty.add(number);
    return pool.size * CELLS + cell;
  }

  /** Reads a copy of the text at a place that `add` returned. */
  get(place: number): Buffer {
    const { number, at } = this.#locate(place);
    const prefix = new Uint8Array(PREFIX_BYTES);
    this.#chunks.read(number, at, prefix);
    const length = viewOf(prefix).getUint32(0, true) - 1;
    if (length < 0) throw new PipelineError('STATE_LAYOUT', `no text at ${place}`);
    const text = Buffer.allocUnsafe(length);
    this.#chunks.read(number, at + PREFIX_BYTES, text);
    return text;
  }

  /** Forgets the text at a place. */
  remove(place: number): void {
    const { pool, number, at, cell } = this.#locate(place);
    viewOf(this.#chunks.change(number)).setUint32(at, 0, true);
    pool.give(cell);
    this.#dirty.add(number);
  }

  /**
   * Yields every chunk changed by now, cells in use only, null for one without any; its bytes are good until the next is
   * asked for. A chunk’s mark goes with its bytes: texts may come and go between two chunks, and what is not yielded stays
   * marked.
   */
  *takeDirty(): Generator<readonly [chunk: number, bytes: Uint8Array | null]> {
    for (const number of [...this.#dirty]) {
      this.#dirty.delete(number);
      const used = this.#poolOf(number).usedBytes(number);
      if (used > this.#image.length) this.#image = new Uint8Array(Math.max(used, CHUNK_BYTES));
      const bytes = used === 0 ? null : this.#image.subarray(0, used);
      if (bytes === null) this.#chunks.drop(number);
      else this.#chunks.read(number, 0, bytes);
      yield [number, bytes];
    }
  }

  /** Puts a saved chunk back, null for one without cells in use. */
  readChunk(number: number, saved: Uint8Array | null): void {
    const pool = this.#poolOf(number);
    if (saved === null) {
      pool.restore(number, () => false);
      return this.#chunks.drop(number);
    }
    const bytes = this.#chunks.blank(pool.chunkBytes);
    bytes.set(saved);
    const view = viewOf(bytes);
    pool.restore(number, (at) => view.getUint32(at, true) !== 0);
    this.#chunks.put(number, bytes);
  }

  #locate(place: number) {
    const cell = place % CELLS;
    const pool = this.#pools[Math.floor(place / CELLS)] as CellPool;
    return { pool, cell, number: pool.chunkOf(cell), at: pool.offsetOf(cell) };
  }

  #poolOf(chunk: number): CellPool {
    return this.#pools[Math.floor(chunk / CELLS)] as CellPool;
  }
}

/** The cells of one size: which are free, and in which chunk each lies. */
class CellPool {
  readonly size: number;
  readonly cellBytes: number;
  readonly #perChunk: number;
  readonly #free = new FreeRows();
  #cells = 0;

  constructor(size: number) {
    this.size = size;
    this.cellBytes = (Math.ceil(SMALLEST_CELL * CELL_GROWTH ** size) + 7) & ~7;
    this.#perChunk = Math.max(1, Math.floor(CHUNK_BYTES / this.cellBytes));
  }

  get chunkBytes(): number {
    return this.#perChunk * this.cellBytes;
  }

  chunkOf(cell: number): number {
    return this.size * CELLS + Math.floor(cell / this.#perChunk);
  }

  offsetOf(cell: number): number {
    return (cell % this.#perChunk) * this.cellBytes;
  }

  take(): number {
    const free = this.#free.take();
    return free >= 0 ? free : this.#cells++;
  }

  give(cell: number): void {
    this.#free.add(cell);
    this.#trim();
  }

  /** Bytes of a chunk up to its last cell in use. */
  usedBytes(chunk: number): number {
    const first = this.#firstOf(chunk);
    let last = Math.min(first + this.#perChunk, this.#cells) - 1;
    while (last >= first && this.#free.has(last)) last -= 1;
    return Math.max(0, last + 1 - first) * this.cellBytes;
  }

  restore(chunk: number, isUsed: (at: number) => boolean): void {
    const first = this.#firstOf(chunk);
    for (; this.#cells < first + this.#perChunk; this.#cells++) this.#free.add(this.#cells);
    for (let cell = first; cell < first + this.#perChunk; cell++) {
      if (isUsed(this.offsetOf(cell))) this.#free.remove(cell);
      else this.#free.add(cell);
    }
    this.#trim();
  }

  #firstOf(chunk: number): number {
    return (chunk - this.size * CELLS) * this.#perChunk;
  }

  #trim(): void {
    while (this.#cells > 0 && this.#free.has(this.#cells - 1)) {
      this.#cells -= 1;
      this.#free.remove(this.#cells);
    }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
