import { xxh64 } from '../../schemas/canonical-bytes.ts';
import type { RawHead } from './raw-points.ts';

/** Bytes from the front of a record by which heads are looked up; a hash of the whole head is compared then. */
const KEY_BYTES = 256;
/** Heads that begin alike; producers that share more than this are decoded each time. */
const ALIKE = 8;
/** What a head takes beside its series, in series. */
const HEAD_SERIES = 16;
const KEY_SEED = 0n;
const HEAD_SEED = 5n;

/** A head by what it is known again: its length in bytes, frame included, and its hash. */
export interface KnownHead {
  readonly bytes: number;
  readonly hash: bigint;
  readonly head: RawHead;
}

/**
 * Remembers the heads of packed records: the dictionary and series that a producer sends again and again, byte for byte.
 *
 * A record that begins with a known head need not have it decoded. Of a head its hashes are kept, XXH64 as of every
 * series’ id, and what was found out about its series: some 14 bytes a series. Two generations of at most half the limit
 * each: when the young one is full it becomes the old one, and the old one is forgotten; what was used in between survives.
 */
export class KnownHeads {
  readonly #half: number;
  #weight = 0;
  #young = new Map<bigint, KnownHead[]>();
  #old = new Map<bigint, KnownHead[]>();

  /** @param limit series that the remembered heads may have in all. */
  constructor(limit: number) {
    this.#half = Math.max(1, Math.floor(limit / 2));
  }

  /** Returns the head that a record begins with. */
  find(record: Buffer): KnownHead | undefined {
    if (this.#young.size === 0 && this.#old.size === 0) return undefined;
    const key = xxh64(record.subarray(0, KEY_BYTES), KEY_SEED);
    const young = among(this.#young.get(key), record);
    if (young !== undefined) return young;
    const old = among(this.#old.get(key), record);
    if (old !== undefined) this.#put(key, old);
    return old;
  }

  /** Remembers the head that makes up the first `bytes` of a record. */
  put(record: Buffer, bytes: number, { tenant, backfill, places }: RawHead): void {
    // The key would hold points too and never be found again.
    if (bytes < KEY_BYTES) return;
    const hash = xxh64(record.subarray(0, bytes), HEAD_SEED);
    const known = { bytes, hash, head: { tenant, backfill, places } };
    this.#put(xxh64(record.subarray(0, KEY_BYTES), KEY_SEED), known);
  }

  #put(key: bigint, known: KnownHead): void {
    const weight = HEAD_SERIES + known.head.places.series;
    if (weight > this.#half) return;
    if (this.#weight + weight > this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#weight = 0;
    }
    const alike = this.#young.get(key) ?? [];
    if (alike.length >= ALIKE) return;
    known.head.places.keep();
    alike.push(known);
    this.#young.set(key, alike);
    this.#weight += weight;
  }
}

function among(heads: readonly KnownHead[] | undefined, record: Buffer): KnownHead | undefined {
  let hashed = 0;
  let hash = 0n;
  return heads?.find((known) => {
    if (known.bytes > record.length) return false;
    if (known.bytes !== hashed) {
      hashed = known.bytes;
      hash = xxh64(record.subarray(0, hashed), HEAD_SEED);
    }
    return known.hash === hash;
  });
}
