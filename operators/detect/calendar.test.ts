import { beforeAll, describe, expect, it } from 'vitest';
import { OnnxEnsemble } from '../../models/onnx-ensemble.ts';
import type { Scorer } from '../../models/scorer.ts';
import { localClock } from '../local-clock.ts';
import { utcCalendar } from './calendar.ts';
import { type Cut, newBench, runCalls, runTrack, type Track } from './detect-call.fixture.ts';
import { newDetectTables } from './detect-tables.ts';
import { SeriesTracker } from './series-tracker.ts';

const HOUR_MS = 3_600_000;
const TEN_MS = 600_000;
const DAYS = 9;
const POINTS = (DAYS * 24 * HOUR_MS) / TEN_MS;
/** A Monday; the clocks of Paris are put forward on the Sunday after. */
const START_MS = Date.UTC(2024, 2, 25);
/** What the hours of a day are for, with a little noise that is the same each time. */
const values = Array.from({ length: POINTS }, (_, i) => {
  const hour = Math.floor(i / 6) % 24;
  return 100 + 40 * Math.abs(12 - hour) + ((i * 37) % 11);
});

function track(startMs: number, timeZone: string): Track {
  const timestamps = values.map((_, i) => startMs + i * TEN_MS);
  return { timestamps, values, settings: { clock: localClock(timeZone) } };
}

describe('a series with clocks of its own', { timeout: 60_000 }, () => {
  let scorer: Scorer;
  beforeAll(async () => {
    scorer = await OnnxEnsemble.load();
  });

  it('is scored as by UTC at the times that its clocks show', async () => {
    const local = await runTrack(scorer, track(START_MS, 'Asia/Kolkata'));
    const shown = await runTrack(scorer, track(START_MS + 5.5 * HOUR_MS, 'UTC'));
    const utc = await runTrack(scorer, track(START_MS, 'UTC'));
    expect(local.scores).toEqual(shown.scores);
    expect(local.expected).toEqual(shown.expected);
    expect(local.expected).not.toEqual(utc.expected);
  });

  it('has the same bits however its points are cut, while the clocks are put forward', async () => {
    const tracks = ['Europe/Paris', 'America/New_York'].map((zone) => track(START_MS, zone));
    const whole: Cut[] = tracks.map((_, t) => [t, 0, POINTS]);
    const once = await runCalls(newBench(scorer, 2), tracks, [whole]);
    const cuts: Cut[][] = [];
    for (let from = 0; from < POINTS; from += 5)
      cuts.push(tracks.map((_, t) => [t, from, Math.min(POINTS, from + 5)]));
    expect(await runCalls(newBench(scorer, 2), tracks, cuts)).toEqual(once);
    expect(once[0]?.expected).not.toEqual(once[1]?.expected);
  });
});

describe('the season slot of a time', () => {
  const tables = newDetectTables({ rowsPerPage: 1, pagesPerSlab: 1 });
  const tracker = new SeriesTracker(tables);
  tracker.load(tables.series.allocate());
  const slotAt = (time: string, timeZone: string, holidays: ReadonlySet<number> | null = null) => {
    tracker.look(Date.parse(time), 1, 0, { clock: localClock(timeZone), holidays });
    return tracker.slot;
  };

  it('is that of the local hour, before and after clocks change', () => {
    expect(slotAt('2024-03-29T08:00Z', 'Europe/Paris')).toBe(9);
    expect(slotAt('2024-04-01T08:00Z', 'Europe/Paris')).toBe(10);
    expect(slotAt('2024-10-25T08:00Z', 'Europe/Paris')).toBe(10);
    expect(slotAt('2024-10-28T08:00Z', 'Europe/Paris')).toBe(9);
  });

  it('goes by local days: a weekend and a holiday begin when they do there', () => {
    // Sunday noon is Monday in Auckland; early on Monday it is Sunday in New York.
    expect(slotAt('2024-03-03T12:00Z', 'UTC')).toBe(24 + 12);
    expect(slotAt('2024-03-03T12:00Z', 'Pacific/Auckland')).toBe(1);
    expect(slotAt('2024-03-04T02:00Z', 'America/New_York')).toBe(24 + 21);
    const tuesday = new Set([Date.UTC(2024, 2, 5) / (24 * HOUR_MS)]);
    expect(slotAt('2024-03-05T02:00Z', 'America/New_York', tuesday)).toBe(21);
    expect(slotAt('2024-03-06T02:00Z', 'America/New_York', tuesday)).toBe(24 + 21);
    expect(slotAt('2024-03-06T02:00Z', 'UTC', tuesday)).toBe(2);
  });

  it('is that of UTC where no clocks are given', () => {
    tracker.look(Date.parse('2024-03-29T08:00Z'), 1, 0, utcCalendar);
    expect([tracker.slot, tracker.localMs]).toEqual([8, tracker.timeMs]);
  });
});
