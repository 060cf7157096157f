/** Classes of metrics that may have weights and calibration of their own. */
export const metricClasses = [
  'latency',
  'error-ratio',
  'throughput',
  'saturation',
  'seasonal-kpi',
  'sparse-counts',
  'counter',
  'steps',
] as const;

/** Class of a metric. */
export type MetricClass = (typeof metricClasses)[number];

/** Class of a metric, or `general`: none is known. */
export type ClassName = MetricClass | 'general';

/**
 * A number stands for one of these by its place: 0 for none.
 *
 * Saved state has three bits of it: up to 7 are those that values can tell, last comes what only a definition can.
 */
export const classNames: readonly ClassName[] = [
  'general',
  'latency',
  'error-ratio',
  'throughput',
  'saturation',
  'seasonal-kpi',
  'sparse-counts',
  'steps',
  'counter',
];

/** Returns the number of a class; `undefined` for a name that is none. */
export function classNumber(name: string): number | undefined {
  const number = (classNames as readonly string[]).indexOf(name);
  return number < 0 ? undefined : number;
}
