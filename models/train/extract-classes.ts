import { join } from 'node:path';
import { labelledClass } from '../evaluate/class-labels.ts';
import { fleetSeries, type SeriesPoints } from '../evaluate/fleet-series.ts';
import { cadences } from '../evaluate/generated-faults.ts';
import { type LabelledSeries, labelledSeries } from '../evaluate/labelled-data.ts';
import { type MetricClass, metricClasses } from '../metric-class.ts';
import { MOST_POINTS, TrainingRows } from './training-rows.ts';

/** Seeds that nothing of the evaluation has. */
const FIRST_SEED = 900_000;
const PER_CADENCE = 48;
/** Windows taken from one generated and one real series. */
const WINDOWS = 170;
const REAL_WINDOWS = 1500;

/**
 * Writes the training matrices of each class into `<class>/own` (generated series without faults) and `<class>/real` (those
 * labelled series whose name tells their class) under the folder given as argument. Labels are not read.
 */
function extract(root: string, into: string): void {
  const real = (['nab', 'kpi'] as const).flatMap((set) =>
    labelledSeries(root, set, MOST_POINTS).map((series) => ({ set, series })),
  );
  for (const [k, metricClass] of metricClasses.entries()) {
    generatedRows(metricClass, FIRST_SEED + 1000 * k).write(join(into, metricClass, 'own'));
    const rows = new TrainingRows();
    for (const { set, series } of real) {
      if (labelledClass(set, series.name) === metricClass) rows.add(inOrder(series), REAL_WINDOWS);
    }
    rows.write(join(into, metricClass, 'real'));
  }
}

function generatedRows(metricClass: MetricClass, firstSeed: number): TrainingRows {
  const rows = new TrainingRows();
  for (const [c, { intervalMs, points }] of cadences.entries()) {
    for (let i = 0; i < PER_CADENCE; i++) {
      const seed = firstSeed + 200 * c + i;
      rows.add(fleetSeries({ seed, metricClass, points, intervalMs }), WINDOWS);
    }
  }
  return rows;
}

/** Leaves out what is no point: repeated and backward times, cells without a number. */
function inOrder({ timestamps, values }: LabelledSeries): SeriesPoints {
  let newest = Number.NEGATIVE_INFINITY;
  const kept = timestamps.map((ms, i) => {
    const isPoint = ms > newest && Number.isFinite(values[i]);
    if (isPoint) newest = ms;
    return isPoint ? 1 : 0;
  });
  return {
    timestamps: timestamps.filter((_, i) => kept[i] === 1),
    values: values.filter((_, i) => kept[i] === 1),
  };
}

const root = process.env.VIGIE_DATA;
const into = process.argv[2];
if (root === undefined || into === undefined) {
  process.stderr.write(
    'usage: VIGIE_DATA=<folder> node models/train/extract-classes.ts <folder>\n',
  );
  process.exit(2);
}
extract(root, into);
