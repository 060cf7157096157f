import { utcCalendar } from '../../operators/detect/calendar.ts';
import { inferClass, isClassDue } from '../../operators/detect/class-inference.ts';
import { newDetectTables } from '../../operators/detect/detect-tables.ts';
import { SeriesTracker } from '../../operators/detect/series-tracker.ts';
import { WINDOW } from '../../operators/detect/state-columns.ts';
import { type ClassName, classNames, type MetricClass, metricClasses } from '../metric-class.ts';
import { fleetSeries, type SeriesPoints } from './fleet-series.ts';
import type { Cadence } from './generated-faults.ts';

/** What the values of a series were taken for, and what they are. */
export interface ClassRun {
  readonly name: string;
  readonly metricClass: MetricClass;
  readonly inferred: ClassName;
  /** How often the class changed on the way, the first time included. */
  readonly changes: number;
}

const TABLE = { rowsPerPage: 1, pagesPerSlab: 1 };
/** Seeds that nothing else of the evaluation has. */
const FIRST_SEED = 300_000;

/** Follows the values of a series as the detector does and tells what class it ends in. */
export function followClass(series: SeriesPoints): Pick<ClassRun, 'inferred' | 'changes'> {
  const tables = newDetectTables(TABLE);
  const tracker = new SeriesTracker(tables);
  tracker.load(tables.series.allocate());
  const window = new Float64Array(WINDOW);
  let changes = 0;
  for (let i = 0; i < series.values.length; i++) {
    const ms = series.timestamps[i] as number;
    const value = series.values[i] as number;
    if ((tracker.count > 0 && ms <= tracker.lastMs) || !Number.isFinite(value)) continue;
    tracker.look(ms, value, 0, utcCalendar);
    tracker.take();
    if (!isClassDue(tracker.count)) continue;
    tracker.readWindow(window);
    const inferred = inferClass(tracker, window, tracker.metricClass);
    if (inferred !== tracker.metricClass) changes += 1;
    tracker.metricClass = inferred;
  }
  return { inferred: classNames[tracker.metricClass] ?? 'general', changes };
}

/** Infers the class of `perClass` generated series of each class, the first `points` of them, without any fault. */
export function runFleetClasses(
  { intervalMs, points }: Cadence,
  perClass: number,
  first = Number.POSITIVE_INFINITY,
): ClassRun[] {
  return metricClasses.flatMap((metricClass, k) =>
    Array.from({ length: perClass }, (_, i) => {
      const seed = FIRST_SEED + 1000 * k + i;
      const series = fleetSeries({
        seed,
        metricClass,
        points: Math.min(points, first),
        intervalMs,
      });
      return { name: `${metricClass} ${seed}`, metricClass, ...followClass(series) };
    }),
  );
}

/**
 * Share of series whose class was told right.
 *
 * `rates`: counters, which reach the detector as rates, and throughput are taken as one: values do not tell them apart.
 */
export function classAccuracy(runs: readonly ClassRun[], rates = false): number {
  const right = runs.filter(
    ({ metricClass, inferred }) =>
      metricClass === inferred || (rates && metricClass === 'counter' && inferred === 'throughput'),
  );
  return right.length / runs.length;
}
