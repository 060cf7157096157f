import { expect, it } from 'vitest';
import { classNumber } from '../../models/metric-class.ts';
import { OnnxEnsemble } from '../../models/onnx-ensemble.ts';
import type { ClassModel, Scorer } from '../../models/scorer.ts';
import { classTunings } from './class-tuning.ts';
import { runTrack } from './detect-call.fixture.ts';
import { defaultTuning } from './tuning.ts';

const weights = [0, 0, 0, 0, 1];
const entry = { version: 1, metricClass: 'latency' } as const;
const classes: readonly ClassModel[] = [
  { ...entry, id: 'latency/weights', part: 'weights', values: weights },
  { ...entry, id: 'latency/floor', part: 'floor', values: 5 },
];

it('gives a class what it has of its own and the general constants for the rest', () => {
  const tunings = classTunings(defaultTuning, classes);
  const latency = tunings[classNumber('latency') ?? -1];
  expect(latency).toEqual({ ...defaultTuning, weights, floor: 5 });
  for (const tuning of tunings) if (tuning !== latency) expect(tuning).toBe(defaultTuning);
});

it('scores a series by what its class has, and says so in the parts of the score', async () => {
  const ensemble = await OnnxEnsemble.load();
  const run = ensemble.run.bind(ensemble);
  const scorer: Scorer = { modelSet: { ...ensemble.modelSet, classes }, run };
  const timestamps = Array.from({ length: 600 }, (_, i) => Date.UTC(2024, 2, 4) + i * 60_000);
  const values = timestamps.map((_, i) => 10 + ((i * i * 7) % 11) / 10 + (i < 500 ? 0 : 60));
  const scored = async (name: string) =>
    await runTrack(scorer, { timestamps, values, settings: { class: name } });
  const own = await scored('latency');
  const general = await scored('steps');
  expect(own.surprises).toEqual(general.surprises);
  expect(own.scores).not.toEqual(general.scores);
  expect(own.episodes[0]?.members.map(({ weight }) => weight)).toEqual(weights);
  expect(general.episodes[0]?.members.map(({ weight }) => weight)).toEqual(defaultTuning.weights);
}, 30_000);
