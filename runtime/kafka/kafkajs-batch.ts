import type { FetchedRecord, RecordHeaders } from '../transport.ts';
import { codecOf } from './kafkajs-internals.ts';
import type { StoredBatch } from './wire-node.ts';

/** Bytes of a batch before its records. */
export const batchHeadBytes = 61;

const logAppendTime = 0x08;
const transactional = 0x10;
const control = 0x20;
const noHeaders: RecordHeaders = Object.freeze({});
const noBytes = Buffer.alloc(0);

/**
 * Reads one whole record batch of format 2, of which keys, values and header values stay views where it is not compressed.
 *
 * kafkajs’s own reader copies the headers read so far for each further one: a record of 60 KB with 8,000 headers held the
 * main thread for a minute. Here the time is linear in the bytes.
 *
 * @param batch exactly the bytes of the batch.
 * @throws RangeError when lengths within it lead beyond its end; what the codec throws for bytes that it cannot read.
 */
export async function readStoredBatch(batch: Buffer): Promise<StoredBatch> {
  const attributes = batch.readInt16BE(21);
  const firstOffset = Number(batch.readBigInt64BE(0));
  const firstMs = Number(batch.readBigInt64BE(27));
  const maxMs = Number(batch.readBigInt64BE(35));
  const count = batch.readInt32BE(57);
  const stored = batch.subarray(batchHeadBytes);
  const codec = codecOf(attributes);
  const plain = codec === null || count <= 0 ? stored : await codec.decompress(stored);
  const reader = new RecordReader(plain);
  const records: FetchedRecord[] = [];
  for (let i = 0; i < count; i++) {
    const { offsetDelta, timeDelta, ...record } = reader.record();
    const timestampMs = (attributes & logAppendTime) > 0 ? maxMs : firstMs + timeDelta;
    records.push({ ...record, offset: firstOffset + offsetDelta, timestampMs });
  }
  return {
    firstOffset,
    endOffset: firstOffset + batch.readInt32BE(23) + 1,
    producerId: batch.readBigInt64BE(43),
    transactional: (attributes & transactional) > 0,
    control: (attributes & control) > 0,
    records,
  };
}

interface RawRecord {
  readonly offsetDelta: number;
  readonly timeDelta: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
}

/** Reads records one after another. */
class RecordReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  record(): RawRecord {
    const length = this.#varint();
    const end = this.#at + length;
    this.#at += 1; // attributes: none are defined
    const timeDelta = this.#varint();
    const offsetDelta = this.#varint();
    const key = this.#nullable();
    const value = this.#nullable();
    const headers = this.#headers();
    if (this.#at !== end) throw new RangeError('a record does not end where its length says');
    return { offsetDelta, timeDelta, key, value, headers };
  }

  /** Kafka allows a header name twice and a null value; the last one counts, and null becomes no bytes. */
  #headers(): RecordHeaders {
    const count = this.#varint();
    if (count <= 0) return noHeaders;
    // Without a prototype, for a header may be named as one.
    const headers = Object.create(null) as Record<string, Buffer>;
    for (let i = 0; i < count; i++) {
      const name = this.#nullable()?.toString() ?? '';
      headers[name] = this.#nullable() ?? noBytes;
    }
    return headers;
  }

  #nullable(): Buffer | null {
    const length = this.#varint();
    if (length < 0) return null;
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new RangeError('a field ends behind its batch');
    return this.#bytes.subarray(start, this.#at);
  }

  /** A zigzag varint of up to 64 bits; beyond 2^53 it is rounded. */
  #varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new RangeError('a number ends behind its batch');
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
