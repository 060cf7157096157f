import { defaultSettings } from '../../operators/detect/detect-input.ts';
import type { MetricClass } from '../metric-class.ts';
import type { ClassModel, Scorer } from '../scorer.ts';
import { labelledClass } from './class-labels.ts';
import { faultSeries } from './fault-series.ts';
import type { SeriesPoints } from './fleet-series.ts';
import { cadences } from './generated-faults.ts';
import type { LabelledSeries } from './labelled-data.ts';
import {
  countOnsets,
  type OnsetCounts,
  onsetRatios,
  sumCounts,
  withoutProbation,
} from './onset-metrics.ts';
import { scoreRows } from './score-rows.ts';
import { vusPr } from './vus-pr.ts';
import { withClasses } from './with-classes.ts';

/** A series of a class with the truth about it. */
export interface ClassSeries extends SeriesPoints {
  readonly name: string;
  readonly labels: Uint8Array;
  readonly days: number;
}

/** What an entry of the manifest is worth to its class: with it, less with what is general in its place. */
export interface EntryWorth {
  readonly id: string;
  readonly series: number;
  /** Mean over folds of whole series of event F1 plus VUS-PR, and its standard error. */
  readonly gain: number;
  readonly error: number;
  /** Whether the gain lies beyond what folds scatter. */
  readonly counts: boolean;
}

const FOLDS = 5;
/** One-sided 95 % point of Student's law for five folds. */
const BEYOND = 2.13;
/** Seeds that nothing else of the evaluation has. */
const FIRST_SEED = 610_000;
const FAULTS = 9;
const DAY_MS = 86_400_000;

/** Generates series of a class with faults, `perCadence` at each interval, then takes the labelled ones of that name. */
export function classSeries(
  metricClass: MetricClass,
  perCadence: number,
  labelled: ReadonlyMap<string, readonly LabelledSeries[]>,
): ClassSeries[] {
  const all: ClassSeries[] = [];
  for (const [c, { name, intervalMs, points }] of cadences.entries()) {
    for (let i = 0; i < perCadence; i++) {
      const seed = FIRST_SEED + 100 * c + i;
      const series = faultSeries({ seed, metricClass, points, intervalMs, faults: FAULTS });
      const labels = new Uint8Array(points);
      for (const { from, to } of series.faults) labels.fill(1, from, to);
      const days = (points * intervalMs) / DAY_MS;
      all.push({ ...series, name: `${metricClass} ${name} ${i}`, labels, days });
    }
  }
  for (const [set, of] of labelled) {
    all.push(...of.filter(({ name }) => labelledClass(set, name) === metricClass));
  }
  return all;
}

interface Judged {
  readonly counts: OnsetCounts;
  readonly vus: number;
}

/** Scores series as being of a class by a model set that has `classes` for entries. */
export async function judgeClass(
  scorer: Scorer,
  classes: readonly ClassModel[],
  metricClass: MetricClass,
  all: readonly ClassSeries[],
): Promise<Judged[]> {
  const set = withClasses(scorer, classes);
  const settings = { ...defaultSettings, class: metricClass };
  const judged: Judged[] = [];
  for (const { name, timestamps, values, labels, days } of all) {
    const scored = await scoreRows({ scorer: set, settings }, { timestamps, values });
    const rows = withoutProbation({ ...scored, name, labels, days });
    judged.push({ counts: countOnsets(rows), vus: vusPr(rows.scores, rows.labels) });
  }
  return judged;
}

/** Compares two ways of scoring the same series, fold by fold. */
export function worthOf(
  id: string,
  own: readonly Judged[],
  general: readonly Judged[],
): EntryWorth {
  const gains = Array.from({ length: FOLDS }, (_, fold) => {
    const part = (all: readonly Judged[]) => figureOf(all.filter((_, i) => i % FOLDS === fold));
    return part(own) - part(general);
  });
  const gain = gains.reduce((sum, one) => sum + one, 0) / FOLDS;
  const squares = gains.reduce((sum, one) => sum + (one - gain) ** 2, 0);
  const error = Math.sqrt(squares / (FOLDS - 1) / FOLDS);
  return { id, series: own.length, gain, error, counts: gain > BEYOND * error };
}

/** Puts what is general in the place of each entry of the manifest in turn; the entries of a class stay together. */
export async function classWorth(
  scorer: Scorer,
  perCadence: number,
  labelled: ReadonlyMap<string, readonly LabelledSeries[]>,
): Promise<EntryWorth[]> {
  const { classes = [] } = scorer.modelSet;
  const worths: EntryWorth[] = [];
  for (const [metricClass, entries] of Map.groupBy(classes, (entry) => entry.metricClass)) {
    const all = classSeries(metricClass, perCadence, labelled);
    const own = await judgeClass(scorer, entries, metricClass, all);
    for (const entry of entries) {
      const others = entries.filter((other) => other !== entry);
      worths.push(worthOf(entry.id, own, await judgeClass(scorer, others, metricClass, all)));
    }
  }
  return worths;
}

function figureOf(judged: readonly Judged[]): number {
  const { f1 } = onsetRatios(sumCounts(judged.map(({ counts }) => counts)));
  const known = judged.map(({ vus }) => vus).filter((vus) => !Number.isNaN(vus));
  return f1 + known.reduce((sum, vus) => sum + vus, 0) / Math.max(1, known.length);
}
