import { describe, expect, it } from 'vitest';
import { parseStateKey } from '../../runtime/state/state-entries.ts';
import { lifeCycles } from './detect-output.ts';
import { SeriesShelf } from './series-shelf.ts';
import { SeriesState } from './series-state.ts';
import { SeriesWatch } from './series-watch.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 5);
const [COLD, LIVE, STALE] = [0, lifeCycles.indexOf('live'), lifeCycles.indexOf('stale')] as const;

/** Ids are hashes. */
function lowOf(id: number): number {
  return Math.imul(id, 2_654_435_761) >>> 0;
}

function setUp() {
  const shelf = new SeriesShelf(24 * HOUR_MS);
  const givenUp: number[] = [];
  const define = (id: number, text = `series ${id}`) =>
    shelf.define(
      lowOf(id),
      1,
      () => Buffer.from(text),
      (row) => {
        givenUp.push(row);
        shelf.evict(row);
      },
    );
  const find = (id: number) => shelf.find(lowOf(id), 1);
  const at = (hour: number) => {
    const ms = START_MS + hour * HOUR_MS;
    shelf.sweep.observe({ fromMs: ms, toMs: ms });
  };
  return { shelf, givenUp, define, find, at };
}

describe('SeriesShelf', () => {
  it('finds what was defined, and its definition', () => {
    const { shelf, define, find } = setUp();
    expect(find(7)).toBe(-1);
    define(7, 'first');
    define(7, 'second');
    const row = find(7);
    expect(shelf.definition(row).toString()).toBe('first');
    expect([...shelf.stages]).toEqual([1, 0, 0, 0, 0]);
  });

  it('counts series by tier, saves what belongs to them, and gives it up with them', () => {
    const { shelf, define, find } = setUp();
    for (const id of [1, 2, 3]) define(id);
    const state = new SeriesState(shelf);
    for (const id of [2, 3]) {
      state.load(find(id), 'weekly');
      state.beginSeason();
      if (id === 3) state.beginWeek();
      state.store(find(id));
    }
    expect(shelf.tiers).toEqual([1, 1, 1]);
    const other = new SeriesShelf(24 * HOUR_MS);
    for (const [key, value] of shelf.entries()) {
      const { name, number } = parseStateKey(key);
      expect(other.restore(name, number, value)).toBe(true);
    }
    other.rebuild();
    expect(other.tiers).toEqual([1, 1, 1]);
    const again = new SeriesState(other);
    again.load(other.find(lowOf(3), 1), 'weekly');
    expect([again.seasonRow, again.weekRow]).toEqual([2, 1]);
    expect(other.restore('source', 0, null)).toBe(false);
    shelf.evict(find(3));
    expect(shelf.tiers).toEqual([1, 1, 0]);
  });

  it('does not find a series that was silent for too long, and takes it in as a new one', () => {
    const { shelf, givenUp, define, find, at } = setUp();
    at(0);
    define(7, 'first');
    const row = find(7);
    shelf.setLifeCycle(row, LIVE);
    at(24);
    expect(find(7)).toBe(-1);
    define(7, 'second');
    expect(givenUp).toEqual([row]);
    expect(shelf.definition(find(7)).toString()).toBe('second');
    expect([shelf.stages[COLD], shelf.stages[LIVE]]).toEqual([1, 0]);
  });

  it('gives back all that hung on a series', () => {
    const { shelf, define, find } = setUp();
    for (let id = 0; id < 3000; id++) define(id);
    const watch = new SeriesWatch(shelf);
    for (let row = 0; row < 3000; row += 2) {
      shelf.hours.allocate();
      watch.setSeason(row, shelf.seasons.allocate() + 1);
      watch.load(row, 0);
      watch.outside = (row % 4) / 4;
      watch.store(row, 0);
    }
    expect(shelf.watches.liveRows).toBe(750);
    for (const _ of shelf.series.takeDirty()); // Earlier changes are of no interest.
    for (let row = 2999; row >= 1; row--) shelf.evict(row);
    const { series, seasons, hours, watches } = shelf;
    expect([series, seasons, hours, watches].map(({ liveRows }) => liveRows)).toEqual([1, 1, 1, 0]);
    expect([...shelf.stages]).toEqual([1, 0, 0, 0, 0]);
    const saved: unknown[] = [];
    for (const [chunk, bytes] of shelf.texts.takeDirty()) saved.push([chunk, bytes?.length ?? 0]);
    expect(saved).toEqual([
      [0, 32],
      [1, 0],
    ]);
    define(5000, 'another');
    expect(find(5000)).toBe(1);
    expect(shelf.definition(0).toString()).toBe('series 0');
  });

  it('counts a series as stale that is silent for long, by its own interval', () => {
    const { shelf, define, find } = setUp();
    for (const id of [1, 2, 3]) define(id);
    const level = shelf.series.column('detect.level');
    const rows = [1, 2, 3].map((id) => find(id));
    [10_000, 60_000, 0].forEach((intervalMs, i) => {
      const row = rows[i] ?? 0;
      level.view(row)[level.index(row)] = intervalMs;
      shelf.noteSilence(row, HOUR_MS);
    });
    expect([shelf.stages[COLD], shelf.stages[STALE]]).toEqual([2, 1]);
  });

  it('comes back with the same series and stages', () => {
    const { shelf, define, find } = setUp();
    for (let id = 0; id < 200; id++) define(id);
    for (const id of [3, 70, 199]) shelf.evict(find(id));
    shelf.setLifeCycle(5, LIVE);
    const restored = new SeriesShelf(24 * HOUR_MS);
    for (const [page, image] of shelf.series.takeDirty()) restored.series.readPage(page, image);
    for (const [chunk, bytes] of shelf.texts.takeDirty()) restored.texts.readChunk(chunk, bytes);
    restored.rebuild();
    expect(restored.stages).toEqual(shelf.stages);
    for (let id = 0; id < 200; id++) {
      expect(restored.find(lowOf(id), 1)).toBe(find(id));
      if ([3, 70, 199].includes(id)) continue;
      expect(restored.definition(restored.find(lowOf(id), 1)).toString()).toBe(`series ${id}`);
    }
  });
});
