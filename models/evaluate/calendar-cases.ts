import { defaultSettings } from '../../operators/detect/detect-input.ts';
import { localClock } from '../../operators/local-clock.ts';
import { gaussian } from '../seeded-random.ts';
import {
  type AwkwardCase,
  DAY_MS,
  FIVE_MS,
  HOUR_MS,
  MARCH_MS,
  sales,
  seriesOf,
  weekend,
} from './case-courses.ts';

/** Central European summer time began on Sunday 31 March 2024 and ended on Sunday 27 October. */
const SUMMER_MS = Date.UTC(2024, 2, 31, 1);
const WINTER_MS = Date.UTC(2024, 9, 27, 1);
/** A Monday four weeks before it ended. */
const OCTOBER_MS = Date.UTC(2024, 8, 30);

/** Cases of clocks, holidays and weekdays. */
export function calendarCases(seed: number): AwkwardCase[] {
  const course = (days: number, startMs: number) =>
    seriesOf({ days, startMs, intervalMs: FIVE_MS, course: paris }, seed);
  const settings = { ...defaultSettings, clock: localClock('Europe/Paris') };
  const holiday = 16 * DAY_MS;
  const closed = Math.floor((MARCH_MS + holiday) / DAY_MS);
  return [
    {
      name: 'clocks go forward an hour',
      series: course(34, MARCH_MS),
      settings,
      expected: [],
      forbidden: [[26 * DAY_MS, 34 * DAY_MS]],
    },
    {
      name: 'clocks go back an hour',
      series: course(34, OCTOBER_MS),
      settings,
      expected: [],
      forbidden: [[26 * DAY_MS, 34 * DAY_MS]],
    },
    {
      name: 'a holiday that the calendar names',
      series: seriesOf(
        {
          days: 21,
          intervalMs: FIVE_MS,
          course: (ms, random) =>
            sales(ms, weekend(ms) || Math.floor(ms / DAY_MS) === closed) *
            (1 + 0.04 * gaussian(random)),
        },
        seed + 1,
      ),
      settings: { ...defaultSettings, holidays: new Set([closed]) },
      expected: [],
      forbidden: [[holiday, 21 * DAY_MS]],
    },
    {
      name: 'a peak that comes every Monday',
      series: seriesOf(
        {
          days: 42,
          intervalMs: FIVE_MS,
          course: (ms, random) => {
            const hour = (ms % (7 * DAY_MS)) / HOUR_MS - 4 * 24;
            const peak = hour >= 9 && hour < 11 ? 2.5 : 1;
            return peak * sales(ms, weekend(ms)) * (1 + 0.04 * gaussian(random));
          },
        },
        seed + 2,
      ),
      settings: { ...defaultSettings, season: 'weekly' },
      expected: [],
      forbidden: [[21 * DAY_MS, 42 * DAY_MS]],
    },
  ];
}

function local(ms: number): number {
  return ms + (ms >= SUMMER_MS && ms < WINTER_MS ? 2 : 1) * HOUR_MS;
}

function paris(ms: number, random: () => number): number {
  return sales(local(ms), weekend(local(ms))) * (1 + 0.04 * gaussian(random));
}
