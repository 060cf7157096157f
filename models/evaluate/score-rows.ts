import { backtestSeries } from '../../operators/detect/backtest-series.ts';
import type { DetectSettings } from '../../operators/detect/detect-input.ts';
import { newDetectTables } from '../../operators/detect/detect-tables.ts';
import { Detector } from '../../operators/detect/detector.ts';
import type { Siblings } from '../../operators/detect/siblings.ts';
import { type DetectTuning, defaultTuning } from '../../operators/detect/tuning.ts';
import type { Scorer } from '../scorer.ts';
import type { SeriesPoints } from './fleet-series.ts';

/** How rows are scored: the product's models and constants unless an experiment has others. */
export interface ScoringSetup {
  readonly scorer: Scorer;
  readonly tuning?: DetectTuning;
  readonly settings?: DetectSettings;
  /** Makes what a series may go by beside itself, anew for each; absent: nothing. */
  readonly siblings?: () => Siblings;
}

/** What the detector said of each row. */
export interface ScoredRows {
  readonly scores: Float64Array;
  readonly onsets: Uint8Array;
  /** What each row says of its entity. */
  readonly excess: Float64Array;
  /** Interval of the series at the last row, ms. */
  readonly intervalMs: number;
  /** Points before the one from which on the series counts as live; their number where it does not. */
  readonly liveAfter: number;
}

const TABLE = { rowsPerPage: 1, pagesPerSlab: 1 };

/** Scores the rows of one series by a detector of its own, as `vigie backtest` does a file. */
export async function scoreRows(setup: ScoringSetup, series: SeriesPoints): Promise<ScoredRows> {
  const tables = newDetectTables(TABLE);
  const row = tables.series.allocate();
  const scores = new Float64Array(series.values.length);
  const onsets = new Uint8Array(series.values.length);
  const excess = new Float64Array(series.values.length);
  let intervalMs = 0;
  let liveAfter = series.values.length;
  const { settings, siblings, tuning = defaultTuning } = setup;
  const detector = new Detector(setup.scorer, tables, tuning, siblings?.());
  const rows = { ...series, row, live: siblings !== undefined };
  const input = settings === undefined ? rows : { ...rows, settings };
  await backtestSeries(detector, input, (result, i) => {
    scores[i] = result.score;
    onsets[i] = result.onset;
    excess[i] = result.excess;
    intervalMs = result.intervalMs;
    if (result.state === 'live') liveAfter = Math.min(liveAfter, i);
  });
  return { scores, onsets, excess, intervalMs, liveAfter };
}
