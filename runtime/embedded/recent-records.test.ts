import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FetchedRecord } from '../transport.ts';
import { RecentBudget, RecentRecords } from './recent-records.ts';
import { recordBytes } from './slot-records.ts';

const RECORD_BYTES = recordBytes(null, Buffer.alloc(2));
const ALL = { maxBytes: Infinity, maxRecords: Infinity };

describe('RecentRecords within a RecentBudget', () => {
  it('gives consecutive records from any offset it holds, whatever the runs, and keeps to its bounds', () => {
    const runs = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 8 })), { maxLength: 200 });
    const limit = fc.record({
      maxBytes: fc.nat(2_000),
      maxRecords: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(runs, fc.nat(100), limit, (steps, kept, bounds) => {
        const budget = new RecentBudget(kept * RECORD_BYTES);
        const partitions = [0, 1, 2].map(() => ({ recent: new RecentRecords(), high: 0 }));
        for (const [index, count] of steps) {
          const partition = partitions[index] ?? { recent: new RecentRecords(), high: 0 };
          budget.push(partition.recent, {
            records: recordsFrom(partition.high, count),
            bytes: count * RECORD_BYTES,
          });
          partition.high += count;
        }
        let held = 0;
        for (const { recent, high } of partitions) held += check(recent, high, bounds);
        expect(held).toBeLessThanOrEqual(kept);
      }),
    );
  });

  it('lets go of the memory of what it dropped', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const recent = new RecentRecords();
    const held: WeakRef<object>[] = [];
    for (let i = 0; i < 40; i++) {
      const records = recordsFrom(i, 1);
      held.push(new WeakRef(records));
      recent.push({ records, bytes: 1 });
    }
    for (let i = 0; i < 30; i++) recent.shift();
    // A weak reference holds until the turn in which it was made or read is over.
    await turn();
    collectGarbage();
    expect(held.filter((each) => each.deref() !== undefined)).toHaveLength(10);
    expect(recent.from(30, 40, ALL)).toMatchObject({ next: 40 });
  });

  it('stops before `to`', () => {
    const recent = new RecentRecords();
    recent.push({ records: recordsFrom(5, 3), bytes: 1 });
    recent.push({ records: recordsFrom(8, 3), bytes: 1 });
    expect(recent.from(6, 9, ALL)).toMatchObject({
      records: [{ offset: 6 }, { offset: 7 }, { offset: 8 }],
      next: 9,
    });
    expect(recent.from(6, 6, ALL)).toEqual({ records: [], next: 6 });
    expect(recent.from(4, 9, ALL)).toBeUndefined();
    expect(recent.from(11, 20, ALL)).toBeUndefined();
  });
});

/** Reads from every offset and returns how many records are held. */
function check(
  recent: RecentRecords,
  high: number,
  limit: { maxBytes: number; maxRecords: number },
): number {
  let held = 0;
  for (let offset = high - 1; offset >= 0; offset -= 1) {
    const batch = recent.from(offset, Infinity, limit);
    if (batch === undefined) break;
    held += 1;
    const room = Math.max(1, Math.ceil(limit.maxBytes / RECORD_BYTES));
    const count = Math.min(high - offset, limit.maxRecords, room);
    expect(batch.records.map((record) => record.offset)).toEqual(
      Array.from({ length: count }, (_, i) => offset + i),
    );
    expect(batch.next).toBe(offset + count);
  }
  return held;
}

function recordsFrom(first: number, count: number): FetchedRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    offset: first + i,
    key: null,
    value: Buffer.alloc(2),
    headers: {},
    timestampMs: 0,
  }));
}
