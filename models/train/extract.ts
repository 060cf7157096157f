import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type DetectInput, defaultSettings } from '../../operators/detect/detect-input.ts';
import { newDetectTables } from '../../operators/detect/detect-tables.ts';
import { FeaturePass } from '../../operators/detect/feature-pass.ts';
import { FORECAST_WIDTH } from '../../operators/detect/forecast-features.ts';
import { SeriesTracker } from '../../operators/detect/series-tracker.ts';
import { WINDOW } from '../../operators/detect/state-columns.ts';
import { FOREST_WIDTH } from '../../operators/detect/window-features.ts';
import { generateSeries, seriesKinds } from './synthetic.ts';

/** Windows taken from one real series, spread evenly over it. */
const REAL_WINDOWS = 2500;
/** Points of a series that are read: enough for every season, and the year-long ones do not outweigh the rest. */
const MOST_POINTS = 60_000;
const SYNTHETIC_SERIES = 160;
const SYNTHETIC_POINTS = 4000;
const SYNTHETIC_WINDOWS = 500;
const CADENCES_MS = [1000, 15_000, 60_000, 300_000];
/** Windows before this point are left out: the state is still cold. */
const SETTLED_POINTS = 96;

interface Points {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/**
 * Writes the training matrices that `train.py` reads, with the same code that the product extracts features by.
 *
 * Files of little-endian f32 in the folder given as second argument: `forecast.f32` (inputs, then the target: the
 * value's distance from the slow level in long-run spreads), `forest.f32`, `shape.f32`, and `summary.json`. Labels are not read.
 */
function extract(root: string, into: string): void {
  mkdirSync(into, { recursive: true });
  const rows = new Rows();
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

class Rows {
  readonly #forecast: Float32Array[] = [];
  readonly #forest: Float32Array[] = [];
  readonly #shape: Float32Array[] = [];

  add(points: Points, most: number): number {
    const count = Math.min(points.values.length, MOST_POINTS);
    const pass = passOver(points, count);
    const first = Math.min(SETTLED_POINTS, count);
    const every = Math.max(1, Math.floor((count - first) / most));
    let taken = 0;
    for (let i = first; i < count; i += every) {
      const window = pass.windowOf[i] as number;
      const forecast = new Float32Array(FORECAST_WIDTH + 1);
      forecast.set(pass.forecast.subarray(i * FORECAST_WIDTH, (i + 1) * FORECAST_WIDTH));
      const value = points.values[i] as number;
      forecast[FORECAST_WIDTH] = (value - (pass.slow[i] as number)) / (pass.spread[i] as number);
      this.#forecast.push(forecast);
      this.#forest.push(pass.forest.slice(window * FOREST_WIDTH, (window + 1) * FOREST_WIDTH));
      this.#shape.push(pass.shape.slice(window * WINDOW, (window + 1) * WINDOW));
      taken += 1;
    }
    return taken;
  }

  write(into: string): void {
    for (const [name, rows] of [
      ['forecast', this.#forecast],
      ['forest', this.#forest],
      ['shape', this.#shape],
    ] as const) {
      const all = Buffer.concat(rows.map((r) => Buffer.from(r.buffer, r.byteOffset, r.byteLength)));
      writeFileSync(join(into, `${name}.f32`), all);
    }
  }
}

function passOver(points: Points, count: number): FeaturePass {
  const tables = newDetectTables({ rowsPerPage: 1, pagesPerSlab: 1 });
  const pass = new FeaturePass(new SeriesTracker(tables));
  const input: DetectInput = {
    runs: 1,
    rows: Uint32Array.of(tables.series.allocate()),
    starts: Uint32Array.of(0),
    counts: Uint32Array.of(count),
    settingsOf: Uint32Array.of(0),
    // Every point closes a window here, whatever its interval, so that each sampled point has one.
    settings: [{ ...defaultSettings, hop: 1 }],
    historical: Uint8Array.of(0),
    timestamps: points.timestamps,
    values: points.values,
  };
  pass.run(input, count);
  return pass;
}

function* realSeries(root: string): Generator<Points> {
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
function* columnsOf(path: string, names: readonly string[] | null): Generator<Points> {
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
