import { expect, it } from 'vitest';
import type { Scorer } from '../models/scorer.ts';
import { TimedScorer } from './timed-scorer.ts';

it('takes the time of each model, hands on what it was given, and begins anew after each count', async () => {
  const clock = { ms: 0, elapsedMs: () => clock.ms };
  const asked: unknown[] = [];
  const scorer: Scorer = {
    modelSet: { id: 'set', version: 1, sha256: '', models: [] },
    run: async (...call) => {
      asked.push(call);
      clock.ms += call[0] === 'forest' ? 250 : 1000;
      call[3][0] = 7;
    },
  };
  const timed = new TimedScorer(scorer, clock);
  const [input, output] = [new Float32Array(4), new Float32Array(1)];
  await timed.run('forest', input, 2, output);
  await timed.run('forest', input, 2, output);
  const classes = Uint8Array.of(3);
  await timed.run('autoencoder', input, 1, output, classes);
  expect(output[0]).toBe(7);
  expect(asked[2]).toEqual(['autoencoder', input, 1, output, classes]);
  const counted: Record<string, number> = {};
  const count = (name: string, by: number) => {
    counted[name] = (counted[name] ?? 0) + by;
  };
  timed.count({ count });
  timed.count({ count });
  expect(counted).toEqual({
    'inference_seconds{model="forest"}': 0.5,
    'inference_seconds{model="autoencoder"}': 1,
  });
});
