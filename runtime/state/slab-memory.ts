import { type ColumnType, type ColumnView, columnTypes } from './column-type.ts';

/**
 * Size of a reservation. What malloc takes from the system by itself, and so neither puts between other buffers nor
 * fills with zeros, is larger than 32 MiB: its limit rises up to there.
 */
const RESERVED_BYTES = 64 * 1024 ** 2;
/** Slabs with a buffer of their own: a small table reserves nothing. */
const OWN_SLABS = 4;

/** A piece of shared memory that holds pages of a table. */
export interface Slab {
  readonly u8: Uint8Array<SharedArrayBuffer>;
  /** The slab as each of `columnTypes`: by number, since a look-up by name costs more than all else of an access. */
  readonly views: readonly ColumnView[];
}

/**
 * Gives a table its slabs, all of one size, in order: the first ones alone, further ones out of reservations.
 *
 * What lives as long as a table must not lie between buffers that come and go: these could not be given back to the system
 * when they are free, and memory grew by half as much again as the rows. Of a reservation only what was written to takes
 * memory. It is given back as a whole.
 */
export class SlabMemory {
  readonly #bytes: number;
  readonly #perReservation: number;
  readonly #reservations: SharedArrayBuffer[] = [];

  /** @param bytes size of a slab, a multiple of 8. */
  constructor(bytes: number) {
    this.#bytes = bytes;
    this.#perReservation = Math.max(1, Math.floor(RESERVED_BYTES / bytes));
  }

  /** Makes the slab of a number; one that was cut off must hold zeros by then. */
  slab(number: number): Slab {
    if (number < OWN_SLABS) return slabIn(new SharedArrayBuffer(this.#bytes), 0, this.#bytes);
    const place = number - OWN_SLABS;
    const reservation = Math.floor(place / this.#perReservation);
    this.#reservations[reservation] ??= new SharedArrayBuffer(this.#perReservation * this.#bytes);
    const at = (place % this.#perReservation) * this.#bytes;
    return slabIn(this.#reservations[reservation], at, this.#bytes);
  }

  /** Gives back what lies behind so many slabs. */
  cut(slabs: number): void {
    const needed = Math.ceil(Math.max(0, slabs - OWN_SLABS) / this.#perReservation);
    if (needed < this.#reservations.length) this.#reservations.length = needed;
  }
}

function slabIn(buffer: SharedArrayBuffer, at: number, bytes: number): Slab {
  const u8 = new Uint8Array(buffer, at, bytes);
  const byType: Readonly<Record<ColumnType, ColumnView>> = {
    f64: new Float64Array(buffer, at, Math.floor(bytes / 8)),
    f32: new Float32Array(buffer, at, Math.floor(bytes / 4)),
    u32: new Uint32Array(buffer, at, Math.floor(bytes / 4)),
    i32: new Int32Array(buffer, at, Math.floor(bytes / 4)),
    u16: new Uint16Array(buffer, at, Math.floor(bytes / 2)),
    i16: new Int16Array(buffer, at, Math.floor(bytes / 2)),
    u8,
    i8: new Int8Array(buffer, at, bytes),
  };
  return { u8, views: columnTypes.map((type) => byType[type]) };
}
