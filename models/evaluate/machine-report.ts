import type { Scorer } from '../scorer.ts';
import { dataFigures } from './data-run.ts';
import { type LabelledMachine, labelledMachines } from './labelled-data.ts';
import { type BaselineFigures, forestGrid, judgeForest } from './machine-baseline.ts';
import {
  anyMetric,
  attribution,
  judgeEntity,
  judgeMachine,
  type ScoredMachine,
  scoreMachine,
} from './machine-run.ts';
import { figure, table } from './report-table.ts';

const SETS = ['smd', 'asd'] as const;
const RULES = [
  ['an onset of any metric', anyMetric],
  ['of two metrics within 10 rows', { atLeast: 2, withinRows: 10 }],
  ['of three metrics within 10 rows', { atLeast: 3, withinRows: 10 }],
] as const;

/** Judges machines by the score of the entity, by their metrics' onsets, and by a random cut forest at its best. */
export async function machinePart(scorer: Scorer, root: string): Promise<string> {
  const rows: string[][] = [];
  const named: string[][] = [];
  for (const set of SETS) {
    const machines = labelledMachines(root, set);
    const scored: ScoredMachine[] = [];
    for (const machine of machines) scored.push(await scoreMachine(scorer, machine));
    const name = set.toUpperCase();
    rows.push([name, '**of the entity**', ...cellsOf(dataFigures(scored.map(judgeEntity), false))]);
    for (const [rule, terms] of RULES) {
      const runs = scored.map((machine) => judgeMachine(machine, terms));
      rows.push([name, rule, ...cellsOf(dataFigures(runs, false))]);
    }
    rows.push([name, 'random cut forest at its best', ...baselineCells(machines)]);
    const { incidents, hits, chance } = attribution(scored);
    const cells = [...hits, chance].map((share) => figure(share));
    named.push([name, `${incidents} of ${totalIncidents(machines)}`, ...cells]);
  }
  const head = ['set', 'the machine’s onset', 'event F1', 'precision', 'recall', 'VUS-PR'];
  return [
    table([...head, 'false onsets a machine-day'], rows),
    '',
    'Of the metrics that weigh most at the peak of an incident, the share that took part in it:',
    '',
    table(['set', 'incidents found', 'of the first', 'first 3', 'first 5', 'of any'], named),
  ].join('\n');
}

function cellsOf([, f1, precision, recall, vus, falsePerDay]: readonly string[]): string[] {
  return [f1, precision, recall, vus, falsePerDay].map((cell) => cell ?? '');
}

/** Settings are chosen apart for F1 and VUS-PR, and the threshold for the set, all on the labels: upper bounds. */
function baselineCells(machines: readonly LabelledMachine[]): string[] {
  const all = forestGrid.map((settings) => judgeForest(machines, settings));
  const { best } = all.reduce((most, one) => (one.best.f1 > most.best.f1 ? one : most));
  const vus = Math.max(...all.map(meanVus));
  return [figure(best.f1), figure(best.precision), figure(best.recall), figure(vus, 3), '–'];
}

function meanVus({ vus }: BaselineFigures): number {
  const known = vus.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

function totalIncidents(machines: readonly LabelledMachine[]): number {
  return machines.reduce((sum, { incidents }) => sum + incidents.length, 0);
}
