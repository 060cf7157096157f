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

/** The first hour (and the second, for faults) of new series at one interval. */
export interface FirstHour {
  readonly seconds: number;
  readonly series: number;
  /** Onsets in the first hour of series without faults. */
  readonly falseOnsets: number;
  /** By fault: planted in minutes 10 to 60, and in the second hour. */
  readonly early: Readonly<Record<YoungFault, YoungRecall>>;
  readonly later: Readonly<Record<YoungFault, YoungRecall>>;
}

const HOUR_S = 3600;
/** How long a fault lasts: a spike or drop 3 points, at least 10 s; a flat line 20 points, at least 2 minutes. */
const POINT_FAULT = { points: 3, seconds: 10 };
const FLAT_FAULT = { points: 20, seconds: 120 };
const DEVIATIONS = 10;
/** Points after a fault in which an onset still counts as its own. */
const AFTER = 3;
/** Classes that no fault is planted in: most of their values stand at 0 or at a level, and 10 deviations mean nothing. */
const STILL: readonly MetricClass[] = ['error-ratio', 'sparse-counts', 'steps'];

/** Watches new series for an hour without a fault, and copies of them with one fault each. */
export async function runFirstHour(
  setup: ScoringSetup,
  seconds: number,
  series: number,
  faulty = series,
): Promise<FirstHour> {
  const early = blankRecall();
  const later = blankRecall();
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
    const { onsets } = await scoreRows(setup, first);
    for (const onset of onsets) if (onset > 0) falseOnsets += 1;
    if (i >= faulty) continue;
    const kind = youngFaults[Math.floor(i / metricClasses.length) % 3] as YoungFault;
    if (STILL.includes(metricClass)) continue;
    const random = seededRandom(77_000 + i);
    const at = (from: number, to: number) => Math.floor((from + (to - from) * random()) / seconds);
    await tryFault(setup, first, kind, at(600, HOUR_S - 300), seconds, early[kind]);
    await tryFault(setup, whole, kind, at(HOUR_S, 2 * HOUR_S - 300), seconds, later[kind]);
  }
  return { seconds, series, falseOnsets, early, later };
}

async function tryFault(
  setup: ScoringSetup,
  series: SeriesPoints,
  kind: YoungFault,
  from: number,
  seconds: number,
  recall: YoungRecall,
): Promise<void> {
  const { points, seconds: least } = kind === 'flatline' ? FLAT_FAULT : POINT_FAULT;
  const length = Math.max(points, Math.ceil(least / seconds));
  const to = Math.min(series.values.length, from + length);
  const values = series.values.slice();
  const move = DEVIATIONS * deviationBefore(values, from) * (kind === 'drop' ? -1 : 1);
  for (let i = from; i < to; i++) {
    values[i] = kind === 'flatline' ? (values[from - 1] as number) : (values[i] as number) + move;
  }
  const { onsets } = await scoreRows(setup, { timestamps: series.timestamps, values });
  recall.planted += 1;
  if (onsets.subarray(from, to + AFTER).some((onset) => onset > 0)) recall.found += 1;
}

function blankRecall(): Record<YoungFault, YoungRecall> {
  return {
    spike: { found: 0, planted: 0 },
    drop: { found: 0, planted: 0 },
    flatline: { found: 0, planted: 0 },
  };
}

/** Share found of all kinds together. */
export function youngRecall(recall: FirstHour['early']): number {
  let found = 0;
  let planted = 0;
  for (const kind of youngFaults) {
    found += recall[kind].found;
    planted += recall[kind].planted;
  }
  return found / planted;
}
