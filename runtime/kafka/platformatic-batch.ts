import { CURRENT_RECORD_VERSION, compressionsAlgorithms, crc32c } from '@platformatic/kafka';
import type { TopicRecord } from '../transport.ts';
import type { ProducerIdentity } from './client.ts';
import { snappyBlock, snappyFrameBytes, writeSnappyFrame } from './snappy-codec.ts';

const headBytes = 61;
/** The checksum covers what comes after itself. */
const checkedFrom = 21;
const lengthCountsFrom = 12;
const noLeaderEpoch = -1;
const { snappy } = compressionsAlgorithms;

/**
 * Encodes records as one batch of Kafka’s format, compressed with snappy in the frame that Java readers expect.
 *
 * The library’s own encoder is not used: it writes a wrong time, and says nothing, where records of a batch are more
 * than 2³¹ ms (25 days) apart. Compacted topics of state, with times of 0, hold such neighbours.
 */
export function encodeBatch(
  { producerId, epoch }: ProducerIdentity,
  firstSequence: number,
  records: readonly TopicRecord[],
): Buffer {
  const firstMs = records[0]?.timestampMs ?? 0;
  const maxMs = records.reduce((max, { timestampMs }) => Math.max(max, timestampMs), firstMs);
  const block = snappyBlock(encodeRecords(records, firstMs));
  const batch = Buffer.allocUnsafe(headBytes + snappyFrameBytes + block.length);
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - lengthCountsFrom, 8);
  batch.writeInt32BE(noLeaderEpoch, 12);
  batch.writeInt8(CURRENT_RECORD_VERSION, 16);
  batch.writeInt16BE(snappy.bitmask, checkedFrom);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(BigInt(firstMs), 27);
  batch.writeBigInt64BE(BigInt(maxMs), 35);
  batch.writeBigInt64BE(producerId, 43);
  batch.writeInt16BE(epoch, 51);
  batch.writeInt32BE(firstSequence, 53);
  batch.writeInt32BE(records.length, 57);
  writeSnappyFrame(block, batch, headBytes);
  batch.writeUInt32BE(crc32c(batch.subarray(checkedFrom)), 17);
  return batch;
}

/** A record with its headers in bytes and the length of all that follows its own length. */
interface Measured {
  readonly record: TopicRecord;
  readonly headers: readonly (readonly [Buffer, Uint8Array])[];
  readonly timeDelta: number;
  readonly bytes: number;
}

function encodeRecords(records: readonly TopicRecord[], firstMs: number): Buffer {
  const measured = records.map((record, index) => measure(record, index, firstMs));
  const total = measured.reduce((sum, { bytes }) => sum + sizeOfVarint(bytes) + bytes, 0);
  const buffer = plainBytes(total);
  let at = 0;
  for (const [index, { record, headers, timeDelta, bytes }] of measured.entries()) {
    at = writeVarint(buffer, bytes, at);
    buffer[at] = 0; // attributes: none are defined
    at = writeVarint(buffer, timeDelta, at + 1);
    at = writeVarint(buffer, index, at);
    at = writeBytes(buffer, record.key, at);
    at = writeBytes(buffer, record.value, at);
    at = writeVarint(buffer, headers.length, at);
    for (const [name, value] of headers) {
      at = writeBytes(buffer, value, writeBytes(buffer, name, at));
    }
  }
  return buffer;
}

/** Records as they are before they are compressed, at once: one piece of memory for all batches but large ones. */
const plain = Buffer.allocUnsafeSlow(1024 * 1024);

function plainBytes(length: number): Buffer {
  return length <= plain.length ? plain.subarray(0, length) : Buffer.allocUnsafe(length);
}

function measure(record: TopicRecord, index: number, firstMs: number): Measured {
  const headers = Object.entries(record.headers).map(
    ([name, value]) => [Buffer.from(name), value] as const,
  );
  const timeDelta = record.timestampMs - firstMs;
  let bytes = 1 + sizeOfVarint(timeDelta) + sizeOfVarint(index) + sizeOfVarint(headers.length);
  bytes += sizeOfBytes(record.key) + sizeOfBytes(record.value);
  for (const [name, value] of headers) bytes += sizeOfBytes(name) + sizeOfBytes(value);
  return { record, headers, timeDelta, bytes };
}

function sizeOfBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length;
}

function writeBytes(buffer: Buffer, bytes: Uint8Array | null, at: number): number {
  if (bytes === null) return writeVarint(buffer, -1, at);
  const start = writeVarint(buffer, bytes.length, at);
  buffer.set(bytes, start);
  return start + bytes.length;
}

/** Kafka’s zigzag: small numbers of either sign take few bytes. Plain arithmetic, since times have 42 bits. */
function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

function sizeOfVarint(value: number): number {
  let bytes = 1;
  for (let rest = zigzag(value); rest >= 128; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}

function writeVarint(buffer: Buffer, value: number, start: number): number {
  let at = start;
  let rest = zigzag(value);
  for (; rest >= 128; rest = Math.floor(rest / 128)) {
    buffer[at] = (rest % 128) + 128;
    at += 1;
  }
  buffer[at] = rest;
  return at + 1;
}
