import type { FetchedRecord, RecordHeaders } from '../transport.ts';
import type { FetchedPartition, TopicPartition } from './client.ts';
import { errorOfCode } from './kafkajs-errors.ts';
import {
  type AbortedTransaction,
  type DecodedBatch,
  type DecodedRecord,
  decodeRecordBatch,
  filterAbortedMessages,
  WireDecoder,
} from './kafkajs-internals.ts';

/** The version of the fetch response that is read here; every broker since Kafka 2.3 speaks it. */
export const fetchVersion = 11;

const recordBatchHeaderBytes = 61;
const noHeaders: RecordHeaders = Object.freeze({});

interface RawPartition extends TopicPartition {
  readonly errorCode: number;
  readonly lastStableOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly batches: Buffer | null;
}

/**
 * Reads a fetch response, version 11.
 *
 * kafkajs’s own reader drops where a batch ends, so that a reader stands still for ever before a batch that compaction
 * has emptied, and it fails the whole response for the error of one partition.
 *
 * @param fetchOffsets the offset asked for, by `topic/partition`; earlier records of a batch are left out.
 */
export async function decodeFetch(
  bytes: Buffer,
  fetchOffsets: ReadonlyMap<string, number>,
): Promise<readonly FetchedPartition[]> {
  const decoder = new WireDecoder(bytes);
  decoder.readInt32(); // throttle time: the broker has waited already
  const errorCode = decoder.readInt16();
  decoder.readInt32(); // fetch session: not used
  const failed = errorOfCode(errorCode, 'Fetch');
  if (failed !== undefined) throw failed;
  const raw = decoder
    .readArray((topics) => {
      const topic = topics.readString();
      return topics.readArray((partitions) => readPartition(partitions, topic));
    })
    .flat();
  return await Promise.all(
    raw.map((part) => toFetched(part, fetchOffsets.get(`${part.topic}/${part.partition}`) ?? 0)),
  );
}

function readPartition(decoder: WireDecoder, topic: string): RawPartition {
  const partition = decoder.readInt32();
  const errorCode = decoder.readInt16();
  decoder.readInt64(); // high watermark: records above the last stable offset are not ours to read
  const lastStableOffset = Number(decoder.readInt64().toString());
  decoder.readInt64(); // log start offset
  const aborted = decoder.readArray((transactions) => ({
    producerId: transactions.readInt64().toString(),
    firstOffset: transactions.readInt64().toString(),
  }));
  decoder.readInt32(); // preferred read replica: followers are not read
  return { topic, partition, errorCode, lastStableOffset, aborted, batches: decoder.readBytes() };
}

async function toFetched(raw: RawPartition, fetchOffset: number): Promise<FetchedPartition> {
  const { topic, partition, lastStableOffset } = raw;
  const error = errorOfCode(raw.errorCode, `Fetch of ${topic}/${partition}`);
  const place = { topic, partition, high: lastStableOffset };
  if (error !== undefined) return { ...place, error, records: [], nextOffset: fetchOffset };
  const batches = await readBatches(raw.batches);
  const last = batches.at(-1);
  const end =
    last === undefined ? fetchOffset : Number(last.firstOffset) + last.lastOffsetDelta + 1;
  const visible = filterAbortedMessages({
    messages: batches.flatMap((batch) => batch.records),
    abortedTransactions: raw.aborted,
  });
  const records: FetchedRecord[] = [];
  for (const decoded of visible) {
    if (decoded.isControlRecord || Number(decoded.offset) < fetchOffset) continue;
    records.push(toRecord(decoded));
  }
  return { ...place, records, nextOffset: Math.max(end, fetchOffset) };
}

/** Reads whole batches; the broker may cut the last one short at the byte limit. */
async function readBatches(bytes: Buffer | null): Promise<readonly DecodedBatch[]> {
  const batches: DecodedBatch[] = [];
  if (bytes === null) return batches;
  const decoder = new WireDecoder(bytes);
  let at = 0;
  while (at + recordBatchHeaderBytes <= bytes.length) {
    at += 12 + bytes.readInt32BE(at + 8);
    if (at > bytes.length) break;
    batches.push(await decodeRecordBatch(decoder));
  }
  return batches;
}

function toRecord(decoded: DecodedRecord): FetchedRecord {
  return {
    offset: Number(decoded.offset),
    timestampMs: Number(decoded.timestamp),
    key: decoded.key,
    value: decoded.value,
    headers: toHeaders(decoded.headers),
  };
}

/** Kafka allows a header name twice and a null value; the last one counts, and null becomes no bytes. */
function toHeaders(decoded: DecodedRecord['headers']): RecordHeaders {
  const entries = Object.entries(decoded);
  if (entries.length === 0) return noHeaders;
  const empty = Buffer.alloc(0);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const last = value === null || Buffer.isBuffer(value) ? value : lastOf(value);
      return [name, last ?? empty];
    }),
  );
}

function lastOf(values: readonly (Buffer | null)[]): Buffer | null {
  return values.at(-1) ?? null;
}
