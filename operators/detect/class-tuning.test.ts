import { expect, it } from 'vitest';
import { classNumber } from '../../models/metric-class.ts';
import { OnnxEnsemble } from '../../models/onnx-ensemble.ts';
import type { ClassConstant, Scorer } from '../../models/scorer.ts';
import { classTunings } from './class-tuning.ts';
import { type Cut, newBench, runCalls, runTrack, type Track } from './detect-call.fixture.ts';
import { defaultTuning } from './tuning.ts';

const weights = [0, 0, 0, 0, 1];
const entry = { version: 1, metricClass: 'latency' } as const;
const classes: readonly ClassConstant[] = [
  { ...entry, id: 'latency/weights', part: 'weights', values: weights },
  { ...entry, id: 'latency/floor', part: 'floor', values: 5 },
];

it('gives a class what it has of its own and the general constants for the rest', () => {
  const tunings = classTunings(defaultTuning, classes);
  const latency = tunings[classNumber('latency') ?? -1];
  expect(latency).toEqual({ ...defaultTuning, weights, floor: 5 });
  for (const tuning of tunings) if (tuning !== latency) expect(tuning).toBe(defaultTuning);
});

it('runs series through the graphs of the class that they are named to be of, whatever is scored beside them', async () => {
  const scorer = await OnnxEnsemble.load();
  const timestamps = Array.from({ length: 300 }, (_, i) => Date.UTC(2024, 2, 4) + i * 60_000);
  const values = timestamps.map((_, i) => 10 + ((i * i * 7) % 11) / 10 + (i % 90 === 80 ? 20 : 0));
  const names = ['general', 'sparse-counts', 'latency', 'counter', 'general', 'steps'];
  const tracks = names.map((name): Track => ({ timestamps, values, settings: { class: name } }));
  const alone = await Promise.all(tracks.map((track) => runTrack(scorer, track)));
  const calls = [0, 60, 107, 250].map((from, k, all) =>
    tracks.map((_, t): Cut => [t, from, all[k + 1] ?? 300]),
  );
  expect(await runCalls(newBench(scorer, tracks.length), tracks, calls)).toEqual(alone);
  const surprises = new Set(alone.map((result) => result.surprises.join()));
  expect(surprises.size).toBe(names.length - 1);
}, 30_000);

it('leaves a series whose class was inferred to the general graphs', async () => {
  const ensemble = await OnnxEnsemble.load();
  const general: Scorer = {
    modelSet: ensemble.modelSet,
    run: (modelId, input, rows, output) => ensemble.run(modelId, input, rows, output),
  };
  const timestamps = Array.from({ length: 600 }, (_, i) => Date.UTC(2024, 2, 4) + i * 60_000);
  const values = timestamps.map((_, i) => [3, 8, 5, 11][Math.floor(i / 70) % 4] ?? 0);
  const track = { timestamps, values };
  const result = await runTrack(ensemble, track);
  expect(result.classes).toContain('steps');
  expect(result).toEqual(await runTrack(general, track));
  const settings = { class: 'steps' };
  const named = await runTrack(ensemble, { ...track, settings });
  expect(named.surprises).not.toEqual((await runTrack(general, { ...track, settings })).surprises);
}, 30_000);

it('scores a series by what its class has, and says so in the parts of the score', async () => {
  const ensemble = await OnnxEnsemble.load();
  // Graphs of classes are left out: the members say the same of both.
  const scorer: Scorer = {
    modelSet: { ...ensemble.modelSet, classes },
    run: (modelId, input, rows, output) => ensemble.run(modelId, input, rows, output),
  };
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
