import { seededRandom } from '../seeded-random.ts';

/** Lower and upper end of a 95 % interval. */
export type Interval = readonly [lower: number, upper: number];

/** 95 % interval of a share `hits / of` (Wilson 1927); 0 to 1 where nothing was counted. */
export function wilson(hits: number, of: number): Interval {
  if (of === 0) return [0, 1];
  const z = 1.959964;
  const share = hits / of;
  const scale = 1 + (z * z) / of;
  const half = (z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of))) / scale;
  const middle = (share + (z * z) / (2 * of)) / scale;
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/**
 * 95 % interval of a figure by drawing whole series with replacement (percentile bootstrap, Efron 1979).
 *
 * Series, not rows, are drawn: what happens within one is not independent. Draws without a figure (NaN) are left out.
 */
export function bootstrap<T>(
  series: readonly T[],
  figure: (drawn: readonly T[]) => number,
  draws = 400,
  seed = 1,
): Interval {
  const random = seededRandom(seed);
  const figures: number[] = [];
  for (let d = 0; d < draws; d++) {
    const drawn = series.map(() => series[Math.floor(random() * series.length)] as T);
    const value = figure(drawn);
    if (!Number.isNaN(value)) figures.push(value);
  }
  figures.sort((a, b) => a - b);
  const at = (share: number) => figures[Math.floor(share * (figures.length - 1))] ?? Number.NaN;
  return [at(0.025), at(0.975)];
}
