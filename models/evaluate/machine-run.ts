import { newEntityTables } from '../../operators/detect/entity-columns.ts';
import type { EntityReading } from '../../operators/detect/entity-readings.ts';
import { EntityWatch, LEAST_EXCESS } from '../../operators/detect/entity-watch.ts';
import { defaultTuning } from '../../operators/detect/tuning.ts';
import type { Scorer } from '../scorer.ts';
import type { DataRun } from './data-run.ts';
import type { LabelledMachine } from './labelled-data.ts';
import { countOnsets, withoutProbation } from './onset-metrics.ts';
import { type ScoredRows, scoreRows } from './score-rows.ts';
import { vusPr } from './vus-pr.ts';

/** How the metrics of a machine become one series. */
export interface MachineRule {
  /** Metrics that must be in an onset together (within `withinRows`) for one of the machine. */
  readonly atLeast: number;
  readonly withinRows: number;
}

/** Every onset of a metric is one of its machine: what `events.merge` of the judge does. */
export const anyMetric: MachineRule = { atLeast: 1, withinRows: 0 };

type MetricRows = Pick<ScoredRows, 'excess' | 'intervalMs'>;

/** What was said of a machine as a whole, training rows left out. */
export interface MachineScores {
  readonly scores: Float64Array;
  readonly onsets: Uint8Array;
  /** By row, the metrics that weighed, the most first; undefined where nothing was said. */
  readonly leaders: readonly (readonly number[] | undefined)[];
}

/** A machine and what was said of each of its metrics, training rows left out, and of it as an entity. */
export interface ScoredMachine {
  readonly machine: LabelledMachine;
  readonly scores: readonly Float64Array[];
  readonly onsets: readonly Uint8Array[];
  readonly entity: MachineScores;
}

/** Scores every metric of a machine by itself, training rows first, and the machine by what they say together. */
export async function scoreMachine(
  scorer: Scorer,
  machine: LabelledMachine,
): Promise<ScoredMachine> {
  const { trainRows, timestamps } = machine;
  const rows: ScoredRows[] = [];
  for (const values of machine.metrics) {
    rows.push(await scoreRows({ scorer, tuning: defaultTuning }, { timestamps, values }));
  }
  const entity = scoreEntity(timestamps, rows);
  return {
    machine,
    scores: rows.map(({ scores }) => scores.subarray(trainRows)),
    onsets: rows.map(({ onsets }) => onsets.subarray(trainRows)),
    entity: {
      scores: entity.scores.subarray(trainRows),
      onsets: entity.onsets.subarray(trainRows),
      leaders: entity.leaders.slice(trainRows),
    },
  };
}

/** Scores one entity by what was said of its metrics at the same times, as it is done live. */
export function scoreEntity(
  timestamps: Float64Array,
  metrics: readonly MetricRows[],
): MachineScores {
  const watch = new EntityWatch(newEntityTables({ rowsPerPage: 64, pagesPerSlab: 1 }));
  const entity = watch.add(1, 1, 0);
  const scores = new Float64Array(timestamps.length);
  const onsets = new Uint8Array(timestamps.length);
  const leaders: (readonly number[] | undefined)[] = new Array(timestamps.length);
  let open = 0;
  for (let i = 0; i < timestamps.length; i++) {
    const ms = timestamps[i] as number;
    for (const reading of readingsOf(metrics, i, ms)) watch.note(entity, reading);
    const events = watch.advance(ms, ({ score, sum }) => {
      scores[i] = score;
      leaders[i] = [...sum.low.subarray(0, sum.leaders)];
    });
    for (const event of events) {
      const tier = event.tier === 'critical' ? 2 : 1;
      if (event.phase === 'OPEN') open = 0;
      if (tier > open) onsets[i] = tier;
      open = tier;
    }
  }
  return { scores, onsets, leaders };
}

function readingsOf(metrics: readonly MetricRows[], i: number, ms: number): EntityReading[] {
  return metrics
    .map(({ excess, intervalMs }, low) => {
      return { low, high: 0, ms, intervalMs, excess: excess[i] as number, historical: 0 };
    })
    .filter(({ excess }) => excess >= LEAST_EXCESS);
}

/**
 * Makes one series of a machine's metrics and judges it.
 *
 * The machine's score is the `atLeast`-th largest of its metrics'; an onset is where so many metrics have had one.
 */
export function judgeMachine(scored: ScoredMachine, rule: MachineRule): DataRun {
  const total = scored.machine.labels.length;
  const scores = nthLargest(scored.scores, rule.atLeast, total);
  return judgeRows(scored.machine, scores, together(scored.onsets, rule, total));
}

/** Judges the score of a machine as an entity. */
export function judgeEntity({ machine, entity }: ScoredMachine): DataRun {
  return judgeRows(machine, entity.scores, entity.onsets);
}

/** Share of the metrics named first that took part in the incident. */
export interface Attribution {
  readonly incidents: number;
  /** Of the first 1, 3 and 5. */
  readonly hits: readonly [number, number, number];
  /** Share of all metrics that took part: what naming any would give. */
  readonly chance: number;
}

/** Holds the metrics that weighed most at the peak of each incident that an onset lies in against those that took part. */
export function attribution(machines: readonly ScoredMachine[]): Attribution {
  const found = machines.flatMap(({ machine, entity }) =>
    machine.incidents
      .filter(({ from, to }) => entity.onsets.subarray(from, to).some((onset) => onset > 0))
      .map(({ from, to, metrics }) => {
        const peak = from + largestAt(entity.scores.subarray(from, to));
        return { leaders: entity.leaders[peak] ?? [], metrics, of: machine.metrics.length };
      }),
  );
  const share = (k: number) =>
    mean(
      found.map(({ leaders, metrics }) => mean(leaders.slice(0, k).map((m) => +metrics.has(m)))),
    );
  return {
    incidents: found.length,
    hits: [share(1), share(3), share(5)],
    chance: mean(found.map(({ metrics, of }) => metrics.size / of)),
  };
}

function judgeRows(machine: LabelledMachine, scores: Float64Array, onsets: Uint8Array): DataRun {
  const { labels, name, days } = machine;
  const rows = withoutProbation({ name, scores, onsets, labels, days });
  const vus = vusPr(rows.scores, rows.labels);
  return { name, onsets, labels, counts: countOnsets(rows), vus };
}

function largestAt(scores: Float64Array): number {
  return scores.reduce((best, score, i) => (score > (scores[best] as number) ? i : best), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
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
