import { quietMs } from '../../operators/detect/rate-calibration.ts';
import { defaultTuning } from '../../operators/detect/tuning.ts';
import { type MetricClass, metricClasses } from '../metric-class.ts';
import { fleetSeries, joiningOf, resample, type SeriesPoints } from './fleet-series.ts';
import { type ScoredRows, type ScoringSetup, scoreRows } from './score-rows.ts';

/** Scores at which false onsets are counted. */
export const curveScores = [1, 1.5, 2, 3] as const;

/** Intervals that the same normal series are looked at, seconds. */
export const curveSeconds = [1, 15, 60, 300] as const;

/** False onsets of one normal series at one interval, by score. */
export interface CurveRun {
  readonly metricClass: MetricClass;
  readonly series: number;
  readonly seconds: number;
  readonly days: number;
  readonly onsets: readonly number[];
}

/** An episode ends after so many points below the opening score. */
const QUIET_POINTS = defaultTuning.quietPoints;

/**
 * Scores normal series that are generated once a second and put together to longer intervals.
 *
 * All points count, the first of a new series too. An episode counts at a score when it has reached it.
 */
export async function runRateCurve(
  setup: ScoringSetup,
  perClass: number,
  days: number,
  seconds: readonly number[] = curveSeconds,
): Promise<CurveRun[]> {
  const runs: CurveRun[] = [];
  for (const [k, metricClass] of metricClasses.entries()) {
    for (let i = 0; i < perClass; i++) {
      const request = { seed: 500_000 + 1000 * k + i, metricClass, intervalMs: 1000 };
      const finest = fleetSeries({ ...request, points: Math.round(days * 86_400) });
      for (const factor of seconds) {
        const series = resample(finest, factor, joiningOf(metricClass));
        const scored = await scoreRows(setup, series);
        const onsets = peaksOf(series, scored, factor * 1000);
        runs.push({ metricClass, series: i, seconds: factor, days, onsets });
      }
    }
  }
  return runs;
}

/** How many episodes reached each of `curveScores`. */
function peaksOf({ timestamps }: SeriesPoints, scored: ScoredRows, intervalMs: number): number[] {
  const { scores, onsets } = scored;
  const counts = curveScores.map(() => 0);
  const quiet = Math.max(QUIET_POINTS * intervalMs, quietMs(intervalMs, defaultTuning));
  for (let i = 0; i < onsets.length; i++) {
    if (onsets[i] === 0) continue;
    let peak = 0;
    const untilMs = (timestamps[i] as number) + quiet;
    for (let k = i; k < scores.length && (timestamps[k] as number) <= untilMs; k++) {
      peak = Math.max(peak, scores[k] as number);
      if (k > i) onsets[k] = 0;
    }
    for (const [s, score] of curveScores.entries())
      if (peak >= score) counts[s] = (counts[s] ?? 0) + 1;
  }
  return counts;
}
