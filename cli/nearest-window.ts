/** Points of one series in order: epoch ms and values. */
export interface Course {
  readonly timestamps: readonly number[];
  readonly values: readonly number[];
}

/** An earlier stretch of a series that is most like the one up to an anomaly’s peak. */
export interface NearestWindow {
  /** First and last point of it: places in the course. */
  readonly from: number;
  readonly to: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Mean distance of its values, in usual deviations of the series. */
  readonly distance: number;
}

/** Points of a window: what the models look at. */
const WINDOW = 32;
/** Turns a median of absolute deviations into a standard deviation of normal noise. */
const MAD_SCALE = 1.4826;

/**
 * Finds the window before an episode whose values are nearest to those that lead up to its peak.
 *
 * Both are taken as they are, level included: what is found is when the series last was where it was, the way it was.
 * Cost: 32 comparisons for each point of the course. Undefined where there are fewer than two windows before the episode.
 */
export function nearestWindow(
  { timestamps, values }: Course,
  { startMs, peakMs }: { readonly startMs: number; readonly peakMs: number },
): NearestWindow | undefined {
  const peak = timestamps.findLastIndex((ms) => ms <= peakMs);
  const before = timestamps.findIndex((ms) => ms >= startMs);
  if (peak < 0 || before < 2 * WINDOW) return undefined;
  const query = values.slice(peak + 1 - WINDOW, peak + 1);
  const unit = usualDeviation(values.slice(0, before)).spread;
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  // A window that ends within the one before the episode would be found for being nearly the same.
  for (let to = WINDOW - 1; to < before - WINDOW; to++) {
    const distance = squaredDistance(values, to + 1 - WINDOW, query, least);
    if (distance >= least) continue;
    least = distance;
    best = to;
  }
  if (best < 0) return undefined;
  const from = best + 1 - WINDOW;
  return {
    from,
    to: best,
    startMs: timestamps[from] ?? 0,
    endMs: timestamps[best] ?? 0,
    distance: Math.sqrt(least / WINDOW) / unit,
  };
}

/** The middle of values and how far they usually are from it, > 0. */
export function usualDeviation(values: readonly number[]): { middle: number; spread: number } {
  const middle = median(values);
  const off = median(values.map((value) => Math.abs(value - middle)));
  const finest = Math.max(1e-9 * Math.abs(middle), 1e-12);
  return { middle, spread: Math.max(MAD_SCALE * off, finest) };
}

function squaredDistance(
  values: readonly number[],
  from: number,
  query: readonly number[],
  enough: number,
): number {
  let sum = 0;
  for (let i = 0; i < query.length && sum < enough; i++)
    sum += ((values[from + i] ?? 0) - (query[i] ?? 0)) ** 2;
  return sum;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[half] ?? 0;
  return ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}
