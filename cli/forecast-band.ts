import { OnnxEnsemble } from '../models/onnx-ensemble.ts';
import { backtestSeries } from '../operators/detect/backtest-series.ts';
import { defaultSettings } from '../operators/detect/detect-input.ts';
import { newDetectTables } from '../operators/detect/detect-tables.ts';
import { Detector } from '../operators/detect/detector.ts';
import { allowedSeason } from '../operators/detect/series-tier.ts';
import { localClock } from '../operators/local-clock.ts';
import type { SeriesContext } from '../schemas/generated/series-context.ts';
import type { Course } from './nearest-window.ts';

/** What was expected at each point of a course, and its band. */
export interface ForecastBand {
  readonly expected: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

/**
 * Draws the band anew from the points that are left, with the models of this installation.
 *
 * The live detector may have known more of the series than the topic still holds, so the two differ where the course
 * begins; what it said at the peak stands on the anomaly. Cost: the models once over the course.
 */
export async function forecastBand(
  { timestamps, values }: Course,
  context: Pick<SeriesContext, 'intervalMs' | 'timeZone' | 'season' | 'metricType'> | undefined,
): Promise<ForecastBand> {
  const tables = newDetectTables({ rowsPerPage: 1, pagesPerSlab: 1 });
  const row = tables.series.allocate();
  const detector = new Detector(await OnnxEnsemble.load(), tables);
  const { intervalMs = 0, timeZone = 'UTC' } = context ?? {};
  const season =
    context === undefined ? defaultSettings.season : allowedSeason(context, defaultSettings.season);
  const band = { expected: [] as number[], lower: [] as number[], upper: [] as number[] };
  const input = {
    timestamps: Float64Array.from(timestamps),
    values: Float64Array.from(values),
    row,
    settings: { ...defaultSettings, intervalMs, clock: localClock(timeZone), season },
  };
  await backtestSeries(detector, input, ({ expected, lower, upper }) => {
    band.expected.push(expected);
    band.lower.push(lower);
    band.upper.push(upper);
  });
  return band;
}
