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
const DAY_MS = 86_400_000;
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
const newcomer = track(7, 1e12 + 2 * DAY_MS);
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

interface RunSetup {
  readonly calls: readonly (readonly Cut[])[];
  readonly all?: readonly Track[];
  /** Name by row; the same for all by default. */
  readonly metricOf?: (row: number) => string;
  /** Call after which all goes on from what was saved. */
  readonly restoredAfter?: number;
}

interface AllOutcome {
  readonly results: readonly TrackResult[];
  readonly saved: ReadonlyMap<number, string>;
}

async function runAll({
  calls,
  all = tracks,
  metricOf = () => 'load',
  restoredAfter = calls.length,
}: RunSetup): Promise<AllOutcome> {
  const saved = new Map<number, string>();
  const save = (book: CohortBook) => {
    for (const [number, bytes] of book.takeChanged())
      saved.set(number, Buffer.from(bytes).toString());
  };
  const first = new CohortBook();
  const bench = newBench(scorer, all.length, siblingsBy(first, metricOf));
  const results = await runCalls(bench, all, calls.slice(0, restoredAfter));
  save(first);
  if (restoredAfter === calls.length) return { results, saved };
  const second = new CohortBook();
  for (const [number, text] of saved) second.restore(number, Buffer.from(text));
  const { detector } = newBench(scorer, 0, siblingsBy(second, metricOf), bench.tables);
  const rest = await runCalls({ ...bench, detector }, all, calls.slice(restoredAfter));
  save(second);
  return { results: results.map((own, i) => joined(own, rest[i] as TrackResult)), saved };
}

async function run(setup: RunSetup): Promise<Outcome> {
  const { results, saved } = await runAll(setup);
  return { newcomer: results[SIBLINGS] as TrackResult, saved };
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
    const calls = asOne(cutsOf(POINTS));
    known = await run({ calls });
    alone = await run({ calls, metricOf: (row) => (row === SIBLINGS ? 'heat' : 'load') });
  });

  it('is live after a third of the points that it needs alone', () => {
    expect(alone.newcomer.lifeCycles.indexOf(LIVE)).toBe(256);
    expect(known.newcomer.lifeCycles.indexOf(LIVE)).toBe(85);
    expect(known.newcomer.lifeCycles.slice(85).every((stage) => stage === LIVE)).toBe(true);
    const cohorts = [...known.saved.values()].map((text) => JSON.parse(text));
    const days = [
      [11_574, { grown: SIBLINGS }],
      [11_576, { grown: 1 }],
    ];
    expect(cohorts).toMatchObject([{ metric: 'load', days }]);
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
    const inMany = await run({ calls: cuts.map((cut) => [cut]) });
    const inOne = await run({ calls: asOne(cuts) });
    for (const other of [inMany, inOne]) expect(other).toEqual(known);
  });

  it.each([50, 98, 100, 120])(
    'goes on from what was saved (after run %d)',
    async (restoredAfter) => {
      const calls = [...cutsOf(POINTS).slice(0, SIBLINGS), ...cutsOf(4).slice(-65)].map((cut) => [
        cut,
      ]);
      expect(calls).toHaveLength(SIBLINGS + 65);
      expect(await run({ calls, restoredAfter })).toEqual(known);
    },
  );

  it.each(['newcomer', 'siblings'])('has none where it is back-fill (%s)', async (who) => {
    const all = tracks.map((each, row) => ({
      ...each,
      historical: (row === SIBLINGS) === (who === 'newcomer'),
    }));
    const { results } = await runAll({ calls: asOne(cutsOf(POINTS)), all });
    expect(results[SIBLINGS]?.lifeCycles.indexOf(LIVE)).toBe(256);
  });

  it('has them from a midnight on', async () => {
    const midnight = 11_576 * DAY_MS;
    const all = [...siblings, track(7, midnight - 100 * MINUTE_MS)];
    const { results } = await runAll({ calls: asOne(cutsOf(POINTS)), all });
    expect(results[SIBLINGS]?.lifeCycles.indexOf(LIVE)).toBe(100);
  });
});

describe('series that come into being all the time', () => {
  const YOUNG = 260;
  const PIECE = 65;
  const random = seededRandom(5);
  const all = Array.from({ length: YOUNG }, (_, i) =>
    track(500 + i, 11_580 * DAY_MS + Math.floor(4 * 1440 * random()) * MINUTE_MS),
  );

  /** Pieces of all series in the order in which they come when each is as late as `draw` says, a share of `lateMs`. */
  function arriving(lateMs: number, draw: (row: number) => number): (readonly Cut[])[] {
    const pieces: { readonly cut: Cut; readonly atMs: number }[] = [];
    for (const [row, { timestamps }] of all.entries()) {
      let atMs = 0;
      for (let from = 0; from < POINTS; from += PIECE) {
        // In its own order, and the last point of a piece no more than so late behind the first.
        const cut: Cut = [row, from, from + PIECE];
        const [firstMs = 0, lastMs = 0] = [timestamps[from], timestamps[from + PIECE - 1]];
        atMs = Math.max(atMs, lastMs + (lateMs - (lastMs - firstMs)) * draw(row));
        pieces.push({ cut, atMs });
      }
    }
    return pieces.sort((a, b) => a.atMs - b.atMs).map(({ cut }) => [cut]);
  }

  const earlyLive = (results: readonly TrackResult[]) =>
    results.filter(({ lifeCycles: stages }) => stages.indexOf(LIVE) === 85).length;

  it('owe nothing to the order in which their points come, within a day', async () => {
    const inOrder = await runAll({ calls: arriving(2 * PIECE * MINUTE_MS, () => 0.5), all });
    expect(earlyLive(inOrder.results)).toBeGreaterThan(40);
    expect(earlyLive(inOrder.results)).toBeLessThan(YOUNG - 60);
    for (const draw of [seededRandom(2), (row: number) => row % 2]) {
      const other = await runAll({ calls: arriving(DAY_MS, draw), all, restoredAfter: 500 });
      expect(other.results).toEqual(inOrder.results);
    }
  });
});
