import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { AnomalyHistory, Covariate } from './anomaly-history.ts';
import type { ForecastBand } from './forecast-band.ts';
import { type NearestWindow, nearestWindow } from './nearest-window.ts';

/** A point of the course as it is drawn. */
export interface ViewPoint {
  readonly ms: number;
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  readonly isInside: boolean;
}

/** The part of a series around an anomaly, and what in its past is like it. */
export interface AnomalyView {
  readonly points: readonly ViewPoint[];
  readonly nearest: (NearestWindow & { readonly values: readonly number[] }) | undefined;
  readonly covariates: readonly Covariate[];
}

/** Points drawn before an episode and behind it; of a long one so many in all, its beginning. */
const LEAD = 64;
const REST = 16;
const MOST = 400;

/** Cuts out what is drawn; undefined where the topic does not hold the anomaly’s points any more. */
export function anomalyView(
  { startMs, lastMs, peakMs }: Anomaly,
  { course, covariates }: AnomalyHistory,
  band: ForecastBand,
): AnomalyView | undefined {
  const { timestamps, values } = course;
  const start = timestamps.findIndex((ms) => ms >= startMs);
  if (start < 0) return undefined;
  const last = timestamps.findLastIndex((ms) => ms <= lastMs);
  const from = Math.max(0, start - LEAD);
  const to = Math.min(timestamps.length, last + 1 + REST, from + MOST);
  const points = timestamps.slice(from, to).map((ms, i): ViewPoint => {
    const at = from + i;
    return {
      ms,
      value: values[at] ?? Number.NaN,
      lower: band.lower[at] ?? Number.NaN,
      upper: band.upper[at] ?? Number.NaN,
      isInside: at >= start && at <= last,
    };
  });
  const found = nearestWindow(course, { startMs, peakMs });
  const nearest =
    found === undefined ? undefined : { ...found, values: values.slice(found.from, found.to + 1) };
  return { points, nearest, covariates };
}

/** Lowest and highest of what is drawn: values and band, and what else is given; a flat course gets some room. */
export function rangeOf(
  points: readonly ViewPoint[],
  more: readonly number[] = [],
): { readonly low: number; readonly high: number } {
  const all = [...points.flatMap(({ value, lower, upper }) => [value, lower, upper]), ...more];
  const finite = all.filter(Number.isFinite);
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  if (!(high > low)) return { low: low - 1, high: high + 1 };
  return { low, high };
}
