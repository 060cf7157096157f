import { classNames, type MetricClass } from '../../models/metric-class.ts';
import { WINDOW } from './state-columns.ts';

/** Points after which a class is looked for: whenever their number doubles, then every so many. */
const FIRST_POINTS = 64;
const EVERY_POINTS = 2048;
/** A class needs this much evidence to be taken, and so much more than the known one has to take its place. */
const LEAST = 0.4;
const MARGIN = 0.3;
/** Visits of an hour from which on its season says something. */
const SEASON_VISITS = 1;
const TINY = 1e-30;

/** What the class of a series is told by: levels, extremes and deviations as its tracker has them, relative to the base. */
export interface ClassEvidence {
  readonly base: number;
  readonly count: number;
  readonly intervalMs: number;
  readonly previous: number;
  readonly slow: number;
  readonly slowDeviation: number;
  readonly slowStep: number;
  readonly high: number;
  readonly low: number;
  readonly grain: number;
  readonly mostRepeats: number;
  readonly repeats: number;
  readonly seasonVisits: number;
  readonly seasonDeviation: number;
}

/** Tells whether the class of a series is looked at after so many points. */
export function isClassDue(count: number): boolean {
  if (count >= EVERY_POINTS) return count % EVERY_POINTS === 0;
  return count >= FIRST_POINTS && (count & (count - 1)) === 0;
}

/**
 * Tells the class of a series by its values: signs, bounds, least step, repeats, roughness, season, skew.
 *
 * Each class has an evidence between 0 and 1, the least of what it asks for; the largest wins. The class that is
 * known stays unless another has clearly more, and none is taken on little. Rates of counters look like any throughput:
 * that a metric is a counter is known from its definition alone.
 *
 * @param window the last `WINDOW` values, relative to the base. @param known number of the class so far.
 * @returns number of the class, a place in `classNames`.
 */
export function inferClass(evidence: ClassEvidence, window: Float64Array, known: number): number {
  measure(evidence, window);
  let best = 0;
  let most = LEAST;
  let ofKnown = 0;
  for (let number = 1; number < classNames.length; number++) {
    const rule = rules[classNames[number] as MetricClass];
    const strength = rule();
    if (number === known) ofKnown = strength;
    if (strength > most) {
      most = strength;
      best = number;
    }
  }
  return known !== 0 && ofKnown >= most - MARGIN ? known : best;
}

/** Shape of a series without its unit; one object, written anew for each series. */
const shape = {
  /** Size of the slow level; bounds of the values. */
  level: 0,
  top: 0,
  bottom: 0,
  /** Deviation over level, mean step over deviation: logarithms. */
  dispersion: 0,
  roughness: 0,
  /** Mean step and whole range in least steps: logarithms. */
  change: 0,
  levels: 0,
  /** Share of repeats in the window. */
  repeats: 0,
  /** How far the highest lies above the level to how far the lowest lies below: logarithm. */
  skew: 0,
  /** Share of the deviation that the hour of day explains. */
  season: 0,
  /** 1 where the least step is one event: 1, or 1 a second over the interval. */
  events: 0,
};

const rules: Readonly<Record<MetricClass, () => number>> = {
  steps: () => Math.min(above(shape.repeats, 0.75, 0.95), below(shape.levels, 5, 3.5), standing()),
  'sparse-counts': () =>
    Math.min(
      touchesZero(),
      shape.events,
      below(shape.levels, 6, 4),
      below(shape.change, 1.6, 0.6),
      above(shape.dispersion, -1.4, -0.6),
    ),
  'error-ratio': () =>
    Math.min(
      positive(),
      below(shape.top, 1.0001, 1),
      below(shape.level, 0.05, 0.01),
      above(shape.levels, 2, 6),
      above(shape.roughness, -1.2, -0.5),
      1 - shape.events,
    ),
  saturation: () =>
    Math.min(
      positive(),
      above(shape.levels, 2, 4),
      Math.max(
        Math.min(
          below(shape.top, 1.001, 1),
          above(shape.top, 0.2, 0.5),
          above(shape.level, 0.02, 0.1),
        ),
        0.7 * Math.min(below(shape.top, 100.1, 100), above(shape.top, 75, 90)),
      ),
    ),
  'seasonal-kpi': () =>
    Math.min(
      below(shape.roughness, -0.3, -1.3),
      Math.max(
        above(shape.season, 0.05, 0.35),
        shape.season < 0 ? 0.6 * above(shape.levels, 10, 13) : 0,
      ),
      above(shape.dispersion, -3.5, -1.5),
      1 - 0.5 * shape.events,
    ),
  throughput: () =>
    Math.min(positive(), shape.events, above(shape.levels, 2, 3.5), above(shape.level, 1, 4)),
  latency: () =>
    Math.min(
      positive(),
      above(shape.bottom / Math.max(shape.level, TINY), 0.02, 0.2),
      above(shape.roughness, -1.6, -0.8),
      above(shape.skew, 0, 0.6),
      above(shape.levels, 4, 8),
      shape.top <= 1 ? 0.6 : 1,
    ),
  counter: () => 0,
};

function measure(evidence: ClassEvidence, window: Float64Array): void {
  const { base, slow, high, low, slowDeviation, slowStep, grain } = evidence;
  const span = high - low;
  const least = grain > 0 ? grain : span + TINY;
  shape.level = Math.abs(base + slow);
  shape.top = base + high;
  shape.bottom = base + low;
  shape.dispersion = Math.log((slowDeviation + TINY) / (shape.level + TINY));
  shape.roughness = Math.log((slowStep + TINY) / (slowDeviation + TINY));
  shape.change = Math.log((slowStep + TINY) / (least + TINY));
  shape.levels = Math.log((span + TINY) / (least + TINY));
  shape.skew = Math.log((high - slow + TINY) / (slow - low + TINY));
  const { seasonVisits, seasonDeviation } = evidence;
  shape.season =
    seasonVisits >= SEASON_VISITS ? 1 - seasonDeviation / Math.max(slowDeviation, TINY) : -1;
  const perSecond = (least * evidence.intervalMs) / 1000;
  shape.events = Math.abs(least - 1) < 0.001 || Math.abs(perSecond - 1) < 0.02 ? 1 : 0;
  let repeats = 0;
  for (let i = 1; i < WINDOW; i++) if (window[i] === window[i - 1]) repeats += 1;
  shape.repeats = repeats / (WINDOW - 1);
}

function positive(): number {
  return shape.bottom >= -1e-9 * Math.abs(shape.top) ? 1 : 0;
}

/** Whether the values reach down to nothing and no further. */
function touchesZero(): number {
  return positive() * below(shape.bottom / Math.max(shape.top, TINY), 0.1, 0.02);
}

/** Whether the value that stands still is not nothing. */
function standing(): number {
  return above(shape.level / Math.max(Math.abs(shape.top), TINY), 0.02, 0.2);
}

/** Ramps: from 0 at `none` to 1 at `full`. */
function above(value: number, none: number, full: number): number {
  return Math.min(1, Math.max(0, (value - none) / (full - none)));
}

function below(value: number, none: number, full: number): number {
  return 1 - above(value, full, none);
}
