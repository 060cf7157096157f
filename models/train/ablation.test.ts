import { beforeAll, describe, expect, it } from 'vitest';
import { defaultTuning } from '../../operators/detect/tuning.ts';
import { RecordingScorer, SilencedScorer } from '../evaluate/silenced-scorer.ts';
import { OnnxEnsemble } from '../onnx-ensemble.ts';
import {
  faultScore,
  type Judged,
  judge,
  labelledSeries,
  meanAveragePrecision,
  worth,
} from './ablation.ts';

const all = labelledSeries(8);
let recorder: RecordingScorer;
let whole: Judged[];

beforeAll(async () => {
  recorder = new RecordingScorer(await OnnxEnsemble.load());
  whole = await judge(recorder, all);
}, 90_000);

describe('the ensemble on generated faults', () => {
  it('is better than any alert policy that ignores the values', () => {
    const score = faultScore(whole);
    expect(score.trueAlerts / score.alerts).toBeGreaterThan(0.7);
    expect(score.found / score.faults).toBeGreaterThan(0.35);
    expect(meanAveragePrecision(whole)).toBeGreaterThan(0.3);
  });

  it.each(['forecast', 'isolation-forest', 'lstm-autoencoder'])(
    'is worse when %s says its mean of every row',
    async (modelId) => {
      const mean = recorder.meanOf(modelId);
      expect(mean.length).toBeGreaterThan(0);
      const silenced = await judge(new SilencedScorer(recorder, modelId, mean), all);
      expect(worth(silenced)).toBeLessThan(worth(whole));
    },
    90_000,
  );

  it.each(['step', 'new-extreme'] as const)(
    'is worse without the member %s',
    async (member) => {
      const place = member === 'step' ? 3 : 4;
      const weights = defaultTuning.weights.map((w, m) => (m === place ? 0 : w));
      const without = await judge(recorder, all, { ...defaultTuning, weights });
      expect(worth(without)).toBeLessThan(worth(whole));
    },
    90_000,
  );
});
