import { beforeAll, describe, expect, it } from 'vitest';
import { OnnxEnsemble } from '../../models/onnx-ensemble.ts';
import type { Scorer } from '../../models/scorer.ts';
import {
  type Cut,
  newBench,
  runCalls,
  type Track,
  type TrackResult,
} from './detect-call.fixture.ts';
import { type Disturbance, idleHost } from './idle-host.fixture.ts';

const START_MS = Date.UTC(2024, 2, 4);
let scorer: Scorer;

beforeAll(async () => {
  scorer = await OnnxEnsemble.load();
});

interface HostRun {
  readonly names: readonly string[];
  readonly results: readonly TrackResult[];
}

async function watch(
  seed: number,
  seconds: number,
  disturbance: Disturbance = {},
): Promise<HostRun> {
  const host = idleHost(seed, disturbance);
  const rows = Array.from({ length: seconds }, (_, s) => host.second(s));
  const timestamps = Array.from({ length: seconds }, (_, s) => START_MS + 1000 * s);
  const tracks: Track[] = host.names.map((_, i) => ({
    timestamps,
    values: rows.map((row) => row[i] as number),
    settings: { intervalMs: 1000 },
  }));
  const cuts: Cut[] = tracks.map((_, t) => [t, 0, seconds]);
  return {
    names: host.names,
    results: await runCalls(newBench(scorer, tracks.length), tracks, [cuts]),
  };
}

function foundWithin(results: readonly TrackResult[], from: number, to: number): number {
  return results.filter(({ onsets }) => onsets.slice(from, to).some((onset) => onset > 0)).length;
}

describe('Detector on a machine at 1 Hz', () => {
  it.each([1, 2, 3, 4])(
    'opens next to nothing in 30 idle minutes (machine %i)',
    async (seed) => {
      const { results } = await watch(seed, 1800);
      const opened = results.flatMap(({ episodes }) =>
        episodes.filter(({ phase }) => phase === 'OPEN'),
      );
      const critical = results.flatMap(({ onsets }) => onsets.filter((onset) => onset === 2));
      expect(opened.length).toBeLessThanOrEqual(5);
      expect(critical.length).toBeLessThanOrEqual(1);
    },
    90_000,
  );

  it.each([5, 6, 7, 8])(
    'finds a load of 20 s that begins after two minutes, within 15 s (machine %i)',
    async (seed) => {
      const { names, results } = await watch(seed, 160, { stressAt: 120 });
      const cores = results.filter((_, i) => names[i]?.startsWith('cpu'));
      for (const { onsets } of cores) expect(onsets.slice(0, 120).some((o) => o > 0)).toBe(false);
      expect(foundWithin(cores, 120, 135)).toBeGreaterThanOrEqual(6);
      const loads = results.filter((_, i) => names[i]?.startsWith('load'));
      expect(foundWithin(loads, 120, 135)).toBeGreaterThanOrEqual(1);
    },
    90_000,
  );

  it('finds it too when the machine was busy while the watching began', async () => {
    const { names, results } = await watch(9, 160, { stressAt: 120, bootSeconds: 10 });
    const cores = results.filter((_, i) => names[i]?.startsWith('cpu'));
    expect(foundWithin(cores, 120, 135)).toBeGreaterThanOrEqual(6);
  }, 90_000);

  it('finds it on cores with a busy start and short bursts, and nothing before it', async () => {
    const seconds = 180;
    const timestamps = Array.from({ length: seconds }, (_, s) => START_MS + 1000 * s);
    const tracks: Track[] = Array.from({ length: 20 }, (_, seed) => ({
      timestamps,
      values: burstyCore(seed + 1, seconds, 120),
      settings: { intervalMs: 1000 },
    }));
    const cuts: Cut[] = tracks.map((_, t) => [t, 0, seconds]);
    const results = await runCalls(newBench(scorer, tracks.length), tracks, [cuts]);
    const found = results.filter(({ onsets }) => onsets.slice(120, 135).some((onset) => onset > 0));
    expect(found.length).toBeGreaterThanOrEqual(19);
    for (const { onsets } of results)
      expect(onsets.slice(0, 120).some((onset) => onset > 0)).toBe(false);
  }, 30_000);
});

/** Usage of a core: a few percent, a burst in one second of thirty, busy at the start, and full for 20 s. */
function burstyCore(seed: number, seconds: number, stressAt: number): number[] {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
  return Array.from({ length: seconds }, (_, s) => {
    const quiet = 0.03 + 0.04 * (random() + random() - 1);
    const burst = random() < 1 / 30 ? 0.4 * random() : 0;
    const start = s < 4 ? 0.3 : 0;
    if (s >= stressAt && s < stressAt + 20) return 0.97 + 0.03 * random();
    return Math.max(0, quiet) + burst + start;
  });
}
