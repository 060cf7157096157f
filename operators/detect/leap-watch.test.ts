import { describe, expect, it } from 'vitest';
import { utcCalendar } from './calendar.ts';
import { newDetectTables } from './detect-tables.ts';
import { LeapWatch, ratioOfRecords } from './leap-watch.ts';
import { SeriesTracker } from './series-tracker.ts';

const START_MS = Date.UTC(2024, 2, 4);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A tracker that has taken values, and what it says of the record of one more. */
function having(values: readonly number[], stepMs = MINUTE_MS) {
  const tables = newDetectTables({ rowsPerPage: 1, pagesPerSlab: 1 });
  const row = tables.series.allocate();
  const tracker = new SeriesTracker(tables);
  tracker.load(row);
  for (const [i, value] of values.entries()) {
    tracker.look(START_MS + i * stepMs, value, 0, utcCalendar);
    tracker.take();
  }
  const recordOf = (value: number): number => {
    tracker.look(START_MS + values.length * stepMs, value, 0, utcCalendar);
    return tracker.leaps.record;
  };
  return { tracker, recordOf };
}

function jitter(i: number): number {
  return ((i * 7919) % 101) / 101 - 0.5;
}

function noise(points: number, about = 50): number[] {
  return Array.from({ length: points }, (_, i) => about + 10 * jitter(i));
}

describe('LeapWatch', () => {
  it('holds a leap against the largest before it on its side', () => {
    const { tracker, recordOf } = having(noise(600));
    expect(tracker.leaps.up).toBeGreaterThan(4);
    expect(tracker.leaps.up).toBeLessThan(11);
    expect(recordOf(90)).toBeGreaterThan(1);
    expect(recordOf(50)).toBe(0);
  });

  it('makes less of one in a series of rare large ones', () => {
    const spikes = noise(600).map((value, i) => (i % 60 === 30 ? value + 300 : value));
    const { recordOf } = having(spikes);
    expect(recordOf(50 + 1200)).toBeGreaterThan(0);
    expect(recordOf(50 + 1200)).toBeLessThan(0.6 * Math.log(4));
  });

  it('takes the way back from a spike for none: drops are told from it', () => {
    const spikes = noise(600).map((value, i) => (i % 60 === 30 ? value + 300 : value));
    const { tracker, recordOf } = having(spikes);
    expect(tracker.leaps.up).toBeGreaterThan(250);
    expect(tracker.leaps.down).toBeLessThan(20);
    expect(recordOf(0)).toBeGreaterThan(0.5);
  });

  it('takes plain noise for as wide as its steps, however little of it was seen', () => {
    const { tracker, recordOf } = having([...noise(100).slice(0, 12)]);
    expect(recordOf(50 + 2.5 * tracker.slowStep)).toBe(0);
  });

  it('sees none in a young series within its extremes, and later does', () => {
    const course = (points: number) =>
      noise(points, 0).map((value, i) => value + (i < 600 ? 100 : 300));
    expect(having(course(1200), 1000).recordOf(210)).toBe(0);
    expect(having(course(4200), 1000).recordOf(210)).toBeGreaterThan(Math.log(2));
  });

  it('sees none where a series that only rose falls back, and one where it rises on', () => {
    const rising = Array.from({ length: 600 }, (_, i) => i + jitter(i));
    expect(having(rising).recordOf(-100)).toBe(0);
    expect(having(rising).recordOf(700)).toBeGreaterThan(1);
  });

  it('halves the largest in four days, at any interval', () => {
    for (const intervalMs of [MINUTE_MS, 10 * MINUTE_MS]) {
      const watch = new LeapWatch();
      const ground = { ...stillGround, intervalMs };
      watch.up = 1000;
      const points = Math.round(Math.max(4 * DAY_MS, 5678 * intervalMs) / intervalMs);
      for (let count = 1000; count < 1000 + points; count++)
        watch.take({ ...ground, count }, false);
      expect(watch.up).toBeGreaterThan(470);
      expect(watch.up).toBeLessThan(530);
    }
  });

  it('packs both leaps into 32 bits, as it keeps them', () => {
    const { tracker } = having(noise(200));
    const copy = new LeapWatch();
    copy.packed = tracker.leaps.packed;
    expect(copy.up).toBe(tracker.leaps.up);
    expect(copy.down).toBe(tracker.leaps.down);
    expect(copy.down).toBeGreaterThan(0);
    expect(copy.packed).toBe(tracker.leaps.packed);
  });
});

const stillGround = {
  value: 0,
  middle: 0,
  slowStep: 1,
  grain: 0,
  resolution: 1e-6,
  count: 1000,
  high: 0,
  low: 0,
  way: 0,
  intervalMs: MINUTE_MS,
};

describe('ratioOfRecords', () => {
  it('asks for less the more points are known and the longer they took', () => {
    expect(ratioOfRecords(20, MINUTE_MS, 20)).toBeGreaterThan(ratioOfRecords(60, MINUTE_MS, 20));
    expect(ratioOfRecords(3600, 1000, 20)).toBeCloseTo(1.51, 1);
    expect(ratioOfRecords(3600, MINUTE_MS, 20)).toBeLessThan(ratioOfRecords(3600, 1000, 20));
  });

  it('asks for no more than the largest after the time in which one may come', () => {
    expect(ratioOfRecords(30, DAY_MS, 20)).toBe(1);
  });
});
