import { type DetectTuning, defaultTuning } from '../../operators/detect/tuning.ts';
import type { ClassConstant, ClassModel, Scorer } from '../scorer.ts';
import { type DataRun, dataF1, nabOf, runData } from './data-run.ts';
import type { LabelledSeries } from './labelled-data.ts';
import { ReplayedScorer } from './replayed-scorer.ts';
import { withClasses } from './with-classes.ts';

/** Files scored with the setting that was best on the other folds. */
export interface CrossFitted {
  readonly settings: number;
  readonly nab: readonly DataRun[];
  readonly kpi: readonly DataRun[];
  /** Settings chosen, by fold. */
  readonly chosen: readonly string[];
}

/** Constants that are moved, each up and down by a third. */
const MOVED = [
  'memory',
  'held',
  'floor',
  'priorRate',
  'priorHeight',
  'priorExcursions',
  'priorHeights',
  'heightLimit',
  'memoryDays',
  'extremePoints',
  'extremeCap',
  'evidence',
] as const;
const FACTOR = 4 / 3;

/** Constants of all classes, and what some have of their own. */
interface Setting {
  readonly tuning: DetectTuning;
  readonly classes: readonly ClassModel[];
}

/** The product's constants, and every one of the fitted ones up and down; those of a class also left out. */
export function nearbySettings(classes: readonly ClassModel[]): Map<string, Setting> {
  const settings = new Map<string, Setting>();
  for (const [name, tuning] of nearbyTunings()) settings.set(name, { tuning, classes });
  for (const [at, entry] of classes.entries()) {
    // Graphs are trained on generated series alone: no file chose them.
    if (!('part' in entry)) continue;
    const without = classes.toSpliced(at, 1);
    settings.set(`without ${entry.id}`, { tuning: defaultTuning, classes: without });
    for (const [name, moved] of nearbyEntries(entry)) {
      settings.set(name, { tuning: defaultTuning, classes: classes.with(at, moved) });
    }
  }
  return settings;
}

/** Every value of an entry up and down. */
function nearbyEntries(entry: ClassConstant): [name: string, moved: ClassConstant][] {
  const { id, values } = entry;
  return [values].flat().flatMap((value, place) =>
    [FACTOR, 1 / FACTOR].map((factor): [string, ClassConstant] => {
      const moved = Array.isArray(values) ? values.with(place, value * factor) : value * factor;
      return [`${id} ${place} ${factor > 1 ? '+' : '-'}`, { ...entry, values: moved }];
    }),
  );
}

function nearbyTunings(): Map<string, DetectTuning> {
  const settings = new Map<string, DetectTuning>([['as they are', defaultTuning]]);
  for (const name of MOVED) {
    for (const [mark, factor] of [
      ['+', FACTOR],
      ['-', 1 / FACTOR],
    ] as const) {
      settings.set(`${name} ${mark}`, {
        ...defaultTuning,
        [name]: defaultTuning[name] * factor,
      });
    }
  }
  for (const [place, weight] of defaultTuning.weights.entries()) {
    for (const factor of [FACTOR, 1 / FACTOR]) {
      const weights = defaultTuning.weights.with(place, weight * factor);
      settings.set(`weight ${place} ${factor > 1 ? '+' : '-'}`, { ...defaultTuning, weights });
    }
  }
  return settings;
}

/**
 * Chooses among nearby settings on four fifths of the files and judges the choice on the last, five times over.
 *
 * Whole files are folded, each set by itself, in order of names. What counts for the choice is NAB's standard score over
 * 100 plus the F1 on KPI. The models are not fitted again: they have seen the values of all files, never a label.
 */
export async function crossFit(
  scorer: Scorer,
  nab: readonly LabelledSeries[],
  kpi: readonly LabelledSeries[],
  folds = 5,
): Promise<CrossFitted> {
  const settings = nearbySettings(scorer.modelSet.classes ?? []);
  const runs = new Map<string, { readonly nab: DataRun[]; readonly kpi: DataRun[] }>();
  const replayed = new ReplayedScorer(scorer);
  for (const [name, { tuning, classes }] of settings) {
    replayed.rewind();
    const set = withClasses(replayed, classes);
    runs.set(name, {
      nab: await runData({ scorer: set, tuning }, nab, false),
      kpi: await runData({ scorer: set, tuning }, kpi, false),
    });
  }
  const held = { nab: [] as DataRun[], kpi: [] as DataRun[] };
  const chosen: string[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const outside = (_: unknown, i: number) => i % folds !== fold;
    const inside = (_: unknown, i: number) => i % folds === fold;
    let best = { name: '', worth: Number.NEGATIVE_INFINITY };
    for (const [name, run] of runs) {
      const worth = nabOf(run.nab.filter(outside)) / 100 + dataF1(run.kpi.filter(outside));
      if (worth > best.worth) best = { name, worth };
    }
    chosen.push(best.name);
    const { tuning, classes } = settings.get(best.name) as Setting;
    const set = withClasses(scorer, classes);
    // Once more with VUS-PR, which nothing was chosen by.
    held.nab.push(...(await runData({ scorer: set, tuning }, nab.filter(inside))));
    held.kpi.push(...(await runData({ scorer: set, tuning }, kpi.filter(inside))));
  }
  return { settings: settings.size, ...held, chosen };
}
