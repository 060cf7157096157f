import { folded } from './folded.ts';
import type { SeriesTracker } from './series-tracker.ts';
import { WINDOW } from './state-columns.ts';

/** Features of a window that the isolation forest reads. */
export const FOREST_WIDTH = 13;

const SMALL = 0.02;

/**
 * Writes the forest's features of a window that has just closed (the tracker has taken its last point).
 *
 * Every feature is free of the series' unit: distances are in its long-run spread or step and folded by asinh,
 * spreads are logarithms of ratios, counts are shares. In order: last point from the window's mean, last four from those
 * before, spread, roughness of the last eight, their largest step, slope, window from the slow level, last point from its
 * season, share of repeats, share of crossings of the mean, spread of the last eight to the whole, their
 * highest and lowest. What is over soon leaves the reading: most look at the last eight points.
 */
export function writeForestFeatures(
  tracker: SeriesTracker,
  window: Float64Array,
  out: Float32Array,
  start: number,
): void {
  const shape = measure(window);
  const spread = Math.max(tracker.slowDeviation, tracker.resolution);
  const step = Math.max(tracker.slowStep, SMALL * spread);
  const last = window[WINDOW - 1] as number;
  const seasonal = last - tracker.season - tracker.seasonOffset;
  const seasonSpread = Math.max(tracker.seasonDeviation, SMALL * spread);
  out[start] = folded((last - shape.mean) / spread);
  out[start + 1] = folded((shape.meanLastFour - shape.meanBefore) / spread);
  out[start + 2] = Math.log((shape.deviation + SMALL * spread) / spread);
  out[start + 3] = Math.log((shape.stepLastEight + SMALL * step) / step);
  out[start + 4] = Math.log((shape.largestStep + SMALL * step) / step);
  out[start + 5] = folded(shape.slope / spread);
  out[start + 6] = folded((shape.mean - tracker.slow) / spread);
  out[start + 7] = tracker.seasonVisits > 0 ? folded(seasonal / seasonSpread) : 0;
  out[start + 8] = shape.repeats / 16;
  out[start + 9] = shape.crossings / WINDOW;
  out[start + 10] = Math.log(
    (shape.deviationLastEight + SMALL * spread) / (shape.deviation + SMALL * spread),
  );
  out[start + 11] = folded((shape.highest - shape.mean) / spread);
  out[start + 12] = folded((shape.mean - shape.lowest) / spread);
}

/**
 * Writes a window as the autoencoder reads it: distances from its mean in units of its deviation, held within ±6.
 *
 * The unit is at least half the series' long-run spread, so that the noise of a quiet window is not blown up.
 */
export function writeShape(
  tracker: SeriesTracker,
  window: Float64Array,
  out: Float32Array,
  start: number,
): void {
  let sum = 0;
  for (let i = 0; i < WINDOW; i++) sum += window[i] as number;
  const mean = sum / WINDOW;
  let squares = 0;
  for (let i = 0; i < WINDOW; i++) squares += ((window[i] as number) - mean) ** 2;
  const unit = Math.max(
    Math.sqrt(squares / WINDOW),
    0.5 * tracker.slowDeviation,
    tracker.resolution,
  );
  for (let i = 0; i < WINDOW; i++) {
    out[start + i] = Math.min(6, Math.max(-6, ((window[i] as number) - mean) / unit));
  }
}

/** Plain measures of a window; one object, written anew for each window. */
const shapeOf = {
  mean: 0,
  meanLastFour: 0,
  meanBefore: 0,
  deviation: 0,
  deviationLastEight: 0,
  stepLastEight: 0,
  largestStep: 0,
  slope: 0,
  repeats: 0,
  crossings: 0,
  highest: 0,
  lowest: 0,
};

function measure(window: Float64Array): typeof shapeOf {
  measureLevels(window);
  measureSteps(window);
  return shapeOf;
}

function measureLevels(window: Float64Array): void {
  let sum = 0;
  let lastFour = 0;
  let lastEight = 0;
  let leaning = 0;
  let highest = -Infinity;
  let lowest = Infinity;
  for (let i = 0; i < WINDOW; i++) {
    const value = window[i] as number;
    sum += value;
    leaning += (i - (WINDOW - 1) / 2) * value;
    if (i >= WINDOW - 4) lastFour += value;
    if (i >= WINDOW - 8) {
      lastEight += value;
      if (value > highest) highest = value;
      if (value < lowest) lowest = value;
    }
  }
  const mean = sum / WINDOW;
  let squares = 0;
  let squaresLastEight = 0;
  for (let i = 0; i < WINDOW; i++) {
    const value = window[i] as number;
    squares += (value - mean) ** 2;
    if (i >= WINDOW - 8) squaresLastEight += (value - lastEight / 8) ** 2;
  }
  shapeOf.mean = mean;
  shapeOf.meanLastFour = lastFour / 4;
  shapeOf.meanBefore = (sum - lastFour) / (WINDOW - 4);
  shapeOf.deviation = Math.sqrt(squares / WINDOW);
  shapeOf.deviationLastEight = Math.sqrt(squaresLastEight / 8);
  // Least squares over 32 points: the sum of squared places is 2,728.
  shapeOf.slope = (WINDOW * leaning) / 2728;
  shapeOf.highest = highest;
  shapeOf.lowest = lowest;
}

function measureSteps(window: Float64Array): void {
  let largest = 0;
  let lastEight = 0;
  let repeats = 0;
  let crossings = 0;
  const { mean } = shapeOf;
  for (let i = 1; i < WINDOW; i++) {
    const value = window[i] as number;
    const before = window[i - 1] as number;
    const step = Math.abs(value - before);
    if (i >= WINDOW - 8) {
      lastEight += step;
      if (step > largest) largest = step;
    }
    if (i >= WINDOW - 16 && step === 0) repeats += 1;
    if (value > mean !== before > mean) crossings += 1;
  }
  shapeOf.largestStep = largest;
  shapeOf.stepLastEight = lastEight / 8;
  shapeOf.repeats = repeats;
  shapeOf.crossings = crossings;
}
