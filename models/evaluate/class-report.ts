import { labelledClass } from './class-labels.ts';
import { type ClassRun, classAccuracy, followClass, runFleetClasses } from './class-run.ts';
import type { EntryWorth } from './class-worth.ts';
import { cadences } from './generated-faults.ts';
import type { LabelledSeries } from './labelled-data.ts';
import { figure, table } from './report-table.ts';

/** Points after which the class of generated series is looked at. */
const FIRST_POINTS = [128, 1024, Number.POSITIVE_INFINITY] as const;
const PER_CLASS = 12;

/** Table of how often the class of generated series is told right. */
export function classPart(): string {
  const rows = FIRST_POINTS.map((points) => {
    const runs = cadences.flatMap((cadence) => runFleetClasses(cadence, PER_CLASS, points));
    const name = Number.isFinite(points) ? `the first ${points} points` : 'all points';
    return [name, ...accuracies(runs)];
  });
  return table([`${PER_CLASS} series of each class at each interval`, ...accuracyNames], rows);
}

/** Table of the same for labelled series, by what their names say of them. */
export function labelledClassPart(sets: ReadonlyMap<string, readonly LabelledSeries[]>): string {
  const rows = [...sets].map(([set, all]) => {
    const runs = all.flatMap((series): ClassRun[] => {
      const { name } = series;
      const metricClass = labelledClass(set, name);
      return metricClass === undefined ? [] : [{ name, metricClass, ...followClass(series) }];
    });
    return [`${set.toUpperCase()}, ${runs.length} series`, ...accuracies(runs)];
  });
  return table(['labelled by name', ...accuracyNames], rows);
}

/** Table of what the entries of the manifest are worth to their classes. */
export function entryPart(worths: readonly EntryWorth[]): string {
  const rows = worths.map(({ id, series, gain, error, counts }) => [
    id,
    String(series),
    `${figure(gain, 3)} ± ${figure(error, 3)}`,
    counts ? 'yes' : 'no',
  ]);
  return table(['entry', 'series', 'gain in F1 + VUS-PR, standard error', 'beyond noise'], rows);
}

const accuracyNames = ['right', 'counters and throughput as one', 'none found', 'changes a series'];

function accuracies(runs: readonly ClassRun[]): string[] {
  const none = runs.filter(({ inferred }) => inferred === 'general').length;
  const changes = runs.reduce((sum, run) => sum + run.changes, 0);
  const shares = [classAccuracy(runs), classAccuracy(runs, true), none / runs.length];
  return [...shares.map((share) => figure(share)), figure(changes / runs.length, 1)];
}
