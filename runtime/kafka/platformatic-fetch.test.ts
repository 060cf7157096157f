import {
  type fetchV11,
  IS_CONTROL,
  IS_TRANSACTIONAL,
  type RecordsBatch,
} from '@platformatic/kafka';
import { describe, expect, it } from 'vitest';
import { decodeFetch } from './platformatic-fetch.ts';

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

function response(records: RecordsBatch[]): fetchV11.FetchResponse {
  const part = {
    partitionIndex: 3,
    errorCode: 0,
    highWatermark: 99n,
    lastStableOffset: 50n,
    logStartOffset: 0n,
    abortedTransactions: [{ producerId: 7n, firstOffset: 6n }],
    preferredReadReplica: -1,
    records,
  };
  const responses = [{ topicId: 'a', partitions: [part] }];
  return { throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses };
}

const keys = (...names: string[]): Buffer[] => names.map((name) => Buffer.from(name));

function decoded(...batches: RecordsBatch[]) {
  const [part] = decodeFetch(response(batches)).partitions;
  if (part === undefined) throw new Error('no partition');
  return part;
}

describe('what was fetched', () => {
  it('is told with its place, its end for readers of committed records, and aborted transactions', () => {
    const part = decoded(batch(10, keys('x', 'y')));
    expect(part).toMatchObject({ topic: 'a', partition: 3, code: 0, stableEnd: 50 });
    expect(part.aborted).toEqual([{ producerId: 7n, firstOffset: 6 }]);
    const shown = part.batches[0]?.records.map(({ offset, timestampMs, key }) => [
      offset,
      timestampMs,
      String(key),
    ]);
    expect(shown).toEqual([
      [10, 5000, 'x'],
      [11, 6000, 'y'],
    ]);
  });

  it('says where a batch ends that compaction has emptied, and what kind each is', () => {
    const { batches } = decoded(
      batch(10, [], { lastOffsetDelta: 5 }),
      batch(16, keys('x'), { attributes: IS_TRANSACTIONAL }),
      batch(17, keys('x'), { attributes: IS_TRANSACTIONAL | IS_CONTROL }),
    );
    expect(batches.map(({ endOffset }) => endOffset)).toEqual([16, 17, 18]);
    expect(batches.map(({ transactional, control }) => [transactional, control])).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ]);
  });

  it('has the broker’s time where the topic says so', () => {
    const { batches } = decoded(batch(0, keys('x', 'y'), { attributes: 8 }));
    expect(batches[0]?.records.map(({ timestampMs }) => timestampMs)).toEqual([9000, 9000]);
  });

  it('has the last of several headers of a name, and no bytes for null', () => {
    const pairs: Header[] = [
      [Buffer.from('h'), Buffer.from('1')],
      [Buffer.from('h'), null],
    ];
    const { batches } = decoded(batch(0, keys('x'), {}, pairs));
    expect(batches[0]?.records[0]?.headers).toEqual({ h: Buffer.alloc(0) });
  });
});
