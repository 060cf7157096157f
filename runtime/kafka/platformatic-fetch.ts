import {
  type fetchV11,
  IS_CONTROL,
  IS_TRANSACTIONAL,
  type KafkaRecord,
  type RecordsBatch,
} from '@platformatic/kafka';
import type { FetchedRecord, RecordHeaders } from '../transport.ts';
import type { FetchedPartition } from './client.ts';
import { errorOfCode, throwIfFailed } from './platformatic-errors.ts';

type FetchResponse = fetchV11.FetchResponse;
type RawPartition = FetchResponse['responses'][number]['partitions'][number];

const noHeaders: RecordHeaders = Object.freeze({});
const noBytes = Buffer.alloc(0);
/** The bit of a batch’s attributes that says its time is the broker’s. */
const logAppendTime = 1 << 3;
/** Second number in the key of a control record: a transaction ends there, aborted. */
const abortMarker = 0;

/**
 * Reads what was fetched: whole batches as the library has decoded them.
 *
 * Where a batch ends counts even when compaction or a transaction left nothing in it, and an error stays with its own
 * partition.
 *
 * @param fetchOffsets the offset asked for, by `topic/partition`; earlier records of a batch are left out.
 */
export function toFetchedPartitions(
  response: FetchResponse,
  fetchOffsets: ReadonlyMap<string, number>,
): readonly FetchedPartition[] {
  throwIfFailed(response.errorCode, 'Fetch');
  return response.responses.flatMap(({ topicId: topic, partitions }) =>
    partitions.map((raw) =>
      toFetched(topic, raw, fetchOffsets.get(`${topic}/${raw.partitionIndex}`) ?? 0),
    ),
  );
}

function toFetched(topic: string, raw: RawPartition, fetchOffset: number): FetchedPartition {
  const partition = raw.partitionIndex;
  const error = errorOfCode(raw.errorCode, `Fetch of ${topic}/${partition}`);
  const place = { topic, partition, high: Number(raw.lastStableOffset) };
  if (error !== undefined) return { ...place, error, records: [], nextOffset: fetchOffset };
  const batches = raw.records ?? [];
  const last = batches.at(-1);
  const end =
    last === undefined ? fetchOffset : Number(last.firstOffset) + last.lastOffsetDelta + 1;
  const records = visible(batches, raw.abortedTransactions ?? []).flatMap((batch) =>
    recordsFrom(batch, fetchOffset),
  );
  return { ...place, records, nextOffset: Math.max(end, fetchOffset) };
}

/** Leaves out the marks of transactions and the batches of those that were aborted. */
function visible(
  batches: readonly RecordsBatch[],
  aborted: NonNullable<RawPartition['abortedTransactions']>,
): readonly RecordsBatch[] {
  const ahead = aborted.toSorted((a, b) => Number(a.firstOffset - b.firstOffset));
  const open = new Set<bigint>();
  return batches.filter((batch) => {
    const { firstOffset, lastOffsetDelta, producerId, attributes, records } = batch;
    const end = firstOffset + BigInt(lastOffsetDelta);
    while (ahead[0] !== undefined && ahead[0].firstOffset <= end) {
      open.add(ahead[0].producerId);
      ahead.shift();
    }
    if ((attributes & IS_CONTROL) !== 0) {
      if (records[0]?.key?.readInt16BE(2) === abortMarker) open.delete(producerId);
      return false;
    }
    return (attributes & IS_TRANSACTIONAL) === 0 || !open.has(producerId);
  });
}

function recordsFrom(batch: RecordsBatch, fetchOffset: number): readonly FetchedRecord[] {
  const first = Number(batch.firstOffset);
  const brokersTime = (batch.attributes & logAppendTime) !== 0;
  const firstMs = Number(batch.firstTimestamp);
  const maxMs = Number(batch.maxTimestamp);
  const records: FetchedRecord[] = [];
  for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
    const offset = first + offsetDelta;
    if (offset < fetchOffset) continue;
    const timestampMs = brokersTime ? maxMs : firstMs + Number(timestampDelta);
    records.push({ offset, timestampMs, key, value, headers: toHeaders(headers) });
  }
  return records;
}

/** Kafka allows a header name twice and a null value; the last one counts, and null becomes no bytes. */
function toHeaders(headers: KafkaRecord['headers']): RecordHeaders {
  if (headers.length === 0) return noHeaders;
  return Object.fromEntries(
    headers.map(([name, value]) => [name?.toString() ?? '', value ?? noBytes]),
  );
}
