import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DetectInput, defaultSettings } from '../../operators/detect/detect-input.ts';
import { newDetectTables } from '../../operators/detect/detect-tables.ts';
import { FeaturePass } from '../../operators/detect/feature-pass.ts';
import { FORECAST_WIDTH } from '../../operators/detect/forecast-features.ts';
import { SeriesTracker } from '../../operators/detect/series-tracker.ts';
import { WINDOW } from '../../operators/detect/state-columns.ts';
import { FOREST_WIDTH } from '../../operators/detect/window-features.ts';
import type { SeriesPoints } from '../evaluate/fleet-series.ts';

/** Points of a series that are read: enough for every season, and the year-long ones do not outweigh the rest. */
export const MOST_POINTS = 60_000;
/** Windows before this point are left out: the state is still cold. */
const SETTLED_POINTS = 96;

/** Takes windows of series as rows for the models, with the same code that the product extracts features by. */
export class TrainingRows {
  readonly #forecast: Float32Array[] = [];
  readonly #forest: Float32Array[] = [];
  readonly #shape: Float32Array[] = [];

  /** Takes at most about `most` windows, spread evenly over a series; returns how many. */
  add(points: SeriesPoints, most: number): number {
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

  /** Writes `forecast.f32` (inputs, then the target), `forest.f32` and `shape.f32`, little-endian, into a folder. */
  write(into: string): void {
    mkdirSync(into, { recursive: true });
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

function passOver(points: SeriesPoints, count: number): FeaturePass {
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
