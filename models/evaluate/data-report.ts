import { type DetectTuning, defaultTuning } from '../../operators/detect/tuning.ts';
import type { Scorer } from '../scorer.ts';
import { entryPart, labelledClassPart } from './class-report.ts';
import { classWorth } from './class-worth.ts';
import { type CrossFitted, crossFit } from './cross-fit.ts';
import { type DataRun, dataF1, dataFigures, figureNames, nabOf, runData } from './data-run.ts';
import { type LabelledSeries, labelledSeries } from './labelled-data.ts';
import { machinePart } from './machine-report.ts';
import { figure, table } from './report-table.ts';
import { RecordingScorer, SilencedScorer } from './silenced-scorer.ts';
import { tierPart } from './tier-report.ts';
import { withoutRule } from './without-rule.ts';

/** Rows of a KPI series that are judged: what the baselines were measured on. */
const KPI_ROWS = 60_000;
/** Generated series of a class at each interval by which the entries of the manifest are judged. */
const PER_CADENCE = 20;
const MODELS = ['forecast', 'isolation-forest', 'lstm-autoencoder'] as const;

/**
 * Scores the labelled data and yields the parts of the report, each with the name of its place, as they are made; what
 * takes longest comes last.
 */
export async function* dataReport(
  scorer: Scorer,
  root: string,
): AsyncGenerator<readonly [name: string, body: string]> {
  const nab = labelledSeries(root, 'nab', Number.POSITIVE_INFINITY);
  const kpi = labelledSeries(root, 'kpi', KPI_ROWS);
  const sets = new Map([
    ['nab', nab],
    ['kpi', kpi],
  ]);
  const recorder = new RecordingScorer(scorer);
  const nabRuns = await runData({ scorer: recorder }, nab);
  const kpiRuns = await runData({ scorer: recorder }, kpi);
  yield ['labelled series', seriesPart(nabRuns, kpiRuns)];
  yield ['labelled classes', labelledClassPart(sets)];
  yield ['tiers', await tierPart(scorer, nab, kpi)];
  yield ['members', await memberPart(recorder, nab, kpi, [nabRuns, kpiRuns])];
  yield ['machines', await machinePart(scorer, root)];
  yield ['class entries', entryPart(await classWorth(scorer, PER_CADENCE, sets))];
  yield ['cross-fitted', fittedPart(await crossFit(scorer, nab, kpi), [nabRuns, kpiRuns])];
}

function seriesPart(nab: readonly DataRun[], kpi: readonly DataRun[]): string {
  const left = dataFigures(nab, true);
  const right = dataFigures(kpi, false);
  const events = (runs: readonly DataRun[]) =>
    `${runs.length} series, ${runs.reduce((sum, run) => sum + run.counts.events, 0)} events`;
  return table(
    ['', `NAB (${events(nab)})`, `KPI, first 60,000 rows (${events(kpi)})`],
    figureNames.map((name, i) => [name, left[i] ?? '', right[i] ?? '']),
  );
}

async function memberPart(
  recorder: RecordingScorer,
  nab: readonly LabelledSeries[],
  kpi: readonly LabelledSeries[],
  whole: readonly [DataRun[], DataRun[]],
): Promise<string> {
  const line = (name: string, [a, b]: readonly [DataRun[], DataRun[]]) => [
    name,
    figure(nabOf(a), 1),
    figure(dataF1(a)),
    figure(dataF1(b), 3),
  ];
  const rows = [line('all', whole)];
  const run = async (scorer: Scorer, tuning: DetectTuning): Promise<[DataRun[], DataRun[]]> => [
    await runData({ scorer, tuning }, nab, false),
    await runData({ scorer, tuning }, kpi, false),
  ];
  const means = MODELS.map((id) => [id, recorder.meanOf(id)] as const);
  for (const [id, mean] of means) {
    rows.push(line(id, await run(new SilencedScorer(recorder, id, mean), defaultTuning)));
  }
  for (const [name, place] of [
    ['step (a rule)', 3],
    ['new extreme (a rule)', 4],
  ] as const) {
    const { scorer, tuning } = withoutRule(recorder, place);
    rows.push(line(name, await run(scorer, tuning)));
  }
  const priors = { ...defaultTuning, priorExcursions: 1e9, priorHeights: 1e9 };
  rows.push(line('own-rate calibration (priors only)', await run(recorder, priors)));
  return table(['without', 'NAB standard', 'NAB F1', 'KPI F1'], rows);
}

/** What was chosen, and the figures of the files judged so beside those of the defaults. */
function fittedPart(
  { settings, nab, kpi, chosen }: CrossFitted,
  [nabRuns, kpiRuns]: readonly [DataRun[], DataRun[]],
): string {
  const columns = [
    dataFigures(nab, true),
    dataFigures(nabRuns, true),
    dataFigures(kpi, false),
    dataFigures(kpiRuns, false),
  ];
  const head = ['', 'NAB, cross-fitted', 'in-sample', 'KPI, cross-fitted', 'in-sample'];
  const rows = figureNames.map((name, i) => [name, ...columns.map((column) => column[i] ?? '')]);
  return [
    `Of ${settings} settings (the defaults, and each constant a third up and down, those of a class also left out) the best`,
    `on four folds of whole files was judged on the fifth. Chosen, by fold: ${chosen.join('; ')}.`,
    '',
    table(head, rows),
  ].join('\n');
}
