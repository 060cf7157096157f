import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FORECAST_WIDTH } from '../../operators/detect/forecast-features.ts';
import { WINDOW } from '../../operators/detect/state-columns.ts';
import { FOREST_WIDTH } from '../../operators/detect/window-features.ts';
import type { SeriesPoints } from '../evaluate/fleet-series.ts';
import { generateSeries, seriesKinds } from './synthetic.ts';
import { MOST_POINTS, TrainingRows } from './training-rows.ts';

/** Windows taken from one real series, spread evenly over it. */
const REAL_WINDOWS = 2500;
const SYNTHETIC_SERIES = 160;
const SYNTHETIC_POINTS = 4000;
const SYNTHETIC_WINDOWS = 500;
const CADENCES_MS = [1000, 15_000, 60_000, 300_000];

/**
 * Writes the training matrices that `train.py` reads, with the same code that the product extracts features by.
 *
 * Files of little-endian f32 in the folder given as second argument: `forecast.f32` (inputs, then the target: the
 * value's distance from the slow level in long-run spreads), `forest.f32`, `shape.f32`, and `summary.json`. Labels are not read.
 */
function extract(root: string, into: string): void {
  const rows = new TrainingRows();
  let real = 0;
  for (const points of realSeries(root)) real += rows.add(points, REAL_WINDOWS);
  let synthetic = 0;
  for (let i = 0; i < SYNTHETIC_SERIES; i++) {
    const kind = seriesKinds[i % seriesKinds.length] ?? 'noise';
    const intervalMs =
      CADENCES_MS[Math.floor(i / seriesKinds.length) % CADENCES_MS.length] ?? 60_000;
    const request = { seed: i + 1, kind, points: SYNTHETIC_POINTS, intervalMs, faults: 0 };
    synthetic += rows.add(generateSeries(request), SYNTHETIC_WINDOWS);
  }
  rows.write(into);
  const summary = { realWindows: real, syntheticWindows: synthetic, forecast: FORECAST_WIDTH };
  writeFileSync(
    join(into, 'summary.json'),
    JSON.stringify({ ...summary, forest: FOREST_WIDTH, window: WINDOW }),
  );
  if (synthetic > real) throw new Error('more synthetic than real windows');
}

function* realSeries(root: string): Generator<SeriesPoints> {
  for (const path of files(join(root, 'series'))) yield* columnsOf(path, ['value']);
  for (const set of ['smd', 'asd']) {
    for (const path of files(join(root, set))) {
      if (path.endsWith('train.csv.gz')) yield* columnsOf(path, null);
    }
  }
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.csv.gz'))
    .sort()
    .map((name) => join(folder, name));
}

/** Yields each named column (null: every third one) as a series, repeated and backward timestamps left out. */
function* columnsOf(path: string, names: readonly string[] | null): Generator<SeriesPoints> {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
  const head = (lines[0] ?? '').split(',');
  const columns =
    names?.map((n) => head.indexOf(n)) ?? head.map((_, i) => i).filter((i) => i % 3 === 1);
  for (const column of columns) {
    const timestamps: number[] = [];
    const values: number[] = [];
    for (const line of lines.slice(1, MOST_POINTS + 1)) {
      const cells = line.split(',');
      const ms = Date.parse(cells[0] ?? '');
      if (ms <= (timestamps.at(-1) ?? 0)) continue;
      timestamps.push(ms);
      values.push(Number(cells[column]));
    }
    yield { timestamps: Float64Array.from(timestamps), values: Float64Array.from(values) };
  }
}

const root = process.env.VIGIE_DATA;
const into = process.argv[2];
if (root === undefined || into === undefined) {
  process.stderr.write('usage: VIGIE_DATA=<folder> node models/train/extract.ts <output folder>\n');
  process.exit(2);
}
extract(root, into);
