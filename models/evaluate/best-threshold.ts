import { countOnsets, type JudgedRows, onsetRatios, sumCounts } from './onset-metrics.ts';

/** Thresholds tried, at ranks that lie closer the higher the score. */
const THRESHOLDS = 300;
/** Share of the rows, from the highest score down, in which they lie. */
const HIGHEST_SHARE = 0.25;

/** What the best threshold on the labels gives. */
export interface BestThreshold {
  readonly f1: number;
  readonly precision: number;
  readonly recall: number;
  readonly threshold: number;
}

/**
 * Finds the one threshold for all rows that has the largest event F1 on their own labels: an upper bound, not a figure
 * to be had. An alert is a row at or above it that follows `quietRows` or more below it.
 */
export function bestThreshold(all: readonly JudgedRows[], quietRows: number): BestThreshold {
  const sorted = Float64Array.from(all.flatMap(({ scores }) => [...scores])).sort();
  const tried = new Set<number>();
  for (let j = 1; j <= THRESHOLDS; j++) {
    const rank = Math.floor(sorted.length * HIGHEST_SHARE * (j / THRESHOLDS) ** 3);
    tried.add(sorted[Math.max(0, sorted.length - 1 - rank)] as number);
  }
  let best: BestThreshold = { f1: 0, precision: 0, recall: 0, threshold: Number.NaN };
  for (const threshold of tried) {
    const counts = all.map((rows) =>
      countOnsets({ ...rows, onsets: alertsOf(rows.scores, threshold, quietRows) }),
    );
    const { f1, precision, recall } = onsetRatios(sumCounts(counts));
    if (f1 > best.f1) best = { f1, precision, recall, threshold };
  }
  return best;
}

function alertsOf(scores: Float64Array, threshold: number, quietRows: number): Uint8Array {
  const alerts = new Uint8Array(scores.length);
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i++) {
    if ((scores[i] as number) < threshold) continue;
    if (i - last > Math.max(1, quietRows)) alerts[i] = 1;
    last = i;
  }
  return alerts;
}
