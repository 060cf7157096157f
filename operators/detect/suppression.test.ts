import { beforeAll, describe, expect, it } from 'vitest';
import { OnnxEnsemble } from '../../models/onnx-ensemble.ts';
import type { Scorer } from '../../models/scorer.ts';
import { gaussian, seededRandom } from '../../models/seeded-random.ts';
import { type Cut, newBench, runCalls, type Track } from './detect-call.fixture.ts';
import { type DetectSettings, defaultSettings } from './detect-input.ts';
import { suppressedBy } from './suppression.ts';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;

describe('suppressedBy', () => {
  const at = (settings: Partial<DetectSettings>, value: number, ms = START_MS) =>
    suppressedBy({ ...defaultSettings, ...settings }, { ms, value, expected: -10 });

  it('covers what is within every limit of a rule, on its side, by the size of what is expected', () => {
    const above = { suppress: [{ direction: 'up', within: 5, withinRel: 0.4 } as const] };
    expect(at(above, -6)).toBe('SUPPRESSION_RULE');
    expect(at(above, -5.5)).toBeUndefined();
    expect(at(above, -14)).toBeUndefined();
    expect(at({ suppress: [{ direction: 'down', within: 5, withinRel: null }] }, -14)).toBe(
      'SUPPRESSION_RULE',
    );
    expect(at({}, -10)).toBeUndefined();
  });

  it('covers a window from its start to before its end', () => {
    const window = { maintenance: [{ fromMs: START_MS, toMs: START_MS + 1 }] };
    expect(at(window, 0, START_MS - 1)).toBeUndefined();
    expect(at(window, 0)).toBe('MAINTENANCE');
    expect(at(window, 0, START_MS + 1)).toBeUndefined();
  });
});

describe('points in a row that are ignored', () => {
  let scorer: Scorer;
  beforeAll(async () => {
    scorer = await OnnxEnsemble.load();
  });

  /** Steps up for `length` minutes; the minute after `gapAt` comes an hour later. */
  function track(ignoreConsecutive: number, length: number, gapAt = -1): Track {
    const random = seededRandom(3);
    const values = Array.from(
      { length: 460 },
      (_, i) => 10 + 0.3 * gaussian(random) + (i >= 400 && i < 400 + length ? 10 : 0),
    );
    const timestamps = values.map(
      (_, i) => START_MS + i * MINUTE_MS + (gapAt >= 0 && i > gapAt ? 60 * MINUTE_MS : 0),
    );
    return { timestamps, values, settings: { ignoreConsecutive } };
  }

  async function onsets(tracks: readonly Track[], cut: number): Promise<number[][]> {
    const calls: Cut[][] = [];
    for (let from = 0; from < 460; from += cut)
      calls.push(tracks.map((_, t): Cut => [t, from, Math.min(460, from + cut)]));
    const results = await runCalls(newBench(scorer, tracks.length), tracks, calls);
    return results.map((result) => result.onsets.flatMap((onset, i) => (onset > 0 ? [i] : [])));
  }

  it.each([460, 7, 1])('open nothing; the next one does (calls of %d points)', async (cut) => {
    const tracks = [track(0, 8), track(3, 8), track(3, 3), track(3, 8, 401)];
    const [at, late, short, split] = await onsets(tracks, cut);
    expect(at?.[0]).toBe(400);
    expect(late?.[0]).toBe(403);
    expect(short).toEqual([]);
    // A gap begins the count anew, and holds everything back for some points itself.
    expect(split?.[0] ?? 500).toBeGreaterThan(405);
  });
});
