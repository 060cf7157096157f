import { beforeAll, describe, expect, it } from 'vitest';
import { OnnxEnsemble } from '../../models/onnx-ensemble.ts';
import type { Scorer } from '../../models/scorer.ts';
import { gaussian, seededRandom } from '../../models/seeded-random.ts';
import { CohortBook } from './cohort-book.ts';
import {
  type Cut,
  newBench,
  runCalls,
  type Track,
  type TrackResult,
} from './detect-call.fixture.ts';
import { lifeCycles } from './detect-output.ts';
import { Siblings } from './siblings.ts';

const SIBLINGS = 100;
const POINTS = 260;
const MINUTE_MS = 60_000;
const LIVE = lifeCycles.indexOf('live');

let scorer: Scorer;
beforeAll(async () => {
  scorer = await OnnxEnsemble.load();
});

/** A point a minute about 20, with a hump now and then. */
function track(seed: number, fromMs: number): Track {
  const random = seededRandom(seed);
  let hump = 0;
  const values = Array.from({ length: POINTS }, () => {
    hump = random() < 0.01 ? 12 * random() : 0.7 * hump;
    return 20 + gaussian(random) + hump;
  });
  return { timestamps: values.map((_, i) => fromMs + i * MINUTE_MS), values };
}

const siblings = Array.from({ length: SIBLINGS }, (_, i) => track(100 + i, 1e12));
const newcomer = track(7, 1e12 + POINTS * MINUTE_MS);
const tracks = [...siblings, newcomer];
/** All points in the order of the log, so many of a series at a time. */
function cutsOf(points: number): Cut[] {
  const cuts: Cut[] = [];
  const add = (from: number, to: number, row: number) => {
    for (let at = from; at < to; at += points) cuts.push([row, at, Math.min(to, at + points)]);
  };
  for (let row = 0; row < SIBLINGS; row++) add(0, POINTS, row);
  add(0, POINTS, SIBLINGS);
  return cuts;
}

interface Outcome {
  readonly newcomer: TrackResult;
  /** Last saved entry of each cohort. */
  readonly saved: ReadonlyMap<number, string>;
}

function siblingsBy(book: CohortBook, metricOf: (row: number) => string): Siblings {
  return new Siblings(book, (row) => ({
    ...{ tenant: 'a', name: metricOf(row), series: String(row) },
  }));
}

/** @param metricOf name by row. @param restoredAfter call after which all goes on from what was saved. */
async function run(
  calls: readonly (readonly Cut[])[],
  metricOf: (row: number) => string = () => 'load',
  restoredAfter = calls.length,
): Promise<Outcome> {
  const saved = new Map<number, string>();
  const save = (book: CohortBook) => {
    for (const [number, bytes] of book.takeChanged())
      saved.set(number, Buffer.from(bytes).toString());
  };
  const first = new CohortBook();
  const bench = newBench(scorer, tracks.length, siblingsBy(first, metricOf));
  const results = await runCalls(bench, tracks, calls.slice(0, restoredAfter));
  save(first);
  let own = results[SIBLINGS] as TrackResult;
  if (restoredAfter < calls.length) {
    const second = new CohortBook();
    for (const [number, text] of saved) second.restore(number, Buffer.from(text));
    const { detector } = newBench(scorer, 0, siblingsBy(second, metricOf), bench.tables);
    const rest = await runCalls({ ...bench, detector }, tracks, calls.slice(restoredAfter));
    save(second);
    own = joined(own, rest[SIBLINGS] as TrackResult);
  }
  return { newcomer: own, saved };
}

function joined(a: TrackResult, b: TrackResult): TrackResult {
  const keys = Object.keys(a) as (keyof TrackResult)[];
  return Object.fromEntries(keys.map((key) => [key, [...a[key], ...b[key]]])) as never;
}

const asOne = (cuts: readonly Cut[]) => [cuts];

describe('a new series among 100 live siblings', () => {
  let known: Outcome;
  let alone: Outcome;
  beforeAll(async () => {
    known = await run(asOne(cutsOf(POINTS)));
    alone = await run(asOne(cutsOf(POINTS)), (row) => (row === SIBLINGS ? 'heat' : 'load'));
  });

  it('is live after a third of the points that it needs alone', () => {
    expect(alone.newcomer.lifeCycles.indexOf(LIVE)).toBe(256);
    expect(known.newcomer.lifeCycles.indexOf(LIVE)).toBe(85);
    expect(known.newcomer.lifeCycles.slice(85).every((stage) => stage === LIVE)).toBe(true);
    const cohorts = [...known.saved.values()].map((text) => JSON.parse(text));
    expect(cohorts).toMatchObject([{ metric: 'load', siblings: SIBLINGS + 1 }]);
  });

  it('has the scores that it has alone, to the bit', () => {
    expect(known.newcomer.scores).toEqual(alone.newcomer.scores);
    expect(known.newcomer.surprises).toEqual(alone.newcomer.surprises);
  });

  it('is alone as it was before there were cohorts', async () => {
    const cut: Cut = [0, 0, POINTS];
    const [before] = await runCalls(newBench(scorer, 1), [newcomer], [[cut]]);
    expect({ ...alone.newcomer, episodes: [] }).toEqual({ ...before, episodes: [] });
  });

  it.each([7, 64])('owes nothing to how points are cut into calls (%d a call)', async (size) => {
    const cuts = cutsOf(size);
    const inMany = await run(cuts.map((cut) => [cut]));
    const inOne = await run(asOne(cuts));
    for (const other of [inMany, inOne]) expect(other).toEqual(known);
  });

  it.each([50, 98, 100, 120])('goes on from what was saved (after run %d)', async (after) => {
    const calls = [...cutsOf(POINTS).slice(0, SIBLINGS), ...cutsOf(4).slice(-65)].map((cut) => [
      cut,
    ]);
    expect(calls).toHaveLength(SIBLINGS + 65);
    expect(await run(calls, () => 'load', after)).toEqual(known);
  });
});
