import { expect, it } from 'vitest';
import { newDetectTables } from './detect-tables.ts';
import { MemberColumns } from './member-columns.ts';
import { MemberTracker } from './member-tracker.ts';
import { MEMBERS } from './state-columns.ts';
import { defaultTuning } from './tuning.ts';

const EXTREME = MEMBERS - 1;

it.each([0.02, 0.5, 4])('forgets a new extreme (of %d) down to nothing', (height) => {
  const { series } = newDetectTables({ rowsPerPage: 1, pagesPerSlab: 1 });
  const tracker = new MemberTracker(series, defaultTuning);
  tracker.load(series.allocate());
  const points = 400;
  const columns = new MemberColumns();
  columns.reserve(points);
  columns.ordinal = Float64Array.from({ length: points }, (_, i) => 1000 + i);
  for (const reading of columns.reading) reading.fill(0);
  (columns.reading[EXTREME] as Float64Array)[10] = height;
  tracker.rate(0, points, columns);
  const said = Array.from({ length: points }, (_, i) => columns.surprise[i * MEMBERS + EXTREME]);
  expect(said[9]).toBe(0);
  expect(said[10]).toBeGreaterThan(0.5 * height);
  expect(said[11]).toBeLessThan(said[10] as number);
  expect(said.at(-1)).toBe(0);
});
