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

  async function worthWithoutModel(modelId: string): Promise<number> {
    const mean = recorder.meanOf(modelId);
    expect(mean.length).toBeGreaterThan(0);
    return worth(await judge(new SilencedScorer(recorder, modelId, mean), all));
  }

  async function worthWithoutRule(place: number): Promise<number> {
    const weights = defaultTuning.weights.map((w, m) => (m === place ? 0 : w));
    return worth(await judge(recorder, all, { ...defaultTuning, weights }));
  }

  it.each(['forecast', 'isolation-forest'])(
    'is worse when %s says its mean of every row',
    async (modelId) => expect(await worthWithoutModel(modelId)).toBeLessThan(worth(whole)),
    90_000,
  );

  it('is worse without the member step', async () => {
    expect(await worthWithoutRule(3)).toBeLessThan(worth(whole));
  }, 90_000);

  // On labelled series both are worth their place (models/EVALUATION.md); on these few generated ones no longer.
  it.fails('is open: is worse when lstm-autoencoder says its mean of every row', async () => {
    expect(await worthWithoutModel('lstm-autoencoder')).toBeLessThan(worth(whole));
  }, 90_000);

  it.fails('is open: is worse without the member new-extreme', async () => {
    expect(await worthWithoutRule(4)).toBeLessThan(worth(whole));
  }, 90_000);
});
