import { defaultTuning } from '../../operators/detect/tuning.ts';
import type { Scorer } from '../scorer.ts';
import type { DataRun } from './data-run.ts';
import type { LabelledMachine } from './labelled-data.ts';
import { countOnsets, withoutProbation } from './onset-metrics.ts';
import { scoreRows } from './score-rows.ts';
import { vusPr } from './vus-pr.ts';

/** How the metrics of a machine become one series. */
export interface MachineRule {
  /** Metrics that must be in an onset together (within `withinRows`) for one of the machine. */
  readonly atLeast: number;
  readonly withinRows: number;
}

/** Every onset of a metric is one of its machine: what `events.merge` of the judge does. */
export const anyMetric: MachineRule = { atLeast: 1, withinRows: 0 };

/** A machine and what was said of each of its metrics, training rows left out. */
export interface ScoredMachine {
  readonly machine: LabelledMachine;
  readonly scores: readonly Float64Array[];
  readonly onsets: readonly Uint8Array[];
}

/** Scores every metric of a machine by itself, training rows first. */
export async function scoreMachine(
  scorer: Scorer,
  machine: LabelledMachine,
): Promise<ScoredMachine> {
  const { trainRows, timestamps } = machine;
  const scores: Float64Array[] = [];
  const onsets: Uint8Array[] = [];
  for (const values of machine.metrics) {
    const scored = await scoreRows({ scorer, tuning: defaultTuning }, { timestamps, values });
    scores.push(scored.scores.subarray(trainRows));
    onsets.push(scored.onsets.subarray(trainRows));
  }
  return { machine, scores, onsets };
}

/**
 * Makes one series of a machine's metrics and judges it.
 *
 * The machine's score is the `atLeast`-th largest of its metrics'; an onset is where so many metrics have had one.
 */
export function judgeMachine(scored: ScoredMachine, rule: MachineRule): DataRun {
  const { labels, name, days } = scored.machine;
  const scores = nthLargest(scored.scores, rule.atLeast, labels.length);
  const onsets = together(scored.onsets, rule, labels.length);
  const rows = withoutProbation({ name, scores, onsets, labels, days });
  const vus = vusPr(rows.scores, rows.labels);
  return { name, onsets, labels, counts: countOnsets(rows), vus };
}

function nthLargest(scores: readonly Float64Array[], n: number, total: number): Float64Array {
  const row = new Float64Array(scores.length);
  return Float64Array.from({ length: total }, (_, i) => {
    for (let m = 0; m < scores.length; m++) row[m] = scores[m]?.[i] ?? 0;
    row.sort();
    return row[Math.max(0, scores.length - n)] as number;
  });
}

function together(
  onsets: readonly Uint8Array[],
  { atLeast, withinRows }: MachineRule,
  total: number,
): Uint8Array {
  const joined = new Uint8Array(total);
  const lastOf = onsets.map(() => Number.NEGATIVE_INFINITY);
  let quietUntil = -1;
  for (let i = 0; i < total; i++) {
    let tier = 0;
    for (let m = 0; m < onsets.length; m++) {
      const onset = onsets[m]?.[i] ?? 0;
      if (onset > 0) lastOf[m] = i;
      tier = Math.max(tier, onset);
    }
    if (tier === 0) continue;
    const near = lastOf.filter((row) => row >= i - withinRows).length;
    if (near < atLeast || i <= quietUntil) continue;
    joined[i] = tier;
    if (atLeast > 1) quietUntil = i + withinRows;
  }
  return joined;
}
