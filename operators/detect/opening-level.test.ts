import { beforeAll, expect, it } from 'vitest';
import { OnnxEnsemble } from '../../models/onnx-ensemble.ts';
import type { Scorer } from '../../models/scorer.ts';
import { gaussian, seededRandom } from '../../models/seeded-random.ts';
import { runTrack, type Track } from './detect-call.fixture.ts';

let scorer: Scorer;
beforeAll(async () => {
  scorer = await OnnxEnsemble.load();
});

/** A point a second; every quarter of an hour it stands higher for half a minute, by more each time. */
function track(level: number): Track {
  const random = seededRandom(11);
  const values = Array.from({ length: 9000 }, (_, i) => {
    const shift = i % 900 < 30 && i > 0 ? 3 + i / 1500 : 0;
    return 20 + gaussian(random) + shift;
  });
  const timestamps = values.map((_, i) => 1e12 + 1000 * i);
  return { timestamps, values, level };
}

const opened = (onsets: readonly number[]) => onsets.filter((onset) => onset > 0).length;

it('moves onsets, and no score by a bit', async () => {
  const [low, usual, high] = await Promise.all(
    [0.6, 1, 1.9].map((level) => runTrack(scorer, track(level))),
  );
  if (low === undefined || usual === undefined || high === undefined) throw new Error('no result');
  expect(opened(usual.onsets)).toBeGreaterThan(opened(high.onsets));
  expect(opened(low.onsets)).toBeGreaterThan(opened(usual.onsets));
  for (const other of [low, high]) {
    expect(other.scores).toEqual(usual.scores);
    expect(other.surprises).toEqual(usual.surprises);
  }
});
