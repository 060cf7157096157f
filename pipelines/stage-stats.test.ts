import { describe, expect, it } from 'vitest';
import type { FetchedRecord } from '../runtime/transport.ts';
import { StageStats } from './stage-stats.ts';

const TOPIC = 'vigie.metrics.raw';

function records(from: number, to: number, firstMs: number): FetchedRecord[] {
  return Array.from({ length: to - from }, (_, i) => ({
    offset: from + i,
    key: null,
    value: null,
    headers: {},
    timestampMs: firstMs + i,
  }));
}

describe('StageStats', () => {
  it('tells lag, and since when the oldest record waits', () => {
    const stats = new StageStats('validate');
    stats.assigned(0, TOPIC, 10, 10);
    expect(stats.progress()).toMatchObject({ lagRecords: 0, waitingSinceMs: undefined });
    stats.fetched(0, TOPIC, records(10, 15, 1000), 20);
    stats.fetched(0, TOPIC, records(15, 20, 2000), 20);
    expect(stats.progress()).toMatchObject({ lagRecords: 10, waitingSinceMs: 1000 });
    expect(stats.position(0, TOPIC, 12)).toEqual([]);
    expect(stats.progress()).toMatchObject({ lagRecords: 8, waitingSinceMs: 1000 });
    expect(stats.position(0, TOPIC, 15)).toEqual([1004]);
    expect(stats.progress()).toMatchObject({ lagRecords: 5, waitingSinceMs: 2000 });
    expect(stats.position(0, TOPIC, 20)).toEqual([2004]);
    expect(stats.progress()).toEqual({
      lagRecords: 0,
      waitingSinceMs: undefined,
      settledRecords: 10,
      replayRecords: 0,
      replayedRecords: 0,
    });
  });

  it('sees lag of what was never fetched, by the ends of the topic', () => {
    const stats = new StageStats('validate');
    stats.assigned(0, TOPIC, 0, 0);
    stats.fetched(0, TOPIC, records(0, 5, 3000), 5);
    stats.position(0, TOPIC, 5);
    stats.ends(TOPIC, [
      { partition: 0, low: 0, high: 9 },
      { partition: 1, low: 0, high: 99 },
    ]);
    // As old as the newest that was settled, at most; partition 1 is another worker’s.
    expect(stats.progress()).toMatchObject({ lagRecords: 4, waitingSinceMs: 3004 });
    stats.ends(TOPIC, [{ partition: 0, low: 8, high: 9 }]);
    expect(stats.progress()).toMatchObject({ lagRecords: 1 });
  });

  it('tells how much committed input is read again after a restore', () => {
    const stats = new StageStats('detect');
    stats.assigned(0, TOPIC, 100, 160);
    stats.assigned(1, TOPIC, 7, 7);
    expect(stats.progress()).toMatchObject({ replayRecords: 60, replayedRecords: 60 });
    stats.position(0, TOPIC, 150);
    expect(stats.progress()).toMatchObject({ replayRecords: 10, replayedRecords: 60 });
    stats.position(0, TOPIC, 170);
    expect(stats.progress()).toMatchObject({ replayRecords: 0, replayedRecords: 60 });
  });

  it('leaves the figures of a released partition to its next owner, and keeps what was counted', () => {
    const stats = new StageStats('enrich');
    for (const partition of [0, 1]) {
      stats.assigned(partition, TOPIC, 0, 0);
      stats.fetched(partition, TOPIC, records(0, 5, 1000), 5);
      stats.settled(partition, { points_in_total: 3 }, { series: 2 });
    }
    expect(stats.figures()).toMatchObject({ gauges: { series: 4 }, lagRecords: 10 });
    stats.released(0);
    expect(stats.figures()).toMatchObject({
      counters: { points_in_total: 6 },
      gauges: { series: 2 },
      lagRecords: 5,
    });
    stats.restarted();
    expect(stats.figures()).toMatchObject({
      counters: { points_in_total: 6 },
      gauges: {},
      lagRecords: 0,
    });
  });

  it('does not take a late fetch or settlement for a partition of its own again', () => {
    const stats = new StageStats('enrich');
    stats.assigned(0, TOPIC, 0, 0);
    stats.released(0);
    stats.fetched(0, TOPIC, records(0, 5, 1000), 5);
    stats.position(0, TOPIC, 5);
    stats.ends(TOPIC, [{ partition: 0, low: 0, high: 99 }]);
    expect(stats.progress()).toMatchObject({ lagRecords: 0, settledRecords: 0 });
  });
});
