import { describe, expect, it } from 'vitest';
import { utcCalendar } from './calendar.ts';
import { newDetectTables } from './detect-tables.ts';
import { SeriesTracker } from './series-tracker.ts';
import { WINDOW } from './state-columns.ts';

const START_MS = Date.UTC(2024, 2, 4);
const HOUR_MS = 3_600_000;

function newTracker(): { tracker: SeriesTracker; row: number } {
  const tables = newDetectTables({ rowsPerPage: 1, pagesPerSlab: 1 });
  const row = tables.series.allocate();
  const tracker = new SeriesTracker(tables);
  tracker.load(row);
  return { tracker, row };
}

function feed(tracker: SeriesTracker, values: readonly number[], stepMs = 60_000): void {
  for (const [i, value] of values.entries()) {
    tracker.look(START_MS + i * stepMs, value, 0, utcCalendar);
    tracker.take();
  }
}

function jitter(i: number): number {
  return ((i * 7919) % 101) / 101 - 0.5;
}

describe('SeriesTracker', () => {
  it('keeps a window within a 1/16 of the scale while the series drifts far from its first value', () => {
    const { tracker } = newTracker();
    const values = Array.from({ length: 4000 }, (_, i) => 5e11 + 20 * i + jitter(i));
    feed(tracker, values);
    const window = new Float64Array(WINDOW);
    tracker.readWindow(window);
    for (let i = 0; i < WINDOW; i++) {
      const truth = values[4000 - WINDOW + i] as number;
      expect(Math.abs(tracker.base + (window[i] as number) - truth)).toBeLessThan(
        tracker.scale / 16,
      );
    }
  });

  it('learns the interval as the median of gaps and is not led astray by the first', () => {
    const { tracker } = newTracker();
    for (const ms of [0, 5, 10, 60_010, 120_010]) {
      tracker.look(START_MS + ms, 1, 0, utcCalendar);
      tracker.take();
    }
    for (let i = 1; i <= 3000; i++) {
      tracker.look(START_MS + 120_010 + i * 60_000, 1, 0, utcCalendar);
      tracker.take();
    }
    expect(tracker.intervalMs).toBeCloseTo(60_000, 0);
  });

  it('takes the interval of the definition over the gaps', () => {
    const { tracker } = newTracker();
    tracker.look(START_MS, 1, 15_000, utcCalendar);
    tracker.take();
    expect(tracker.intervalMs).toBe(15_000);
  });

  it('knows the hour of day after a day, and keeps days off apart', () => {
    const { tracker } = newTracker();
    const value = (i: number): number => {
      const hour = i % 24;
      const off = Math.floor(i / 24) % 7 >= 5;
      return off ? 10 : hour >= 8 && hour < 18 ? 100 : 20;
    };
    feed(
      tracker,
      Array.from({ length: 24 * 21 }, (_, i) => value(i)),
      HOUR_MS,
    );
    const at = (day: number, hour: number): number => {
      tracker.look(START_MS + (day * 24 + hour) * HOUR_MS + HOUR_MS / 2, 0, 0, utcCalendar);
      return tracker.base + tracker.season;
    };
    expect(at(21, 12)).toBeGreaterThan(90);
    expect(at(21, 3)).toBeLessThan(30);
    expect(at(26, 12)).toBeLessThan(30);
    expect(tracker.seasonVisits).toBeGreaterThan(1);
  });

  it('gives no season to a value that never changes, and one once it has', () => {
    const { tracker } = newTracker();
    feed(tracker, new Array(1440).fill(7));
    expect(tracker.seasonRow).toBe(0);
    tracker.look(START_MS + 1440 * 60_000, 8, 0, utcCalendar);
    tracker.take();
    tracker.look(START_MS + 1441 * 60_000, 8, 0, utcCalendar);
    tracker.take();
    expect(tracker.seasonRow).toBe(1);
  });

  it('takes a holiday for a day off', () => {
    const { tracker } = newTracker();
    feed(
      tracker,
      Array.from({ length: 24 * 14 }, (_, i) => (Math.floor(i / 24) % 7 >= 5 ? 1 : 9)),
      HOUR_MS,
    );
    const noon = START_MS + 14 * 24 * HOUR_MS + 12 * HOUR_MS;
    tracker.look(noon, 9, 0, utcCalendar);
    const working = tracker.base + tracker.season;
    const holidays = new Set([Math.floor(noon / (24 * HOUR_MS))]);
    tracker.look(noon, 9, 0, { ...utcCalendar, holidays });
    expect(working).toBeCloseTo(9, 3);
    expect(tracker.base + tracker.season).toBeCloseTo(1, 3);
  });

  it('sees no step in a repeated value that f32 cannot hold', () => {
    const { tracker } = newTracker();
    feed(tracker, [0.3, 0.1, 0.1, 0.1, 0.1]);
    expect(tracker.grain).toBeCloseTo(0.2, 6);
    tracker.look(START_MS + 5 * 60_000, 0.1, 0, utcCalendar);
    expect(tracker.step).toBe(0);
  });

  it('finds a run of repeats that is new to the series, and none where values stand still as a rule', () => {
    const { tracker } = newTracker();
    const moving = Array.from({ length: 400 }, (_, i) => 50 + 10 * jitter(i));
    const last = moving.at(-1) as number;
    feed(tracker, [...moving, ...new Array<number>(7).fill(last)]);
    tracker.look(START_MS + 407 * 60_000, last, 0, utcCalendar);
    expect(tracker.stillness).toBeGreaterThan(5);
    tracker.look(START_MS + 407 * 60_000, last + 1, 0, utcCalendar);
    expect(tracker.stillness).toBe(0);

    const { tracker: rare } = newTracker();
    feed(
      rare,
      Array.from({ length: 400 }, (_, i) => (i % 37 === 5 ? 1 : 0)),
    );
    for (let i = 400; i < 430; i++) {
      rare.look(START_MS + i * 60_000, 0, 0, utcCalendar);
      expect(rare.stillness).toBeLessThan(0.5);
      rare.take();
    }
  });

  it('comes back from its row as it was', () => {
    const { tracker, row } = newTracker();
    feed(
      tracker,
      Array.from({ length: 100 }, (_, i) => 50 + 10 * jitter(i)),
    );
    const before = { ...fieldsOf(tracker) };
    tracker.store(row);
    tracker.load(row);
    expect(fieldsOf(tracker)).toEqual(before);
  });

  function fieldsOf(tracker: SeriesTracker): Record<string, number> {
    const { base, count, previous, slow, slowDeviation, slowStep, high, low, trend } = tracker;
    const { repeats, mostRepeats } = tracker;
    const sudden = { leaps: tracker.leaps.packed, repeats, mostRepeats };
    return { base, count, previous, slow, slowDeviation, slowStep, high, low, trend, ...sudden };
  }
});
