import type { RecordHeaders, TopicRecord } from './transport.ts';

/** Bytes of the fixed part of a record entry: topic, partition, offset, timestamp, then three lengths. */
const ENTRY_BYTES = 40;
const ABSENT = 0xffffffff;
/** Longest name of a header, bytes; a longer one is cut. Kafka has no limit, so somebody may send one. */
const MOST_NAME_BYTES = 0xffff;
const EMPTY_HEADERS: RecordHeaders = Object.freeze({});
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A record whose headers are in the slot’s own encoding: per header name length u16, value length u32, name, value. */
export interface EncodedRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headerBytes: Uint8Array;
  readonly timestampMs: number;
}

/**
 * Writes records one after another into shared memory, to cross threads without a clone.
 *
 * An entry is topic u32, partition u32, offset f64, timestamp f64, key length u32, value length u32, header bytes u32,
 * 4 bytes unused, then key, value and headers, padded to 8. Grows by taking a new buffer of at least twice the size:
 * read `buffer` only after the last `append`.
 */
export class SlotWriter {
  #buffer: SharedArrayBuffer;
  #bytes: Uint8Array;
  #view: DataView;
  #end = 0;
  #count = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.#buffer = buffer;
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }

  get buffer(): SharedArrayBuffer {
    return this.#buffer;
  }

  /** Bytes used so far. */
  get byteLength(): number {
    return this.#end;
  }

  /** Records written so far. */
  get count(): number {
    return this.#count;
  }

  append(topic: number, partition: number, offset: number, record: TopicRecord): void {
    const { key, value, timestampMs } = record;
    this.appendEncoded(topic, partition, offset, {
      key,
      value,
      timestampMs,
      headerBytes: encodeHeaders(record.headers),
    });
  }

  /** Appends a record whose headers are already in the slot’s own encoding, as `SlotReader.headerBytes` gives them. */
  appendEncoded(topic: number, partition: number, offset: number, record: EncodedRecord): void {
    const { key, value, headerBytes } = record;
    const keyLength = key === null ? 0 : key.length;
    const valueLength = value === null ? 0 : value.length;
    const size = ENTRY_BYTES + ((keyLength + valueLength + headerBytes.length + 7) & ~7);
    this.#reserve(size);
    const at = this.#end;
    const view = this.#view;
    view.setUint32(at, topic, true);
    view.setUint32(at + 4, partition, true);
    view.setFloat64(at + 8, offset, true);
    view.setFloat64(at + 16, record.timestampMs, true);
    view.setUint32(at + 24, key === null ? ABSENT : keyLength, true);
    view.setUint32(at + 28, value === null ? ABSENT : valueLength, true);
    view.setUint32(at + 32, headerBytes.length, true);
    let position = at + ENTRY_BYTES;
    if (key !== null) this.#bytes.set(key, position);
    position += keyLength;
    if (value !== null) this.#bytes.set(value, position);
    position += valueLength;
    if (headerBytes.length > 0) this.#bytes.set(headerBytes, position);
    this.#end = at + size;
    this.#count += 1;
  }

  #reserve(size: number): void {
    if (this.#end + size <= this.#buffer.byteLength) return;
    const larger = new SharedArrayBuffer(Math.max(this.#buffer.byteLength * 2, this.#end + size));
    const bytes = new Uint8Array(larger);
    bytes.set(this.#bytes.subarray(0, this.#end));
    this.#buffer = larger;
    this.#bytes = bytes;
    this.#view = new DataView(larger);
  }
}

/**
 * Reads the records of a slot in order; the byte views it returns are valid as long as the slot is not reused.
 *
 * Move with `next()`; the getters speak of the current record. `index` counts from 0.
 */
export class SlotReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #end: number;
  #at = 0;
  #next = 0;
  #index = -1;

  constructor(buffer: ArrayBufferLike, byteLength: number) {
    this.#bytes = Buffer.from(buffer, 0, byteLength);
    this.#view = new DataView(buffer, 0, byteLength);
    this.#end = byteLength;
  }

  /** Goes to the next record, or returns false at the end. */
  next(): boolean {
    if (this.#next >= this.#end) return false;
    this.#at = this.#next;
    this.#index += 1;
    const body = this.#keyLength + this.#valueLength + this.#view.getUint32(this.#at + 32, true);
    this.#next = this.#at + ENTRY_BYTES + ((body + 7) & ~7);
    return true;
  }

  /** Goes back before the first record. */
  rewind(): void {
    this.#next = 0;
    this.#index = -1;
  }

  get index(): number {
    return this.#index;
  }

  get topic(): number {
    return this.#view.getUint32(this.#at, true);
  }

  get partition(): number {
    return this.#view.getUint32(this.#at + 4, true);
  }

  get offset(): number {
    return this.#view.getFloat64(this.#at + 8, true);
  }

  get timestampMs(): number {
    return this.#view.getFloat64(this.#at + 16, true);
  }

  get key(): Buffer | null {
    if (this.#view.getUint32(this.#at + 24, true) === ABSENT) return null;
    const start = this.#at + ENTRY_BYTES;
    return this.#bytes.subarray(start, start + this.#keyLength);
  }

  get value(): Buffer | null {
    if (this.#view.getUint32(this.#at + 28, true) === ABSENT) return null;
    const start = this.#at + ENTRY_BYTES + this.#keyLength;
    return this.#bytes.subarray(start, start + this.#valueLength);
  }

  get headers(): RecordHeaders {
    const length = this.#view.getUint32(this.#at + 32, true);
    if (length === 0) return EMPTY_HEADERS;
    return decodeHeaders(
      this.#bytes,
      this.#at + ENTRY_BYTES + this.#keyLength + this.#valueLength,
      length,
    );
  }

  /** The headers as they are encoded in the slot, empty when there are none. */
  get headerBytes(): Buffer {
    const start = this.#at + ENTRY_BYTES + this.#keyLength + this.#valueLength;
    return this.#bytes.subarray(start, start + this.#view.getUint32(this.#at + 32, true));
  }

  get #keyLength(): number {
    const length = this.#view.getUint32(this.#at + 24, true);
    return length === ABSENT ? 0 : length;
  }

  get #valueLength(): number {
    const length = this.#view.getUint32(this.#at + 28, true);
    return length === ABSENT ? 0 : length;
  }
}

const NO_BYTES = new Uint8Array(0);

function encodeHeaders(headers: RecordHeaders): Uint8Array {
  let size = 0;
  const names: Uint8Array[] = [];
  for (const name in headers) {
    const bytes = encoder.encode(name).subarray(0, MOST_NAME_BYTES);
    names.push(bytes);
    size += 6 + bytes.length + (headers[name]?.length ?? 0);
  }
  if (names.length === 0) return NO_BYTES;
  const out = Buffer.alloc(size);
  let at = 0;
  let i = 0;
  for (const name in headers) {
    const nameBytes = names[i++] ?? NO_BYTES;
    const value = headers[name] ?? NO_BYTES;
    out.writeUInt16LE(nameBytes.length, at);
    out.writeUInt32LE(value.length, at + 2);
    out.set(nameBytes, at + 6);
    out.set(value, at + 6 + nameBytes.length);
    at += 6 + nameBytes.length + value.length;
  }
  return out;
}

function decodeHeaders(bytes: Buffer, start: number, length: number): RecordHeaders {
  // Without a prototype, for a header may be named as one.
  const headers = Object.create(null) as Record<string, Uint8Array>;
  const end = start + length;
  for (let at = start; at < end; ) {
    const nameLength = bytes.readUInt16LE(at);
    const valueLength = bytes.readUInt32LE(at + 2);
    const valueStart = at + 6 + nameLength;
    // TextDecoder refuses shared memory, so the few header bytes are copied.
    const name = decoder.decode(Uint8Array.prototype.slice.call(bytes, at + 6, valueStart));
    headers[name] = Uint8Array.prototype.slice.call(bytes, valueStart, valueStart + valueLength);
    at = valueStart + valueLength;
  }
  return headers;
}
