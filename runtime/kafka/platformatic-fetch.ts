import {
  type fetchV11,
  IS_CONTROL,
  IS_TRANSACTIONAL,
  type KafkaRecord,
  type RecordsBatch,
} from '@platformatic/kafka';
import type { FetchedRecord, RecordHeaders } from '../transport.ts';
import type { FetchAnswer, StoredBatch } from './wire-node.ts';

const noHeaders: RecordHeaders = Object.freeze({});
const noBytes = Buffer.alloc(0);
/** The bit of a batch’s attributes that says its time is the broker’s. */
const logAppendTime = 1 << 3;

/** Puts what the library has decoded into our shape. */
export function decodeFetch(response: fetchV11.FetchResponse): FetchAnswer {
  const partitions = response.responses.flatMap(({ topicId: topic, partitions: parts }) =>
    parts.map((part) => ({
      topic,
      partition: part.partitionIndex,
      code: part.errorCode,
      stableEnd: Number(part.lastStableOffset),
      aborted: (part.abortedTransactions ?? []).map(({ producerId, firstOffset }) => ({
        producerId,
        firstOffset: Number(firstOffset),
      })),
      batches: (part.records ?? []).map(toStored),
    })),
  );
  return { code: response.errorCode, partitions };
}

function toStored(batch: RecordsBatch): StoredBatch {
  const firstOffset = Number(batch.firstOffset);
  return {
    firstOffset,
    endOffset: firstOffset + batch.lastOffsetDelta + 1,
    producerId: batch.producerId,
    transactional: (batch.attributes & IS_TRANSACTIONAL) !== 0,
    control: (batch.attributes & IS_CONTROL) !== 0,
    records: recordsOf(batch, firstOffset),
  };
}

function recordsOf(batch: RecordsBatch, firstOffset: number): readonly FetchedRecord[] {
  const brokersTime = (batch.attributes & logAppendTime) !== 0;
  const firstMs = Number(batch.firstTimestamp);
  const maxMs = Number(batch.maxTimestamp);
  return batch.records.map(({ offsetDelta, timestampDelta, key, value, headers }) => ({
    offset: firstOffset + offsetDelta,
    timestampMs: brokersTime ? maxMs : firstMs + Number(timestampDelta),
    key,
    value,
    headers: toHeaders(headers),
  }));
}

/** Kafka allows a header name twice and a null value; the last one counts, and null becomes no bytes. */
function toHeaders(headers: KafkaRecord['headers']): RecordHeaders {
  if (headers.length === 0) return noHeaders;
  return Object.fromEntries(
    headers.map(([name, value]) => [name?.toString() ?? '', value ?? noBytes]),
  );
}
