import {
  type fetchV11,
  IS_CONTROL,
  IS_TRANSACTIONAL,
  type RecordsBatch,
} from '@platformatic/kafka';
import { describe, expect, it } from 'vitest';
import { toFetchedPartitions } from './platformatic-fetch.ts';

const abort = Buffer.from([0, 0, 0, 0]);
const commit = Buffer.from([0, 0, 0, 1]);

type Header = [Buffer | null, Buffer | null];

/** A batch at an offset; one record per key, a second apart. */
function batch(
  firstOffset: number,
  keys: readonly Buffer[],
  changes: Partial<RecordsBatch> = {},
  headers: Header[] = [],
): RecordsBatch {
  return {
    firstOffset: BigInt(firstOffset),
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes: 0,
    lastOffsetDelta: keys.length - 1,
    firstTimestamp: 5000n,
    maxTimestamp: 9000n,
    producerId: 1n,
    producerEpoch: 0,
    firstSequence: 0,
    records: keys.map((key, offsetDelta) => ({
      length: 0,
      attributes: 0,
      timestampDelta: BigInt(offsetDelta * 1000),
      offsetDelta,
      key,
      value: null,
      headers,
    })),
    ...changes,
  };
}

function response(
  records: RecordsBatch[],
  abortedTransactions: { producerId: bigint; firstOffset: bigint }[] | null = null,
  errorCode = 0,
): fetchV11.FetchResponse {
  const part = {
    partitionIndex: 3,
    errorCode,
    highWatermark: 99n,
    lastStableOffset: 50n,
    logStartOffset: 0n,
    abortedTransactions,
    preferredReadReplica: -1,
    records,
  };
  const responses = [{ topicId: 'a', partitions: [part] }];
  return { throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses };
}

const from = (offset: number) => new Map([['a/3', offset]]);
const keys = (...names: string[]): Buffer[] => names.map((name) => Buffer.from(name));

function fetched(of: fetchV11.FetchResponse, offset = 0) {
  const [part] = toFetchedPartitions(of, from(offset));
  if (part === undefined) throw new Error('no partition');
  return part;
}

describe('what was fetched', () => {
  it('begins at the offset asked for, and ends for readers of committed records', () => {
    const part = fetched(response([batch(10, keys('x', 'y', 'z'))]), 11);
    expect(part).toMatchObject({ topic: 'a', partition: 3, nextOffset: 13, high: 50 });
    const shown = part.records.map(({ offset, timestampMs, key }) => [
      offset,
      timestampMs,
      String(key),
    ]);
    expect(shown).toEqual([
      [11, 6000, 'y'],
      [12, 7000, 'z'],
    ]);
  });

  it('goes on behind a batch that compaction has emptied', () => {
    const emptied = batch(10, [], { lastOffsetDelta: 5 });
    expect(fetched(response([emptied]), 10)).toMatchObject({ records: [], nextOffset: 16 });
    expect(fetched(response([]), 10)).toMatchObject({ records: [], nextOffset: 10 });
  });

  it('has the broker’s time where the topic says so', () => {
    const part = fetched(response([batch(0, keys('x', 'y'), { attributes: 8 })]));
    expect(part.records.map(({ timestampMs }) => timestampMs)).toEqual([9000, 9000]);
  });

  it('has the last of several headers of a name, and no bytes for null', () => {
    const pairs: Header[] = [
      [Buffer.from('h'), Buffer.from('1')],
      [Buffer.from('h'), null],
    ];
    const [record] = fetched(response([batch(0, keys('x'), {}, pairs)])).records;
    expect(record?.headers).toEqual({ h: Buffer.alloc(0) });
  });

  it('leaves out what transactions took back, and their marks', () => {
    const within = { attributes: IS_TRANSACTIONAL };
    const mark = { attributes: IS_TRANSACTIONAL | IS_CONTROL };
    const batches = [
      batch(0, keys('gone'), within),
      batch(1, keys('other'), { ...within, producerId: 2n }),
      batch(2, keys('outside')),
      batch(3, [abort], mark),
      batch(4, keys('kept'), within),
      batch(5, [commit], mark),
      batch(6, keys('gone again'), within),
    ];
    const aborted = [
      { producerId: 1n, firstOffset: 6n },
      { producerId: 1n, firstOffset: 0n },
    ];
    const part = fetched(response(batches, aborted));
    expect(part.records.map(({ key }) => String(key))).toEqual(['other', 'outside', 'kept']);
    expect(part.nextOffset).toBe(7);
  });

  it('keeps an error with its partition, and throws that of the whole response', () => {
    const part = fetched(response([], null, 1), 7);
    expect(part).toMatchObject({ error: { type: 'OFFSET_OUT_OF_RANGE' }, nextOffset: 7 });
    const failed = { ...response([]), errorCode: 29 };
    expect(() => toFetchedPartitions(failed, from(0))).toThrow('TOPIC_AUTHORIZATION_FAILED');
  });
});
