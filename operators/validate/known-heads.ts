import { xxh64 } from '../../schemas/canonical-bytes.ts';
import type { RawHead } from './raw-points.ts';

/** Bytes from the front of a record by which heads are looked up; the whole head is compared then. */
const KEY_BYTES = 256;
/** Heads that begin alike; producers that share more than this are decoded each time. */
const ALIKE = 8;
/** Bytes of a head that count for one series: long names make a head count for several. */
const SERIES_BYTES = 256;

/** A head with its encoding, frame included. */
export interface KnownHead {
  readonly bytes: Buffer;
  readonly head: RawHead;
}

/**
 * Remembers the heads of packed records: the dictionary and series that a producer sends again and again, byte for byte.
 *
 * A record that begins with a known head need not have it decoded. Two generations of at most half the limit each, as
 * in `RecentSeries`: what was used in between survives.
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
    const key = keyOf(record);
    const young = among(this.#young.get(key), record);
    if (young !== undefined) return young;
    const old = among(this.#old.get(key), record);
    if (old !== undefined) this.#put(key, old);
    return old;
  }

  /** Remembers the head that makes up the first `headBytes` of a record; copies them. */
  put(record: Buffer, headBytes: number, head: RawHead): void {
    // The key would hold points too and never be found again.
    if (headBytes < KEY_BYTES) return;
    const { tenant, backfill, series } = head;
    const bytes = Buffer.from(record.subarray(0, headBytes));
    this.#put(keyOf(record), { bytes, head: { tenant, backfill, series } });
  }

  #put(key: bigint, known: KnownHead): void {
    const weight = Math.max(known.head.series.length, known.bytes.length / SERIES_BYTES);
    if (weight > this.#half) return;
    if (this.#weight + weight > this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#weight = 0;
    }
    const alike = this.#young.get(key) ?? [];
    if (alike.length >= ALIKE) return;
    alike.push(known);
    this.#young.set(key, alike);
    this.#weight += weight;
  }
}

function keyOf(record: Buffer): bigint {
  return xxh64(record.subarray(0, KEY_BYTES), 0n);
}

function among(heads: readonly KnownHead[] | undefined, record: Buffer): KnownHead | undefined {
  return heads?.find(
    ({ bytes }) => bytes.length <= record.length && bytes.compare(record, 0, bytes.length) === 0,
  );
}
