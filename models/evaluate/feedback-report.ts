import { metricClasses } from '../metric-class.ts';
import { type FeedbackRun, feedbackEffect, runFeedback } from './feedback-run.ts';
import { cadences } from './generated-faults.ts';
import { figure, table } from './report-table.ts';
import type { ScoringSetup } from './score-rows.ts';

const CADENCES = ['15 s', '5 min'];
const MARKS = 20;
const MOST_SERIES = 24;
const FAULTS = 6;

/** Table of what twenty false-positive marks on a cohort do to later points, by class and interval. */
export async function feedbackPart(setup: ScoringSetup): Promise<string> {
  const runs: FeedbackRun[] = [];
  for (const cadence of cadences.filter(({ name }) => CADENCES.includes(name))) {
    for (const metricClass of metricClasses) {
      const request = {
        metricClass,
        cadence,
        marks: MARKS,
        mostSeries: MOST_SERIES,
        faults: FAULTS,
      };
      runs.push(await runFeedback(setup, request));
    }
  }
  const marked = runs.filter(({ marks }) => marks === MARKS);
  const head = [
    'cohort',
    'series',
    'marks',
    'false onsets after',
    'fewer',
    'faults found',
    'recall lost',
  ];
  return table(head, [
    ...runs.map((run) => row(`${run.metricClass}, ${run.cadence}`, [run])),
    row(`all with ${MARKS} marks`, marked),
    row('all', runs),
  ]);
}

function row(name: string, runs: readonly FeedbackRun[]): string[] {
  const sum = (of: (run: FeedbackRun) => number) => runs.reduce((total, run) => total + of(run), 0);
  const { cut, recallLost } = feedbackEffect(runs);
  const without = sum(({ falseOnsets }) => falseOnsets.before);
  const found = `${sum((run) => run.found.before)} → ${sum((run) => run.found.after)} of ${sum((run) => run.planted)}`;
  return [
    ...[name, String(sum(({ series }) => series)), String(sum(({ marks }) => marks))],
    `${without} → ${sum(({ falseOnsets }) => falseOnsets.after)}`,
    ...[figure(cut), found, figure(recallLost, 3)],
  ];
}
