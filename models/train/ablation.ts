import { backtestSeries } from '../../operators/detect/backtest-series.ts';
import { newDetectTables } from '../../operators/detect/detect-tables.ts';
import { Detector } from '../../operators/detect/detector.ts';
import { WINDOW } from '../../operators/detect/state-columns.ts';
import { type DetectTuning, defaultTuning } from '../../operators/detect/tuning.ts';
import type { Scorer } from '../scorer.ts';
import { generateSeries, type SyntheticSeries, seriesKinds } from './synthetic.ts';

const POINTS = 2600;
const FAULTS = 6;
const INTERVAL_MS = 300_000;
/** Rows around a fault in which an alert still counts as its own. */
const BEFORE = 2;
const AFTER = 6;
/** Rows at the start that are not judged. */
const WARM = 400;

/** Labelled series of every kind of normal behaviour, `perKind` of each. */
export function labelledSeries(perKind: number, firstSeed = 1000): SyntheticSeries[] {
  return seriesKinds.flatMap((kind, k) =>
    Array.from({ length: perKind }, (_, i) =>
      generateSeries({
        seed: firstSeed + 100 * k + i,
        kind,
        points: POINTS,
        intervalMs: INTERVAL_MS,
        faults: FAULTS,
      }),
    ),
  );
}

/** Scores and onsets of a labelled series. */
export interface Judged {
  readonly series: SyntheticSeries;
  readonly scores: Float64Array;
  readonly onsets: Uint8Array;
}

/** Scores labelled series, each with a detector of its own. */
export async function judge(
  scorer: Scorer,
  all: readonly SyntheticSeries[],
  tuning: DetectTuning = defaultTuning,
): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (const series of all) {
    const tables = newDetectTables({ rowsPerPage: 1, pagesPerSlab: 1 });
    const row = tables.series.allocate();
    const scores = new Float64Array(series.values.length);
    const onsets = new Uint8Array(series.values.length);
    const detector = new Detector(scorer, tables, tuning);
    await backtestSeries(detector, { ...series, row }, (result, i) => {
      scores[i] = result.score;
      onsets[i] = result.onset;
    });
    judged.push({ series, scores, onsets });
  }
  return judged;
}

/** Counts of an evaluation and the F1 of alerts against faults. */
export interface FaultScore {
  readonly faults: number;
  readonly found: number;
  readonly alerts: number;
  readonly trueAlerts: number;
  readonly f1: number;
}

/** Judges onsets: a fault is found when an alert starts in it, an alert is true when it starts in a fault. */
export function faultScore(judged: readonly Judged[]): FaultScore {
  const count = { faults: 0, found: 0, alerts: 0, trueAlerts: 0 };
  for (const one of judged) {
    countFaults(one, count);
    countAlerts(one, count);
  }
  const precision = count.trueAlerts / Math.max(1, count.alerts);
  const recall = count.found / Math.max(1, count.faults);
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { ...count, f1 };
}

interface FaultCount {
  faults: number;
  found: number;
  alerts: number;
  trueAlerts: number;
}

function countFaults({ series, onsets }: Judged, count: FaultCount): void {
  for (const [from, to] of faultRanges(series.labels)) {
    count.faults += 1;
    const inside = onsets.subarray(Math.max(0, from - BEFORE), to + AFTER);
    if (inside.some((onset) => onset > 0)) count.found += 1;
  }
}

function countAlerts({ series, onsets }: Judged, count: FaultCount): void {
  for (let i = WARM; i < onsets.length; i++) {
    if (onsets[i] === 0) continue;
    count.alerts += 1;
    const near = series.labels.subarray(Math.max(0, i - AFTER), i + BEFORE + 1);
    if (near.some((label) => label === 1)) count.trueAlerts += 1;
  }
}

/**
 * Mean over series of the area under the precision-recall curve of the scores against the faulty rows; rows whose window
 * still holds a fault that is over are not judged.
 */
export function meanAveragePrecision(judged: readonly Judged[]): number {
  let sum = 0;
  for (const { series, scores } of judged) sum += averagePrecision(scores, series.labels);
  return sum / judged.length;
}

/** What a set of models is worth, 0 to 1: alerts by their F1 and scores by their ranking count the same. */
export function worth(judged: readonly Judged[]): number {
  return (faultScore(judged).f1 + meanAveragePrecision(judged)) / 2;
}

/** Rows whose window still holds an earlier fault: neither normal nor faulty. */
function inShadow(labels: Uint8Array, row: number): boolean {
  if (labels[row] === 1) return false;
  return labels.subarray(Math.max(0, row - WINDOW), row).includes(1);
}

function averagePrecision(scores: Float64Array, labels: Uint8Array): number {
  const judgedRows = Array.from(scores.keys()).filter((row) => !inShadow(labels, row));
  const order = judgedRows.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  let hits = 0;
  let sum = 0;
  for (const [rank, row] of order.entries()) {
    if (labels[row] !== 1) continue;
    hits += 1;
    sum += hits / (rank + 1);
  }
  return hits === 0 ? 0 : sum / hits;
}

function faultRanges(labels: Uint8Array): [number, number][] {
  const ranges: [number, number][] = [];
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 1 || labels[i - 1] === 1) continue;
    let end = i;
    while (labels[end + 1] === 1) end += 1;
    ranges.push([i, end]);
  }
  return ranges;
}
