import { type BestThreshold, bestThreshold } from './best-threshold.ts';
import type { LabelledMachine } from './labelled-data.ts';
import { type JudgedRows, withoutProbation } from './onset-metrics.ts';
import { type ForestSettings, RandomCutForest } from './random-cut-forest.ts';
import { vusPr } from './vus-pr.ts';

/** What settings of the forest are worth on a set of machines. */
export interface BaselineFigures {
  readonly settings: ForestSettings;
  /** VUS-PR by machine. */
  readonly vus: readonly number[];
  /** At the threshold and the quiet time that are best for the set. */
  readonly best: BestThreshold & { readonly quietRows: number };
}

/** Rows below the threshold after which an alert may follow another: the best is taken. */
const QUIET_ROWS = [0, 10, 48] as const;

const usual = { trees: 50, samples: 256, shingle: 1, decay: 0.1, standardised: false, seed: 1 };

/** Settings of the forest of which the best are taken, apart for each set and each figure: kind to it. */
export const forestGrid: readonly ForestSettings[] = [
  usual,
  { ...usual, standardised: true },
  { ...usual, samples: 1024 },
  { ...usual, samples: 1024, shingle: 4 },
];

/** Runs a forest over a machine's rows, those before the judged ones first; returns what it said of the judged ones. */
export function forestScores(machine: LabelledMachine, settings: ForestSettings): Float64Array {
  const { metrics, trainRows, timestamps } = machine;
  const scales = metrics.map((values) =>
    settings.standardised ? 1 / deviation(values.subarray(0, trainRows)) : 1,
  );
  const forest = new RandomCutForest(metrics.length, settings);
  const row = new Float32Array(metrics.length);
  const scores = new Float64Array(timestamps.length - trainRows);
  for (let i = 0; i < timestamps.length; i++) {
    for (let m = 0; m < metrics.length; m++) {
      row[m] = (metrics[m]?.[i] as number) * (scales[m] as number);
    }
    const score = forest.score(row);
    if (i >= trainRows) scores[i - trainRows] = score;
  }
  return scores;
}

/** Judges one setting of the forest on a set of machines. */
export function judgeForest(
  machines: readonly LabelledMachine[],
  settings: ForestSettings,
): BaselineFigures {
  const rows: JudgedRows[] = machines.map((machine) => {
    const { name, labels, days } = machine;
    const scores = forestScores(machine, settings);
    return withoutProbation({ name, scores, onsets: new Uint8Array(labels.length), labels, days });
  });
  const tried = QUIET_ROWS.map((quietRows) => ({ ...bestThreshold(rows, quietRows), quietRows }));
  const best = tried.reduce((most, one) => (one.f1 > most.f1 ? one : most));
  return { settings, vus: rows.map(({ scores, labels }) => vusPr(scores, labels)), best };
}

/** Least deviation that a metric is divided by, so that one that hardly moves does not drown the others. */
const LEAST_DEVIATION = 0.01;

function deviation(values: Float64Array): number {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return Math.max(LEAST_DEVIATION, Math.sqrt(Math.max(0, squares / values.length - mean * mean)));
}
