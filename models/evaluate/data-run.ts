import { bootstrap, wilson } from './intervals.ts';
import type { LabelledSeries } from './labelled-data.ts';
import { nabLowFalse, nabScore, nabStandard } from './nab-score.ts';
import {
  countOnsets,
  type OnsetCounts,
  onsetRatios,
  sumCounts,
  withoutProbation,
} from './onset-metrics.ts';
import { figure, ranged } from './report-table.ts';
import { type ScoringSetup, scoreRows } from './score-rows.ts';
import { vusPr } from './vus-pr.ts';

/** One labelled series after it was scored. */
export interface DataRun {
  readonly name: string;
  readonly onsets: Uint8Array;
  readonly labels: Uint8Array;
  readonly counts: OnsetCounts;
  /** VUS-PR; NaN without events or when it was not asked for. */
  readonly vus: number;
}

/** Scores labelled series, each by a detector of its own. VUS-PR costs as much as the scoring. */
export async function runData(
  setup: ScoringSetup,
  all: readonly LabelledSeries[],
  vus = true,
): Promise<DataRun[]> {
  const runs: DataRun[] = [];
  for (const { name, timestamps, values, labels, days } of all) {
    const { scores, onsets } = await scoreRows(setup, { timestamps, values });
    const rows = withoutProbation({ name, scores, onsets, labels, days });
    const volume = vus ? vusPr(rows.scores, rows.labels) : Number.NaN;
    runs.push({ name, onsets, labels, counts: countOnsets(rows), vus: volume });
  }
  return runs;
}

/** F1 of onsets over some runs. */
export function dataF1(runs: readonly DataRun[]): number {
  return onsetRatios(sumCounts(runs.map(({ counts }) => counts))).f1;
}

/** NAB's standard score over some runs. */
export function nabOf(runs: readonly DataRun[]): number {
  return nabScore(runs, nabStandard);
}

function meanVus(runs: readonly DataRun[]): number {
  const known = runs.map(({ vus }) => vus).filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Names of the figures of `dataFigures`, in order. */
export const figureNames = [
  'NAB standard / low FP',
  'event F1',
  'event precision (Wilson)',
  'event recall',
  'VUS-PR (buffer 20)',
  'false onsets a series-day',
  'critical precision (Wilson)',
  'critical recall',
  'critical: false onsets a series-day',
  'point false-positive rate',
] as const;

/** The figures of a set; intervals are by bootstrap over series where Wilson is not named. */
export function dataFigures(runs: readonly DataRun[], nab: boolean): string[] {
  const counts = sumCounts(runs.map((run) => run.counts));
  const of = (drawn: readonly DataRun[]) => onsetRatios(sumCounts(drawn.map((run) => run.counts)));
  const ratios = of(runs);
  const score = nab
    ? `${ranged(nabOf(runs), bootstrap(runs, nabOf), 1)} / ${figure(nabScore(runs, nabLowFalse), 1)}`
    : '–';
  return [
    score,
    ranged(ratios.f1, bootstrap(runs, dataF1)),
    ranged(ratios.precision, wilson(counts.trueAlerts, counts.alerts)),
    figure(ratios.recall),
    ranged(meanVus(runs), bootstrap(runs, meanVus), 3),
    ranged(
      ratios.falsePerDay,
      bootstrap(runs, (drawn) => of(drawn).falsePerDay),
      3,
    ),
    ranged(ratios.criticalPrecision, wilson(counts.criticalTrue, counts.criticalAlerts)),
    figure(ratios.criticalRecall),
    figure(ratios.criticalFalsePerDay, 4),
    `${figure(100 * ratios.pointFalseRate)} %`,
  ];
}
