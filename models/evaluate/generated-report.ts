import { metricClasses } from '../metric-class.ts';
import { awkwardCases } from './awkward-cases.ts';
import { classPart } from './class-report.ts';
import { faultSizes } from './fault-series.ts';
import { feedbackPart } from './feedback-report.ts';
import {
  type FirstHour,
  runFirstHour,
  youngFaults,
  youngRecall,
  youngUnits,
} from './first-hour.ts';
import { cadences, type FaultRun, recallTable, runGeneratedFaults } from './generated-faults.ts';
import { bootstrap, wilson } from './intervals.ts';
import { judgeCase, passed } from './judge-case.ts';
import { onsetRatios, sumCounts } from './onset-metrics.ts';
import { type CurveRun, curveScores, curveSeconds, runRateCurve } from './rate-curve.ts';
import { figure, ranged, table } from './report-table.ts';
import type { ScoringSetup } from './score-rows.ts';
import { siblingPart } from './sibling-report.ts';

/** How much is generated. */
export interface GeneratedSize {
  readonly faultSeries: number;
  readonly curveSeries: number;
  readonly curveDays: number;
  readonly youngSeries: number;
}

/** Generates the fleet, scores it and yields the parts of the report, each with the name of its place, as they are made. */
export async function* generatedReport(
  setup: ScoringSetup,
  size: GeneratedSize,
): AsyncGenerator<readonly [name: string, body: string]> {
  yield ['faults', faultPart(await runGeneratedFaults(setup, size.faultSeries))];
  yield ['rate', ratePart(await runRateCurve(setup, size.curveSeries, size.curveDays))];
  const hours: FirstHour[] = [];
  for (const seconds of [1, 15, 60])
    hours.push(await runFirstHour(() => setup, seconds, size.youngSeries));
  yield ['first hour', hourPart(hours)];
  yield ['siblings', await siblingPart(setup, size.youngSeries)];
  yield ['awkward cases', await casePart(setup)];
  yield ['classes', classPart()];
  yield ['feedback', await feedbackPart(setup)];
}

/** Mean of VUS-PR over the series of some runs. */
export function meanVus(runs: readonly FaultRun[]): number {
  const known = runs.map(({ vus }) => vus).filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

function faultPart(runs: readonly FaultRun[]): string {
  const groups: [string, FaultRun[]][] = [
    ['all', [...runs]],
    ...cadences.map(({ name }): [string, FaultRun[]] => [
      name,
      runs.filter(({ cadence }) => cadence === name),
    ]),
    ...metricClasses.map((name): [string, FaultRun[]] => [
      name,
      runs.filter(({ metricClass }) => metricClass === name),
    ]),
  ];
  const head = ['', 'series', 'faults', 'event F1', 'precision', 'recall', 'VUS-PR'];
  head.push('false onsets a series-day', 'critical precision (Wilson)', 'critical recall');
  return [
    table(
      head,
      groups.map(([name, part]) => faultRow(name, part)),
    ),
    '',
    'Share of planted faults found, by size (how many were planted):',
    '',
    table(['fault', ...faultSizes], recallTable(runs)),
  ].join('\n');
}

function faultRow(name: string, runs: readonly FaultRun[]): string[] {
  const ratiosOf = (drawn: readonly FaultRun[]) =>
    onsetRatios(sumCounts(drawn.map(({ counts }) => counts)));
  const counts = sumCounts(runs.map((run) => run.counts));
  const ratios = ratiosOf(runs);
  return [
    name,
    String(runs.length),
    String(counts.events),
    ranged(
      ratios.f1,
      bootstrap(runs, (drawn) => ratiosOf(drawn).f1),
    ),
    figure(ratios.precision),
    figure(ratios.recall),
    figure(meanVus(runs), 3),
    ranged(
      ratios.falsePerDay,
      bootstrap(runs, (drawn) => ratiosOf(drawn).falsePerDay),
      3,
    ),
    ranged(ratios.criticalPrecision, wilson(counts.criticalTrue, counts.criticalAlerts)),
    figure(ratios.criticalRecall),
  ];
}

/** False onsets a series-day of some runs at the place `s` of `curveScores`. */
export function curveRate(runs: readonly CurveRun[], s: number): number {
  let days = 0;
  let onsets = 0;
  for (const run of runs) {
    days += run.days;
    onsets += run.onsets[s] ?? 0;
  }
  return onsets / days;
}

function ratePart(runs: readonly CurveRun[]): string {
  const at = (seconds: number) => runs.filter((run) => run.seconds === seconds);
  const rates = curveSeconds.map((seconds) => curveRate(at(seconds), 0));
  const days = at(1).reduce((sum, run) => sum + run.days, 0);
  const curve = curveSeconds.map((seconds) => [
    `${seconds} s`,
    ...curveScores.map((_, s) =>
      ranged(
        curveRate(at(seconds), s),
        bootstrap(at(seconds), (drawn) => curveRate(drawn, s)),
        3,
      ),
    ),
  ]);
  const classes = metricClasses.map((name) => [
    name,
    ...curveSeconds.map((seconds) =>
      figure(
        curveRate(
          at(seconds).filter(({ metricClass }) => metricClass === name),
          0,
        ),
        3,
      ),
    ),
  ]);
  return [
    `${days} series-days of normal behaviour, new series, every point counted.`,
    '',
    table(['interval', ...curveScores.map((score) => `score ${score}`)], curve),
    '',
    `Largest to least at score 1: ${figure(Math.max(...rates) / Math.min(...rates), 1)} ×. By class, at score 1:`,
    '',
    table(['class', ...curveSeconds.map((seconds) => `${seconds} s`)], classes),
  ].join('\n');
}

function hourPart(hours: readonly FirstHour[]): string {
  const head = ['interval', 'series', 'false onsets in the first hour', 'deviations of the'];
  head.push('found after minute 10', ...youngFaults, 'found after an hour', ...youngFaults);
  const cell = ({ found, planted }: { found: number; planted: number }) =>
    `${figure(found / planted)} (${planted})`;
  const rows = hours.flatMap(({ seconds, series, falseOnsets, early, later }) =>
    youngUnits.map((unit) => [
      `${seconds} s`,
      String(series),
      String(falseOnsets),
      unit,
      `**${figure(youngRecall(early[unit]))}**`,
      ...youngFaults.map((kind) => cell(early[unit][kind])),
      `**${figure(youngRecall(later[unit]))}**`,
      ...youngFaults.map((kind) => cell(later[unit][kind])),
    ]),
  );
  return table(head, rows);
}

/** Seeds that the awkward cases are made with; a case passes when it does with all of them. */
export const caseSeeds = [100, 200, 300] as const;

async function casePart(setup: ScoringSetup): Promise<string> {
  const rows = new Map<string, string[]>();
  for (const seed of caseSeeds) {
    for (const one of awkwardCases(seed)) {
      const verdict = await judgeCase(setup, one);
      const kept = rows.get(one.name) ?? [];
      const { missed, unwanted } = verdict;
      const misses = missed.length === 0 ? '' : `misses ${missed.join(', ')} h`;
      const onsets = unwanted.length === 0 ? '' : `${unwanted.length} unwanted`;
      kept.push(passed(verdict) ? 'as asked' : [misses, onsets].filter((t) => t !== '').join(', '));
      rows.set(one.name, kept);
    }
  }
  const head = ['case', ...caseSeeds.map((_, i) => `made ${i + 1}`)];
  return table(
    head,
    [...rows].map(([name, cells]) => [name, ...cells]),
  );
}
