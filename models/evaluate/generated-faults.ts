import { type MetricClass, metricClasses } from '../metric-class.ts';
import {
  type FaultKind,
  type FaultSeries,
  type FaultSize,
  faultKinds,
  faultSeries,
  faultSizes,
} from './fault-series.ts';
import { countOnsets, type JudgedRows, type OnsetCounts } from './onset-metrics.ts';
import { type ScoringSetup, scoreRows } from './score-rows.ts';
import { vusPr } from './vus-pr.ts';

/** An interval of the generated fleet, with as many points as are enough to know a series and to plant faults. */
export interface Cadence {
  readonly name: string;
  readonly intervalMs: number;
  readonly points: number;
}

export const cadences: readonly Cadence[] = [
  { name: '1 s', intervalMs: 1000, points: 21_600 },
  { name: '15 s', intervalMs: 15_000, points: 11_520 },
  { name: '1 min', intervalMs: 60_000, points: 7200 },
  { name: '5 min', intervalMs: 300_000, points: 4032 },
];

/** What became of one planted fault. */
export interface FaultOutcome {
  readonly kind: FaultKind;
  readonly size: FaultSize;
  readonly found: boolean;
  readonly critical: boolean;
}

/** A generated series with faults after it was scored. */
export interface FaultRun {
  readonly metricClass: MetricClass;
  readonly cadence: string;
  readonly counts: OnsetCounts;
  readonly outcomes: readonly FaultOutcome[];
  /** VUS-PR of the scores; NaN without faults. */
  readonly vus: number;
}

/** Faults planted in one series. */
const FAULTS = 9;
/** Rows from which on a series with faults is judged. */
const JUDGED_FROM = 300;
/** Rows around a fault in which an onset counts as its own. */
const BEFORE = 2;
const AFTER = 5;

/** Scores `perClass` series of every class at every cadence, faults in each. */
export async function runGeneratedFaults(
  setup: ScoringSetup,
  perClass: number,
  at: readonly Cadence[] = cadences,
): Promise<FaultRun[]> {
  const runs: FaultRun[] = [];
  for (const [c, cadence] of at.entries()) {
    for (const [k, metricClass] of metricClasses.entries()) {
      for (let i = 0; i < perClass; i++) {
        const seed = 1 + i + 1000 * k + 10_000 * c;
        const { intervalMs, points } = cadence;
        const series = faultSeries({ seed, metricClass, points, intervalMs, faults: FAULTS });
        runs.push(await judgeFaults(setup, cadence.name, `${metricClass} ${seed}`, series));
      }
    }
  }
  return runs;
}

async function judgeFaults(
  setup: ScoringSetup,
  cadence: string,
  name: string,
  series: FaultSeries,
): Promise<FaultRun> {
  const { scores, onsets } = await scoreRows(setup, series);
  const labels = new Uint8Array(scores.length);
  for (const { from, to } of series.faults) labels.fill(1, from, to);
  const rows: JudgedRows = {
    name,
    scores: scores.subarray(JUDGED_FROM),
    onsets: onsets.subarray(JUDGED_FROM),
    labels: labels.subarray(JUDGED_FROM),
    days: ((scores.length - JUDGED_FROM) * series.intervalMs) / 86_400_000,
  };
  const outcomes = series.faults.map(({ kind, size, from, to }) => {
    const inside = onsets.subarray(from - BEFORE, to + AFTER);
    return { kind, size, found: inside.some((o) => o > 0), critical: inside.includes(2) };
  });
  const { metricClass } = series;
  const vus = vusPr(rows.scores, rows.labels);
  return { metricClass, cadence, counts: countOnsets(rows), outcomes, vus };
}

/** Share of faults of a kind and size (null: all) that were found, with how many there were. */
export function recallOf(
  runs: readonly FaultRun[],
  kind: FaultKind | null,
  size: FaultSize | null,
): { readonly found: number; readonly planted: number } {
  let found = 0;
  let planted = 0;
  for (const { outcomes } of runs) {
    for (const outcome of outcomes) {
      if (kind !== null && outcome.kind !== kind) continue;
      if (size !== null && outcome.size !== size) continue;
      planted += 1;
      if (outcome.found) found += 1;
    }
  }
  return { found, planted };
}

/** Recall of every kind (rows) and size (columns). */
export function recallTable(runs: readonly FaultRun[]): string[][] {
  return faultKinds.map((kind) => [
    kind,
    ...faultSizes.map((size) => {
      const { found, planted } = recallOf(runs, kind, size);
      return planted === 0 ? '–' : `${(found / planted).toFixed(2)} (${planted})`;
    }),
  ]);
}
