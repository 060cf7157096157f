import type { DetectSettings } from '../../operators/detect/detect-input.ts';
import { gaussian, seededRandom } from '../seeded-random.ts';
import type { SeriesPoints } from './fleet-series.ts';

/** Time from the start of a case, `[from, to)` ms. */
export type Span = readonly [fromMs: number, toMs: number];

/** A series that detectors trip over, with what is asked of its onsets. */
export interface AwkwardCase {
  readonly name: string;
  readonly series: SeriesPoints;
  readonly settings?: DetectSettings;
  /** An onset must start in each. */
  readonly expected: readonly Span[];
  /** None may start in any. */
  readonly forbidden: readonly Span[];
}

export const MINUTE_MS = 60_000;
export const FIVE_MS = 5 * MINUTE_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** A Monday: most cases start then. */
export const MARCH_MS = Date.UTC(2024, 2, 4);

/** What a series does at a time; `random` is its own. */
export type Course = (ms: number, random: () => number) => number;

/** A series to be made. */
export interface SeriesPlan {
  readonly startMs?: number;
  readonly days: number;
  readonly intervalMs: number;
  readonly course: Course;
}

/** Makes the points of a plan; the same seed gives the same points. */
export function seriesOf(
  { startMs = MARCH_MS, days, intervalMs, course }: SeriesPlan,
  seed: number,
): SeriesPoints {
  const random = seededRandom(seed);
  const points = Math.round((days * DAY_MS) / intervalMs);
  const timestamps = Float64Array.from({ length: points }, (_, i) => startMs + i * intervalMs);
  return { timestamps, values: timestamps.map((ms) => course(ms, random)) };
}

/** Sales by the hour of a local clock: a peak at noon and one in the evening, half on days off. */
export function sales(localMs: number, off: boolean): number {
  const hour = (localMs % DAY_MS) / HOUR_MS;
  const bell = (middle: number, width: number) => Math.exp(-0.5 * ((hour - middle) / width) ** 2);
  return 20 + (off ? 50 : 100) * (bell(12, 2) + 0.8 * bell(18.5, 1.8));
}

/** Whether it is Saturday or Sunday (UTC). */
export function weekend(ms: number): boolean {
  return (Math.floor(ms / DAY_MS) + 3) % 7 >= 5;
}

/** Sales by UTC, with noise of 4 %. */
export const ordinary: Course = (ms, random) =>
  sales(ms, weekend(ms)) * (1 + 0.04 * gaussian(random));
/** Noise about a level. */
export const level =
  (mean: number, deviation: number): Course =>
  (_ms, random) =>
    mean + deviation * gaussian(random);
