import { beforeAll, describe, expect, it } from 'vitest';
import { type Disturbance, idleHost } from '../../operators/detect/idle-host.fixture.ts';
import { OnnxEnsemble } from '../onnx-ensemble.ts';
import type { Scorer } from '../scorer.ts';
import { attribution, type MachineScores, scoreEntity } from './machine-run.ts';
import { scoreRows } from './score-rows.ts';

const START_MS = Date.UTC(2024, 2, 4);
const SECONDS = 1800;
let scorer: Scorer;

beforeAll(async () => {
  scorer = await OnnxEnsemble.load();
});

async function watch(seed: number, disturbance: Disturbance = {}) {
  const host = idleHost(seed, disturbance);
  const rows = Array.from({ length: SECONDS }, (_, s) => host.second(s));
  const timestamps = Float64Array.from(rows, (_, s) => START_MS + 1000 * s);
  const metrics = [];
  for (const i of host.names.keys()) {
    const values = Float64Array.from(rows, (row) => row[i] as number);
    metrics.push(await scoreRows({ scorer }, { timestamps, values }));
  }
  return { names: host.names, entity: scoreEntity(timestamps, metrics) };
}

function onsetsOf({ onsets }: MachineScores): number[] {
  return [...onsets.keys()].filter((row) => (onsets[row] as number) > 0);
}

describe('scoreEntity', () => {
  it.each([1, 2])(
    'opens nothing in half an hour of an idle machine at 1 Hz (machine %i)',
    async (seed) => {
      const { entity } = await watch(seed);
      expect(onsetsOf(entity)).toEqual([]);
      // Usual slots lie well below the opening score.
      expect(entity.scores.reduce((most, score) => Math.max(most, score), 0)).toBeLessThan(0.7);
    },
    90_000,
  );

  it('opens once for 20 s of load on all cores, and names cores and load', async () => {
    const { names, entity } = await watch(4, { stressAt: 900 });
    const [at = -1, ...others] = onsetsOf(entity);
    expect(others).toEqual([]);
    expect(at).toBeGreaterThanOrEqual(900);
    expect(at).toBeLessThanOrEqual(920);
    expect(entity.onsets[at]).toBe(2);
    const leaders = (entity.leaders[at] ?? []).map((metric) => names[metric]);
    for (const name of leaders.slice(0, 8)) expect(name).toMatch(/^(cpu|load)_/);
  }, 90_000);
});

describe('attribution', () => {
  it('gives the share of the first metrics that took part, of incidents with an onset', () => {
    const entity: MachineScores = {
      scores: Float64Array.of(0, 2, 1, 0, 3),
      onsets: Uint8Array.of(0, 1, 0, 0, 0),
      leaders: [undefined, [2, 0, 1, 5], [5], undefined, [4]],
    };
    const incidents = [
      { from: 1, to: 3, metrics: new Set([0, 2]) },
      { from: 4, to: 5, metrics: new Set([1]) },
    ];
    const machine = { incidents, metrics: new Array(8) } as never;
    const found = attribution([{ machine, entity, scores: [], onsets: [] }]);
    expect(found).toEqual({ incidents: 1, hits: [1, 2 / 3, 1 / 2], chance: 1 / 4 });
  });
});
