import { beforeAll, describe, expect, it } from 'vitest';
import { RecordingScorer, SilencedScorer } from '../evaluate/silenced-scorer.ts';
import { withoutRule } from '../evaluate/without-rule.ts';
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

  async function worthWithoutMember(place: number): Promise<number> {
    const { scorer, tuning } = withoutRule(recorder, place);
    return worth(await judge(scorer, all, tuning));
  }

  it.each(['forecast', 'isolation-forest'])(
    'is worse when %s says its mean of every row',
    async (modelId) => expect(await worthWithoutModel(modelId)).toBeLessThan(worth(whole)),
    90_000,
  );

  it('is worse without the member step', async () => {
    expect(await worthWithoutMember(3)).toBeLessThan(worth(whole));
  }, 90_000);

  // By alerts both are worth their place here too; what they take from the ranking of scores is more.
  it.fails('is open: is worse when lstm-autoencoder says its mean of every row', async () => {
    expect(await worthWithoutModel('lstm-autoencoder')).toBeLessThan(worth(whole));
  }, 90_000);

  it.fails('is open: is worse without the member new-extreme', async () => {
    expect(await worthWithoutMember(4)).toBeLessThan(worth(whole));
  }, 90_000);
});
