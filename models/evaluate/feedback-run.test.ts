import { beforeAll, expect, it } from 'vitest';
import type { MetricClass } from '../metric-class.ts';
import { OnnxEnsemble } from '../onnx-ensemble.ts';
import { type FeedbackRun, feedbackEffect, runFeedback } from './feedback-run.ts';
import { cadences } from './generated-faults.ts';
import type { ScoringSetup } from './score-rows.ts';

// The figures with all classes: models/EVALUATION.md.

let setup: ScoringSetup;

beforeAll(async () => {
  setup = { scorer: await OnnxEnsemble.load() };
});

const cohorts: readonly (readonly [MetricClass, string])[] = [
  ['saturation', '5 min'],
  ['error-ratio', '5 min'],
  ['steps', '15 s'],
];

it('twenty false alarms take three false onsets of ten away, and no more than five points of recall', {
  timeout: 600_000,
}, async () => {
  const runs: FeedbackRun[] = [];
  for (const [metricClass, name] of cohorts) {
    const cadence = cadences.find((each) => each.name === name);
    if (cadence === undefined) throw new Error(`no cadence ${name}`);
    const request = { metricClass, cadence, marks: 20, mostSeries: 40, faults: 6 };
    runs.push(await runFeedback(setup, request));
  }
  expect(runs.map(({ marks }) => marks)).toEqual([20, 20, 20]);
  const { cut, recallLost } = feedbackEffect(runs);
  expect(cut).toBeGreaterThanOrEqual(0.3);
  expect(recallLost).toBeLessThanOrEqual(0.05);
});
