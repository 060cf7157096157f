import { type MetricClass, metricClasses } from '../metric-class.ts';
import { seededRandom } from '../seeded-random.ts';
import { deviationBefore } from './fault-series.ts';
import { fleetSeries, type SeriesPoints } from './fleet-series.ts';
import { type ScoringSetup, scoreRows } from './score-rows.ts';

/** Faults planted in young series. */
export const youngFaults = ['spike', 'drop', 'flatline'] as const;
export type YoungFault = (typeof youngFaults)[number];

/** Found and planted. */
export interface YoungRecall {
  found: number;
  planted: number;
}

/**
 * What ten deviations are taken of: `series`, all its points before the fault, as anyone would; `noise`, those of the
 * points from their neighbours' mean, bursts left out, so that a burst that a class has anyway may be larger.
 */
export const youngUnits = ['series', 'noise'] as const;
export type YoungUnit = (typeof youngUnits)[number];
export type YoungCounts = Readonly<Record<YoungUnit, Readonly<Record<YoungFault, YoungRecall>>>>;

/** The first hour (and the second, for faults) of new series at one interval. */
export interface FirstHour {
  readonly seconds: number;
  readonly series: number;
  /** Onsets in the first hour of series without faults. */
  readonly falseOnsets: number;
  /** By unit and fault: planted in minutes 10 to 60, and in the second hour. */
  readonly early: YoungCounts;
  readonly later: YoungCounts;
}

const HOUR_S = 3600;
/** How long a fault lasts: a spike or drop 3 points, at least 10 s; a flat line 20 points, at least 2 minutes. */
const POINT_FAULT = { points: 3, seconds: 10 };
const FLAT_FAULT = { points: 20, seconds: 120 };
const DEVIATIONS = 10;
/** Points that a deviation is taken from at least: those after the fault too where there are fewer before it. */
const LEAST_KNOWN = 64;
/** Points after a fault in which an onset still counts as its own. */
const AFTER = 3;
/** Classes that no fault is planted in: most of their values stand at 0 or at a level, and 10 deviations mean nothing. */
const STILL: readonly MetricClass[] = ['error-ratio', 'sparse-counts', 'steps'];

/**
 * Watches new series for an hour without a fault, and copies of them with one fault each.
 *
 * @param setupOf how series of a class are scored. @param series of them, the first `faulty` with copies.
 */
export async function runFirstHour(
  setupOf: (metricClass: MetricClass) => ScoringSetup,
  seconds: number,
  series: number,
  faulty = series,
): Promise<FirstHour> {
  const early = blankCounts();
  const later = blankCounts();
  let falseOnsets = 0;
  for (let i = 0; i < series; i++) {
    const metricClass = metricClasses[i % metricClasses.length] as MetricClass;
    const intervalMs = seconds * 1000;
    const points = (2 * HOUR_S) / seconds;
    const whole = fleetSeries({ seed: 900_000 + i, metricClass, points, intervalMs });
    const hour = HOUR_S / seconds;
    const first = {
      timestamps: whole.timestamps.subarray(0, hour),
      values: whole.values.subarray(0, hour),
    };
    const setup = setupOf(metricClass);
    const { onsets } = await scoreRows(setup, first);
    for (const onset of onsets) if (onset > 0) falseOnsets += 1;
    if (i >= faulty) continue;
    const kind = youngFaults[Math.floor(i / metricClasses.length) % 3] as YoungFault;
    if (STILL.includes(metricClass)) continue;
    const random = seededRandom(77_000 + i);
    const room = Math.max(300, lengthOf(kind, seconds) * seconds);
    const at = (from: number, to: number) =>
      Math.floor((from + (to - room - from) * random()) / seconds);
    const plant = async (points: SeriesPoints, from: number, counts: YoungCounts) => {
      for (const unit of youngUnits) {
        const size = DEVIATIONS * deviationOf(whole.values, Math.max(from, LEAST_KNOWN), unit);
        await tryFault(setup, points, { kind, from, seconds, size }, counts[unit][kind]);
        // A flat line has no size.
        if (kind === 'flatline') Object.assign(counts.noise[kind], counts.series[kind]);
        if (kind === 'flatline') break;
      }
    };
    await plant(first, at(600, HOUR_S), early);
    await plant(whole, at(HOUR_S, 2 * HOUR_S), later);
  }
  return { seconds, series, falseOnsets, early, later };
}

/** Points of a fault. */
function lengthOf(kind: YoungFault, seconds: number): number {
  const { points, seconds: least } = kind === 'flatline' ? FLAT_FAULT : POINT_FAULT;
  return Math.max(points, Math.ceil(least / seconds));
}

interface YoungPlan {
  readonly kind: YoungFault;
  /** First point of the fault. */
  readonly from: number;
  readonly seconds: number;
  /** Distance that a spike or drop moves values by. */
  readonly size: number;
}

async function tryFault(
  setup: ScoringSetup,
  series: SeriesPoints,
  { kind, from, seconds, size }: YoungPlan,
  recall: YoungRecall,
): Promise<void> {
  const to = from + lengthOf(kind, seconds);
  const values = series.values.slice();
  const move = kind === 'drop' ? -size : size;
  for (let i = from; i < to; i++) {
    values[i] = kind === 'flatline' ? (values[from - 1] as number) : (values[i] as number) + move;
  }
  const { onsets } = await scoreRows(setup, { timestamps: series.timestamps, values });
  recall.planted += 1;
  if (onsets.subarray(from, to + AFTER).some((onset) => onset > 0)) recall.found += 1;
}

function deviationOf(values: Float64Array, end: number, unit: YoungUnit): number {
  if (unit === 'noise') return deviationBefore(values, end);
  const known = values.subarray(0, end);
  const mean = known.reduce((sum, value) => sum + value, 0) / end;
  const square = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / end;
  return Math.max(Math.sqrt(square), 0.01 * Math.abs(mean));
}

function blankCounts(): YoungCounts {
  return { series: blankRecall(), noise: blankRecall() };
}

function blankRecall(): Record<YoungFault, YoungRecall> {
  return {
    spike: { found: 0, planted: 0 },
    drop: { found: 0, planted: 0 },
    flatline: { found: 0, planted: 0 },
  };
}

/** Share found of all kinds together. */
export function youngRecall(recall: YoungCounts[YoungUnit]): number {
  let found = 0;
  let planted = 0;
  for (const kind of youngFaults) {
    found += recall[kind].found;
    planted += recall[kind].planted;
  }
  return found / planted;
}
