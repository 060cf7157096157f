import { describe, expect, it } from 'vitest';
import { newDetectTables } from './detect-tables.ts';
import { MemberTracker } from './member-tracker.ts';
import { quietMs, RateCalibration } from './rate-calibration.ts';
import { SeriesWatch } from './series-watch.ts';
import { defaultTuning } from './tuning.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

function newCalibration(): RateCalibration {
  const tables = newDetectTables({ rowsPerPage: 1, pagesPerSlab: 1 });
  const { series } = tables;
  const row = series.allocate();
  const members = new MemberTracker(series, defaultTuning);
  members.load(row);
  const calibration = new RateCalibration(series, members, new SeriesWatch(tables));
  calibration.load(row);
  return calibration;
}

/** Park and Miller's generator. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function scoreOf(
  calibration: RateCalibration,
  [sum, ms, gapMs, intervalMs]: readonly [number, number, number, number],
): number {
  const reading = { sum, ms, gapMs, intervalMs, calibrated: 0 };
  calibration.score(reading, defaultTuning);
  return reading.calibrated;
}

/** Feeds sums whose excursions above the floor are exponential, and counts points at or above score 1 and 2. */
function rates(
  height: number,
  perDay: number,
  days: number,
): { warnings: number; critical: number } {
  const calibration = newCalibration();
  const random = numbers(4711);
  const stepMs = 5 * MINUTE_MS;
  const chance = (perDay * stepMs) / DAY_MS;
  const count = { warnings: 0, critical: 0 };
  for (let ms = 0; ms < days * DAY_MS; ms += stepMs) {
    const excursion = random() < chance;
    const sum = excursion ? defaultTuning.floor - height * Math.log(random()) : 1;
    const score = scoreOf(calibration, [sum, ms, stepMs, stepMs]);
    if (ms < (days / 4) * DAY_MS) continue;
    if (score >= 1) count.warnings += 1;
    if (score >= 2) count.critical += 1;
  }
  return { warnings: count.warnings / (0.75 * days), critical: count.critical / (0.75 * days) };
}

describe('RateCalibration', () => {
  it.each([
    [0.5, 1],
    [1, 1],
    [2, 1],
    [4, 1],
    [1, 3],
  ])(
    'passes score 1 about once in 20 days where excursions are %d high and %d a day',
    (height, perDay) => {
      const { warnings, critical } = rates(height, perDay, 8000);
      expect(warnings).toBeGreaterThan(1 / 60);
      expect(warnings).toBeLessThan(1 / 10);
      expect(critical).toBeLessThan(1 / 100);
    },
    60_000,
  );

  it('is continuous and rises with the sum', () => {
    let last = -1;
    for (let sum = 0; sum < 20; sum += 0.01) {
      const score = scoreOf(newCalibration(), [sum, 0, 0, 5 * MINUTE_MS]);
      expect(score).toBeGreaterThan(last);
      expect(score - last).toBeLessThan(last < 0 ? 2 : 0.02);
      last = score;
    }
  });

  it('asks more of a series with more points a day', () => {
    const slow = scoreOf(newCalibration(), [6, 0, 0, 5 * MINUTE_MS]);
    const fast = scoreOf(newCalibration(), [6, 0, 0, 1000]);
    expect(fast).toBeLessThan(slow);
  });
});

describe('quietMs', () => {
  it('is 48 points, within 5 minutes and 12 hours', () => {
    expect(quietMs(1000, defaultTuning)).toBe(5 * MINUTE_MS);
    expect(quietMs(MINUTE_MS, defaultTuning)).toBe(48 * MINUTE_MS);
    expect(quietMs(60 * MINUTE_MS, defaultTuning)).toBe(12 * 60 * MINUTE_MS);
  });
});
