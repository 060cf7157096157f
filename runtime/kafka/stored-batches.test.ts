import { describe, expect, it } from 'vitest';
import { toFetchedPartition } from './stored-batches.ts';
import type { FetchedBatches, StoredBatch } from './wire-node.ts';

const abort = Buffer.from([0, 0, 0, 0]);
const commit = Buffer.from([0, 0, 0, 1]);

/** A batch at an offset; one record per key. */
function batch(
  firstOffset: number,
  keys: readonly (string | Buffer)[],
  changes: Partial<StoredBatch> = {},
): StoredBatch {
  return {
    firstOffset,
    endOffset: firstOffset + keys.length,
    producerId: 1n,
    transactional: false,
    control: false,
    records: keys.map((key, index) => ({
      offset: firstOffset + index,
      key: Buffer.from(key),
      value: null,
      headers: {},
      timestampMs: 0,
    })),
    ...changes,
  };
}

const fetched = (
  batches: readonly StoredBatch[],
  changes: Partial<FetchedBatches> = {},
): FetchedBatches => ({
  topic: 'a',
  partition: 3,
  code: 0,
  stableEnd: 50,
  aborted: [],
  batches,
  ...changes,
});

describe('what a reader sees of stored batches', () => {
  it('begins at the offset asked for, and ends for readers of committed records', () => {
    const part = toFetchedPartition(fetched([batch(10, ['x', 'y', 'z'])]), 11);
    expect(part).toMatchObject({ topic: 'a', partition: 3, nextOffset: 13, high: 50 });
    expect(part.records.map(({ offset, key }) => [offset, String(key)])).toEqual([
      [11, 'y'],
      [12, 'z'],
    ]);
  });

  it('goes on behind a batch that compaction has emptied', () => {
    const emptied = batch(10, [], { endOffset: 16 });
    expect(toFetchedPartition(fetched([emptied]), 10)).toMatchObject({
      records: [],
      nextOffset: 16,
    });
    expect(toFetchedPartition(fetched([]), 10)).toMatchObject({ records: [], nextOffset: 10 });
  });

  it('leaves out what transactions took back, and their marks', () => {
    const within = { transactional: true };
    const mark = { transactional: true, control: true };
    const batches = [
      batch(0, ['gone'], within),
      batch(1, ['other'], { ...within, producerId: 2n }),
      batch(2, ['outside']),
      batch(3, [abort], mark),
      batch(4, ['kept'], within),
      batch(5, [commit], mark),
      batch(6, ['gone again'], within),
    ];
    const aborted = [
      { producerId: 1n, firstOffset: 6 },
      { producerId: 1n, firstOffset: 0 },
    ];
    const part = toFetchedPartition(fetched(batches, { aborted }), 0);
    expect(part.records.map(({ key }) => String(key))).toEqual(['other', 'outside', 'kept']);
    expect(part.nextOffset).toBe(7);
  });

  it('is an error with its partition', () => {
    const part = toFetchedPartition(fetched([], { code: 1 }), 7);
    expect(part).toMatchObject({
      error: { type: 'OFFSET_OUT_OF_RANGE' },
      records: [],
      nextOffset: 7,
    });
  });
});
