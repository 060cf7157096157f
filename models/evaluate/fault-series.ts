import type { MetricClass } from '../metric-class.ts';
import { gaussian, seededRandom } from '../seeded-random.ts';
import { fleetSeries, type SeriesPoints } from './fleet-series.ts';

/** Faults that can be planted. */
export const faultKinds = [
  'spike',
  'drop',
  'shift',
  'drift',
  'flatline',
  'variance',
  'season-break',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Sizes of faults. */
export const faultSizes = ['small', 'medium', 'large'] as const;
export type FaultSize = (typeof faultSizes)[number];

/** A fault that was planted: rows `[from, to)`. */
export interface PlantedFault {
  readonly kind: FaultKind;
  readonly size: FaultSize;
  readonly from: number;
  readonly to: number;
}

/** A generated series and what is wrong with it. */
export interface FaultSeries extends SeriesPoints {
  readonly metricClass: MetricClass;
  readonly intervalMs: number;
  readonly faults: readonly PlantedFault[];
}

/** What to generate; `faults` are spread over the last two thirds. */
export interface FaultRequest {
  readonly seed: number;
  readonly metricClass: MetricClass;
  readonly points: number;
  readonly intervalMs: number;
  readonly faults: number;
}

/** Deviations by which a value is moved. */
export const FAULT_DEVIATIONS: Readonly<Record<FaultSize, number>> = {
  small: 5,
  medium: 10,
  large: 20,
};
/** Factor on the length of a flat line and of a break of the season. */
const LENGTH: Readonly<Record<FaultSize, number>> = { small: 1, medium: 2, large: 4 };
/** Points whose deviation is looked at before a fault. */
const KNOWN_POINTS = 512;
/** Points on both sides whose mean a point is held against. */
const NEAR = 8;
/** A fault that a bound of the metric cut to less than this share is not planted. */
const LEAST_LEFT = 0.6;
const HOUR_MS = 3_600_000;

/** Faults that are one for a class: a level that stands still is normal for steps and where most counts are 0. */
export function faultsOf(metricClass: MetricClass, intervalMs: number): readonly FaultKind[] {
  const seasonal = ['throughput', 'seasonal-kpi', 'counter', 'latency'].includes(metricClass);
  return faultKinds.filter((kind) => {
    if (kind === 'season-break') return metricClass === 'seasonal-kpi' && intervalMs >= 60_000;
    if (kind === 'flatline') return seasonal || metricClass === 'saturation';
    if (kind === 'variance') return metricClass !== 'sparse-counts';
    if (kind === 'drop') return metricClass !== 'sparse-counts' && metricClass !== 'error-ratio';
    return true;
  });
}

/** Generates a series of a class with faults of every kind that its class can have, in turn, in every size. */
export function faultSeries(request: FaultRequest): FaultSeries {
  const { metricClass, intervalMs, points } = request;
  const { timestamps, values } = fleetSeries(request);
  const random = seededRandom(request.seed * 3_266_489_917 + 7);
  const kinds = faultsOf(metricClass, intervalMs);
  const faults: PlantedFault[] = [];
  const room = (points * 2) / 3 / request.faults;
  const first = Math.floor(random() * kinds.length * faultSizes.length);
  for (let f = 0; f < request.faults; f++) {
    const from = Math.floor(points / 3 + f * room + 0.3 * room * random());
    const kind = kinds[(first + f) % kinds.length] as FaultKind;
    const size = faultSizes[Math.floor((first + f) / kinds.length) % 3] as FaultSize;
    const fault = plantFault(values, { kind, size, from, intervalMs }, random);
    if (fault !== null) faults.push(fault);
  }
  return { timestamps, values, metricClass, intervalMs, faults };
}

/** Where and what to plant. */
export interface FaultPlan {
  readonly kind: FaultKind;
  readonly size: FaultSize;
  readonly from: number;
  readonly intervalMs: number;
}

/**
 * Plants a fault in values; null where there is no room, or a bound at 0 leaves too little of it.
 *
 * Sizes are in deviations of the points before from their neighbours' mean. Values that were all ≥ 0 stay so.
 */
export function plantFault(
  values: Float64Array,
  plan: FaultPlan,
  random: () => number,
): PlantedFault | null {
  const { kind, size, from } = plan;
  const to = from + lengthOf(plan, random);
  if (to > values.length) return null;
  const deviation = deviationBefore(values, from);
  const bounded = values.every((value) => value >= 0);
  const before = values.slice(0, to);
  const halfDay = Math.round((12 * HOUR_MS) / plan.intervalMs);
  const most = deviation * FAULT_DEVIATIONS[size];
  const held = before[from - 1] as number;
  let moved = 0;
  for (let i = from; i < to; i++) {
    const own = before[i] as number;
    const size = kind === 'drift' ? (most * (i - from + 1)) / (to - from) : most;
    const replaced = kind === 'flatline' ? held : (before[i - halfDay] as number);
    const value = faulty(kind, own, { replaced, size, noise: gaussian(random) });
    values[i] = bounded ? Math.max(0, value) : value;
    moved = Math.max(moved, Math.abs((values[i] as number) - own));
  }
  const sized = kind !== 'flatline' && kind !== 'season-break' && kind !== 'variance';
  if (!sized || moved >= LEAST_LEFT * most) return { kind, size, from, to };
  values.set(before.subarray(from, to), from);
  return null;
}

/** What a fault does to a value: `replaced` stands in for it, or it is moved by `size`. */
function faulty(
  kind: FaultKind,
  own: number,
  { replaced, size, noise }: { replaced: number; size: number; noise: number },
): number {
  if (kind === 'drop') return own - size;
  if (kind === 'variance') return own + 0.4 * size * noise;
  return kind === 'flatline' || kind === 'season-break' ? replaced : own + size;
}

function lengthOf({ kind, size, intervalMs }: FaultPlan, random: () => number): number {
  if (kind === 'spike' || kind === 'drop') return 1 + Math.floor(3 * random());
  if (kind === 'flatline') return 40 * LENGTH[size];
  if (kind === 'season-break') return Math.round((1.5 * LENGTH[size] * HOUR_MS) / intervalMs);
  return 40 + Math.floor(40 * random());
}

/** Root of the mean square of the points' distances from their neighbours' mean, the largest twentieth left out. */
export function deviationBefore(values: Float64Array, end: number): number {
  const start = Math.max(0, end - KNOWN_POINTS);
  const squares: number[] = [];
  let mean = 0;
  for (let i = start + NEAR; i < end - NEAR; i++) {
    let near = 0;
    for (let k = i - NEAR; k <= i + NEAR; k++) near += values[k] as number;
    mean += Math.abs(values[i] as number);
    squares.push(((values[i] as number) - near / (2 * NEAR + 1)) ** 2);
  }
  squares.sort((a, b) => a - b);
  const kept = squares.slice(0, Math.ceil(0.95 * squares.length));
  const square = kept.reduce((sum, one) => sum + one, 0) / Math.max(1, kept.length);
  const typical = mean / Math.max(1, squares.length);
  return Math.max(Math.sqrt(square), 0.01 * typical, 1e-9);
}
