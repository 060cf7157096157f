import { beforeAll, describe, expect, it } from 'vitest';
import { OnnxEnsemble } from '../../models/onnx-ensemble.ts';
import type { Scorer } from '../../models/scorer.ts';
import { type Cut, newBench, runCalls, runTrack, type Track } from './detect-call.fixture.ts';
import { defaultSettings } from './detect-input.ts';
import { newDetectTables } from './detect-tables.ts';
import { Detector } from './detector.ts';
import { defaultTuning } from './tuning.ts';

const HOUR_MS = 3_600_000;
const STEP_MS = HOUR_MS / 3;
const DAY = 72;
const WEEK = 7 * DAY;
const POINTS = 5 * WEEK;
/** A Monday. */
const START_MS = Date.UTC(2024, 2, 4);

/** A daily course with noise that is the same each time; on Mondays a peak from nine to eleven. */
function course(i: number, peak: number): number {
  const hour = Math.floor((i % DAY) / 3);
  const high = i % WEEK < DAY && hour >= 9 && hour < 11 ? peak : 0;
  // Two rounds, or neighbours would be alike.
  const noise = Math.imul(Math.imul(i + 1, 2_654_435_761) ^ (i << 15), 2_246_822_519) >>> 0;
  return 200 - 8 * Math.abs(12 - hour) + high + (11 * noise) / 2 ** 32;
}

function track(season: 'daily' | 'weekly', peak = 150): Track {
  const timestamps = Array.from({ length: POINTS }, (_, i) => START_MS + i * STEP_MS);
  return { timestamps, values: timestamps.map((_, i) => course(i, peak)), settings: { season } };
}

const fifthMonday = 4 * WEEK + 30;

describe('a series whose weekdays are told apart', { timeout: 60_000 }, () => {
  let scorer: Scorer;
  beforeAll(async () => {
    scorer = await OnnxEnsemble.load();
  });

  it('has its weekly peak foretold, and no news of it', async () => {
    const daily = await runTrack(scorer, track('daily'));
    const weekly = await runTrack(scorer, track('weekly'));
    const peak = course(fifthMonday, 150);
    expect(Math.abs((weekly.expected[fifthMonday] ?? 0) - peak)).toBeLessThan(40);
    expect(Math.abs((daily.expected[fifthMonday] ?? 0) - peak)).toBeGreaterThan(100);
    const late = (one: typeof weekly) => Math.max(...one.scores.slice(4 * WEEK));
    expect(late(daily)).toBeGreaterThan(1);
    expect(late(weekly)).toBeLessThan(1);
  });

  it('has everything foretold to the bit as without, where the weekdays are alike', async () => {
    const daily = await runTrack(scorer, track('daily', 0));
    const weekly = await runTrack(scorer, track('weekly', 0));
    expect(weekly.surprises).toEqual(daily.surprises);
    for (const name of ['expected', 'lower', 'upper', 'onsets'] as const)
      expect(weekly[name]).toEqual(daily[name]);
  });

  it('keeps what it knows of an hour when the level moves far away', async () => {
    const bench = newBench(scorer, 1);
    const plain = track('weekly');
    const far = { ...plain, values: plain.values.map((v, i) => v + (i < 3 * WEEK ? 0 : 1e6)) };
    const bases = bench.tables.series.column('detect.base');
    const means = bench.tables.weeks.column('week.mean');
    const base = () => bases.view(0)[bases.index(0)] as number;
    const saturdayNoon = () => (means.view(0)[means.index(0) + 132] as number) + base();
    await runCalls(bench, [far], [[[0, 0, 3 * WEEK]]]);
    const [before, from] = [saturdayNoon(), base()];
    await runCalls(bench, [far], [[[0, 3 * WEEK, 3 * WEEK + 2 * DAY]]]);
    expect(base() - from).toBeGreaterThan(500_000);
    expect(Math.abs(saturdayNoon() - before)).toBeLessThan(1);
  });

  it('still finds a peak on another day', async () => {
    const one = track('weekly');
    const values = one.values.map(
      (v, i) => v + (i >= fifthMonday + DAY && i < fifthMonday + DAY + 6 ? 150 : 0),
    );
    const { onsets } = await runTrack(scorer, { ...one, values });
    expect(onsets.slice(fifthMonday + DAY, fifthMonday + DAY + 6).some((o) => o > 0)).toBe(true);
  });

  const tracks = [track('weekly'), track('daily'), track('weekly', -60)];
  const whole: Cut[] = tracks.map((_, t) => [t, 0, POINTS]);

  it('has the same bits however its points are cut', async () => {
    const once = await runCalls(newBench(scorer, 3), tracks, [whole]);
    for (const most of [1, 7, 60]) {
      const cuts: Cut[][] = [];
      for (let from = 0; from < POINTS; from += most)
        cuts.push(tracks.map((_, t) => [t, from, Math.min(POINTS, from + most)]));
      expect(await runCalls(newBench(scorer, 3), tracks, cuts)).toEqual(once);
    }
  });

  it('goes on from the pages of a checkpoint as if nothing had been', async () => {
    const at = 3 * WEEK + 31;
    const kept = newBench(scorer, 3);
    await runCalls(kept, tracks, [tracks.map((_, t): Cut => [t, 0, at])]);
    const restored = newBench(scorer, 0);
    for (const name of ['series', 'seasons', 'hours', 'weeks', 'episodes', 'watches'] as const) {
      for (const [page, image] of kept.tables[name].takeDirty())
        restored.tables[name].readPage(page, image);
    }
    const rest = [tracks.map((_, t): Cut => [t, at, POINTS])];
    expect(await runCalls(restored, tracks, rest)).toEqual(await runCalls(kept, tracks, rest));
    expect(restored.tables.weeks.liveRows).toBe(2);
  });

  it('keeps what it knows while its definition allows less, and uses none of it', async () => {
    const bench = newBench(scorer, 1);
    const [weekly] = await runCalls(bench, [track('weekly')], [[[0, 0, 3 * WEEK]]]);
    const none: Track = { ...track('weekly'), settings: { season: 'none' } };
    await runCalls(bench, [none], [[[0, 3 * WEEK, 3 * WEEK + DAY]]]);
    expect([bench.tables.seasons.liveRows, bench.tables.weeks.liveRows]).toEqual([1, 1]);
    const [again] = await runCalls(bench, [track('weekly')], [[[0, 3 * WEEK + DAY, POINTS]]]);
    const known = again?.expected[fifthMonday - 3 * WEEK - DAY] ?? 0;
    expect(Math.abs(known - course(fifthMonday, 150))).toBeLessThan(60);
    expect(weekly?.scores.length).toBe(3 * WEEK);
  });

  it('has a season only where that is allowed', async () => {
    const bench = newBench(scorer, 1);
    const none: Track = { ...track('weekly'), settings: { season: 'none' } };
    await runCalls(bench, [none], [[[0, 0, 2 * DAY]]]);
    expect([bench.tables.seasons.liveRows, bench.tables.weeks.liveRows]).toEqual([0, 0]);
  });

  it('is refused where there is no room, and that is counted', async () => {
    const tables = newDetectTables({ rowsPerPage: 4, pagesPerSlab: 4 });
    for (let row = 0; row < 2; row++) tables.series.allocate();
    const detector = new Detector(scorer, tables, { ...defaultTuning, weeklySeries: 1 });
    const { timestamps, values } = track('weekly');
    const input = {
      runs: 2,
      rows: Uint32Array.of(0, 1),
      starts: Uint32Array.of(0, 0),
      counts: Uint32Array.of(2 * DAY, 2 * DAY),
      settingsOf: Uint32Array.of(0, 0),
      settings: [{ ...defaultSettings, season: 'weekly' as const }],
      historical: new Uint8Array(2),
      timestamps: Float64Array.from(timestamps.slice(0, 2 * DAY)),
      values: Float64Array.from(values.slice(0, 2 * DAY)),
    };
    const { weeksRefused } = await detector.score(input);
    expect(weeksRefused).toBeGreaterThan(20);
    expect([tables.seasons.liveRows, tables.weeks.liveRows]).toEqual([2, 1]);
  });
});
