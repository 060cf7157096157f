import { beforeAll, describe, expect, it } from 'vitest';
import { OnnxEnsemble } from '../../models/onnx-ensemble.ts';
import type { Scorer } from '../../models/scorer.ts';
import type { PagedTable } from '../../runtime/state/paged-table.ts';
import {
  type Bench,
  type Cut,
  newBench,
  runCalls,
  runTrack,
  type Track,
} from './detect-call.fixture.ts';
import { lifeCycles } from './detect-output.ts';
import { detectColumns, WATCHED } from './state-columns.ts';

const START_MS = Date.UTC(2024, 2, 4);
const MINUTE_MS = 60_000;
let scorer: Scorer;

beforeAll(async () => {
  scorer = await OnnxEnsemble.load();
});

/** Numbers in [0, 1) that depend on the seed alone. */
function numbers(seed: number): () => number {
  let state = (seed * 7919 + 13) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Noise of about ±1 around `level`, changed by `change` from point `from` on. */
function track(
  points: number,
  level: number,
  change = 0,
  from = points,
  stepMs = MINUTE_MS,
): Track {
  const random = numbers(points + from);
  return {
    timestamps: Array.from({ length: points }, (_, i) => START_MS + i * stepMs),
    values: Array.from({ length: points }, (_, i) => {
      const noise = random() + random() + random() - 1.5;
      return level + noise + (i >= from ? change : 0);
    }),
  };
}

function opens(onsets: readonly number[]): number[] {
  return onsets.flatMap((onset, i) => (onset > 0 ? [i] : []));
}

describe('Detector', { timeout: 60_000 }, () => {
  it('takes a call without runs and a run without points', async () => {
    const bench = newBench(scorer, 1);
    const empty = await runCalls(bench, [track(0, 10)], [[], [[0, 0, 0]]]);
    expect(empty[0]?.scores).toEqual([]);
  });

  it('scores the first point of a series 0-ish, cold, with a band that holds it', async () => {
    const { scores, lifeCycles: stages, lower, upper } = await runTrack(scorer, track(1, 10));
    expect(scores[0]).toBeLessThan(0.5);
    expect(lifeCycles[stages[0] as number]).toBe('cold');
    expect(lower[0]).toBeLessThanOrEqual(upper[0] as number);
  });

  it('goes through cold, warming, probation and live, and finds a silent series stale', async () => {
    const one = track(400, 10);
    const late = [...one.timestamps.slice(0, 399), START_MS + 1000 * MINUTE_MS];
    const { lifeCycles: stages } = await runTrack(scorer, { ...one, timestamps: late });
    const seen = stages.map((stage) => lifeCycles[stage]);
    expect([seen[31], seen[32], seen[64], seen[256], seen[399]]).toEqual([
      'cold',
      'warming',
      'probation',
      'live',
      'stale',
    ]);
  });

  it('opens nothing on steady noise and on a flat line', async () => {
    const noise = await runTrack(scorer, track(3000, 50));
    const flat = await runTrack(scorer, { ...track(3000, 0), values: new Array(3000).fill(7) });
    expect(opens(noise.onsets).length).toBeLessThanOrEqual(1);
    expect(opens(flat.onsets)).toEqual([]);
    expect(Math.max(...flat.scores)).toBeLessThan(1);
  });

  it('opens an upward critical episode at a step, and closes it when the step is the new normal', async () => {
    const { onsets, episodes } = await runTrack(scorer, track(4000, 50, 25, 1000));
    const [first] = opens(onsets).filter((i) => i >= 1000);
    expect(first).toBeLessThan(1003);
    const opened = episodes.find(
      ({ phase, startMs }) => phase === 'OPEN' && startMs >= START_MS + 1000 * MINUTE_MS,
    );
    expect(opened).toMatchObject({ revision: 0, movement: 'UP', historical: false, endMs: null });
    expect(opened?.value).toBeGreaterThan(opened?.upper as number);
    expect(opened?.expected).toBeLessThan(60);
    const rest = episodes.filter(({ startMs }) => startMs === opened?.startMs);
    expect(rest.map(({ revision }) => revision)).toEqual(rest.map((_, i) => i));
    const closed = rest.at(-1);
    expect(closed).toMatchObject({ phase: 'CLOSE', tier: 'critical' });
    // Told by the point that closed it: readers order by that, and may have passed the last odd one.
    expect(closed?.lastMs).toBe((closed?.endMs as number) + 9 * MINUTE_MS);
    expect(closed?.grade).toBeCloseTo(1 - 0.15 ** (closed?.peakScore ?? 0), 12);
    expect(opens(onsets.slice(3000))).toEqual([]);
  });

  it('closes what is open on a series that is given up, and tells of nothing else', async () => {
    const bench = newBench(scorer, 2);
    const tracks = [track(1010, 50, 25, 1000), track(1010, 50)];
    const whole = tracks.map((_, t): Cut => [t, 0, 1010]);
    const [told] = await runCalls(bench, tracks, [whole]);
    const opened = told?.episodes.at(-1);
    expect(opened?.phase).not.toBe('CLOSE');
    expect(bench.detector.end(1)).toEqual([]);
    const [closed, ...others] = bench.detector.end(0);
    expect(others).toEqual([]);
    expect(closed).toMatchObject({ phase: 'CLOSE', startMs: opened?.startMs, row: 0, point: -1 });
    expect(closed?.revision).toBe((opened?.revision ?? 0) + 1);
    expect(closed?.intervalMs).toBe(MINUTE_MS);
    expect(bench.detector.end(0)).toEqual([]);
    expect(bench.tables.episodes.liveRows).toBe(0);
  });

  it('tells the parts of a score, adding up to 1', async () => {
    const { episodes } = await runTrack(scorer, track(1200, 50, 25, 1000));
    const opened = episodes.find(({ phase }) => phase === 'OPEN');
    const total = opened?.features.reduce((sum, { contribution }) => sum + contribution, 0);
    expect(total).toBeCloseTo(1, 9);
    expect(opened?.members.map(({ modelId }) => modelId)).toContain('lstm-autoencoder');
  });

  it('sees a change of 25 on top of 10^12', async () => {
    const { onsets, expected } = await runTrack(scorer, track(1200, 1e12, 25, 1000));
    expect(opens(onsets)[0]).toBeGreaterThanOrEqual(1000);
    expect(opens(onsets)[0]).toBeLessThan(1003);
    expect(Math.abs((expected[900] as number) - 1e12)).toBeLessThan(2);
  });

  it('opens nothing for five points after a gap', async () => {
    const one = track(1100, 50, 40, 1000);
    const gapped = one.timestamps.map((ms, i) => (i >= 1000 ? ms + 8 * 3_600_000 : ms));
    const { onsets, scores } = await runTrack(scorer, { ...one, timestamps: gapped });
    expect(opens(onsets.slice(1000, 1005))).toEqual([]);
    expect(Math.max(...scores.slice(1000, 1005))).toBeGreaterThan(1);
    expect(opens(onsets.slice(1005, 1010)).length).toBe(1);
  });

  it('gates onsets by direction, range and distance, and never the score', async () => {
    const one = track(1200, 50, 25, 1000);
    const free = await runTrack(scorer, one);
    for (const settings of [
      { direction: 'down' as const },
      { dataMax: 60 },
      { dataMin: 90 },
      { minAbs: 40 },
      { minRel: 2 },
    ]) {
      const gated = await runTrack(scorer, { ...one, settings });
      expect(opens(gated.onsets)).toEqual([]);
      expect(gated.scores).toEqual(free.scores);
    }
    const up = await runTrack(scorer, { ...one, settings: { direction: 'up', minAbs: 5 } });
    expect(opens(up.onsets)).toEqual(opens(free.onsets));
  });

  it('scales scores by the sensitivity', async () => {
    const one = track(1200, 50, 6, 1000);
    const usual = await runTrack(scorer, one);
    const keen = await runTrack(scorer, { ...one, settings: { sensitivity: 0.9775 } });
    for (const i of [100, 700, 1001]) {
      expect(keen.scores[i]).toBeCloseTo(2 * (usual.scores[i] as number), 6);
    }
  });

  it('keeps the refractory period in event time', async () => {
    const one = track(2000, 50);
    const values = one.values.map((value, i) => value + (i > 1000 && i % 20 === 0 ? 60 : 0));
    const { onsets } = await runTrack(scorer, { ...one, values });
    const found = opens(onsets).filter((i) => onsets[i] === 1 || i > 1000);
    expect(found.length).toBeGreaterThan(1);
    const starts = (await runTrack(scorer, { ...one, values })).episodes
      .filter(({ phase }) => phase === 'OPEN')
      .map(({ startMs }) => startMs);
    for (let i = 1; i < starts.length; i++) {
      const apart = (starts[i] as number) - (starts[i - 1] as number);
      expect(apart).toBeGreaterThanOrEqual(48 * MINUTE_MS);
    }
  });
});

describe('Detector, however its points are cut', { timeout: 60_000 }, () => {
  const tracks: Track[] = [
    track(700, 50, 25, 400),
    track(700, 1e12, 30, 500, 300_000),
    { ...track(700, 5), values: new Array(700).fill(3) },
    { ...track(700, 20, 180, 450, 1000), settings: { intervalMs: 1000 } },
    { ...track(700, 20, 180, 450, 100), settings: { hop: 32 } },
    withGap(track(700, 50, 20, 300, 3_600_000)),
  ];

  it('gives the same bits for 20 random ways of cutting', async () => {
    const whole: Cut[] = tracks.map(({ values }, t) => [t, 0, values.length]);
    const once = await runCalls(newBench(scorer, tracks.length), tracks, [whole]);
    expect(once.flatMap(({ onsets }) => opens(onsets)).length).toBeGreaterThan(4);
    for (let seed = 1; seed <= 20; seed++) {
      const again = await runCalls(newBench(scorer, tracks.length), tracks, randomCuts(seed));
      expect(again).toEqual(once);
    }
  });

  it('leaves the same state', async () => {
    const whole: Cut[] = tracks.map(({ values }, t) => [t, 0, values.length]);
    const [one, other] = [newBench(scorer, tracks.length), newBench(scorer, tracks.length)];
    await runCalls(one, tracks, [whole]);
    await runCalls(other, tracks, randomCuts(99));
    expect(statesOf(other)).toEqual(statesOf(one));
    expect(one.tables.watches.liveRows).toBeGreaterThan(0);
  });

  it('goes on from the pages of a checkpoint as if nothing had been', async () => {
    const first: Cut[] = tracks.map((_, t) => [t, 0, 460]);
    const second: Cut[] = tracks.map(({ values }, t) => [t, 460, values.length]);
    const kept = newBench(scorer, tracks.length);
    await runCalls(kept, tracks, [first]);
    const restored = newBench(scorer, 0);
    for (const name of ['series', 'seasons', 'hours', 'episodes', 'watches'] as const) {
      for (const [page, image] of kept.tables[name].takeDirty())
        restored.tables[name].readPage(page, image);
    }
    const rest = await runCalls(kept, tracks, [second]);
    expect(rest.flatMap(({ episodes }) => episodes).length).toBeGreaterThan(0);
    expect(await runCalls(restored, tracks, [second])).toEqual(rest);
    expect(restored.tables.seasons.rowCount).toBe(kept.tables.seasons.rowCount);
    expect(restored.tables.episodes.rowCount).toBe(kept.tables.episodes.rowCount);
  });

  it('gives the same output when replayed', async () => {
    const first = await runTrack(scorer, tracks[0] as Track);
    expect(await runTrack(scorer, tracks[0] as Track)).toEqual(first);
  });

  function randomCuts(seed: number): Cut[][] {
    const random = numbers(seed);
    const next = tracks.map(() => 0);
    const calls: Cut[][] = [];
    const most = [1, 7, 32, 200][seed % 4] as number;
    while (next.some((at, t) => at < (tracks[t] as Track).values.length)) {
      const call: Cut[] = [];
      for (let piece = 0; piece < 1 + random() * 8; piece++) {
        const t = Math.floor(random() * tracks.length);
        const from = next[t] as number;
        const to = Math.min(
          (tracks[t] as Track).values.length,
          from + 1 + Math.floor(random() * most),
        );
        if (from < to) call.push([t, from, to]);
        next[t] = to;
      }
      calls.push(call);
    }
    return calls;
  }

  /** Every cell of every series; rows of seasons, watches and episodes are numbered in order of arrival, so links are not. */
  function statesOf({ tables }: Bench): unknown[] {
    const cells = (table: PagedTable, name: string, row: number, count: number) => {
      const column = table.column(name);
      return [...column.view(row).slice(column.index(row), column.index(row) + count)];
    };
    return Array.from({ length: tables.series.rowCount }, (_, row) => {
      const own = detectColumns.map(({ name, length = 1 }) =>
        cells(tables.series, name, row, name === 'detect.link' ? 1 : length),
      );
      const [, marks = 0] = cells(tables.series, 'detect.mark', row, 2);
      if ((marks & WATCHED) === 0) return own;
      const watch = (cells(tables.series, 'detect.link', row, 2)[1] ?? 0) - 1;
      const odd = ['watch.left', 'watch.outside'].map((name) =>
        cells(tables.watches, name, watch, 1),
      );
      return [...own, ...odd];
    });
  }

  function withGap(one: Track): Track {
    const timestamps = one.timestamps.map((ms, i) => (i < 200 ? ms : ms + 30 * 3_600_000));
    return { ...one, timestamps };
  }
});
