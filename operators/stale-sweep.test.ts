import { describe, expect, it } from 'vitest';
import { PagedTable } from '../runtime/state/paged-table.ts';
import { heardColumns, StaleSweep } from './stale-sweep.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 5, 10, 30);

function setUp(ttlHours = 24) {
  const table = new PagedTable(heardColumns);
  const sweep = new StaleSweep(table, ttlHours * HOUR_MS);
  const hearNew = (): number => {
    const row = table.allocate();
    sweep.hear(row);
    return row;
  };
  const step = () => {
    const silent: (readonly [number, number])[] = [];
    const stale: number[] = [];
    sweep.step(
      (row, ms) => silent.push([row, ms]),
      (row) => {
        stale.push(row);
        table.release(row);
      },
    );
    return { silent, stale };
  };
  const observe = (ms: number) => sweep.observe({ fromMs: ms, toMs: ms });
  const isLater = (ms: number) => sweep.isLater({ fromMs: ms, toMs: ms });
  return { table, sweep, observe, isLater, hearNew, step };
}

describe('StaleSweep', () => {
  it('finds nothing in an empty table, and nothing before time goes on', () => {
    const { observe, hearNew, step } = setUp();
    expect(step()).toEqual({ silent: [], stale: [] });
    hearNew();
    observe(START_MS);
    expect(step()).toEqual({ silent: [], stale: [] });
  });

  it('gives up what was silent for the time, an hour late at most, and never early', () => {
    const { sweep, observe, isLater, hearNew, step } = setUp(24);
    observe(START_MS);
    const [gone, kept] = [hearNew(), hearNew()];
    observe(START_MS + 23.4 * HOUR_MS);
    sweep.hear(kept);
    expect(sweep.isStale(gone)).toBe(false);
    expect(step()).toEqual({ silent: [[gone, 22 * HOUR_MS]], stale: [] });
    expect(isLater(START_MS + 23.4 * HOUR_MS)).toBe(false);
    expect(isLater(START_MS + 24 * HOUR_MS)).toBe(true);
    observe(START_MS + 24 * HOUR_MS);
    expect([sweep.isStale(gone), sweep.isStale(kept)]).toEqual([true, false]);
    expect(step().stale).toEqual([gone]);
    expect(step().stale).toEqual([]);
  });

  it('holds nothing against what was heard before there was a time, as back-fill is', () => {
    const { sweep, observe, hearNew, step } = setUp(24);
    const filled = hearNew();
    observe(START_MS);
    expect(sweep.isStale(filled)).toBe(false);
    observe(START_MS + 24 * HOUR_MS);
    expect(step().stale).toEqual([filled]);
  });

  it('does not go back', () => {
    const { sweep, observe, hearNew } = setUp(24);
    observe(START_MS);
    const row = hearNew();
    observe(START_MS - 48 * HOUR_MS);
    expect(sweep.isStale(row)).toBe(false);
    observe(START_MS + 25 * HOUR_MS);
    observe(START_MS);
    expect(sweep.isStale(row)).toBe(true);
  });

  it('makes no series stale by the batch that holds it, however long that is', () => {
    const { sweep, hearNew, step } = setUp(2);
    const row = hearNew();
    for (let hour = 0; hour < 20; hour += 4) {
      const fromMs = START_MS + hour * HOUR_MS;
      sweep.observe({ fromMs, toMs: fromMs + 3.9 * HOUR_MS });
      expect(sweep.isStale(row)).toBe(false);
      expect(step().stale).toEqual([]);
      sweep.hear(row);
      expect(sweep.isStale(row)).toBe(false);
    }
    sweep.observe({ fromMs: START_MS + 22 * HOUR_MS, toMs: START_MS + 22 * HOUR_MS });
    expect(step().stale).toEqual([row]);
  });

  it('counts hours right where their number comes round', () => {
    const { sweep, observe, hearNew } = setUp(24);
    observe(START_MS);
    observe(START_MS + 65_530 * HOUR_MS);
    const row = hearNew();
    observe(START_MS + 65_540 * HOUR_MS);
    expect(sweep.isStale(row)).toBe(false);
    sweep.hear(row);
    observe(START_MS + 65_564 * HOUR_MS);
    expect(sweep.isStale(row)).toBe(true);
  });

  it('takes a large table a piece at a time and comes to all of it', () => {
    const { table, observe, hearNew, step } = setUp(24);
    observe(START_MS);
    for (let i = 0; i < 10_000; i++) hearNew();
    observe(START_MS + 30 * HOUR_MS);
    const steps: number[] = [];
    while (table.liveRows > 0 && steps.length < 1000) steps.push(step().stale.length);
    expect(table.liveRows).toBe(0);
    expect(Math.max(...steps)).toBeLessThan(1000);
  });

  it('goes on where it was after a restore', () => {
    const one = setUp(24);
    one.observe(START_MS);
    for (let i = 0; i < 6000; i++) one.hearNew();
    one.observe(START_MS + 5 * HOUR_MS);
    one.step();
    const other = setUp(24);
    other.sweep.restore(one.sweep.save() ?? new Uint8Array(0));
    for (const [page, image] of one.table.takeDirty()) other.table.readPage(page, image);
    expect(one.sweep.save()).toBeUndefined();
    expect(other.step()).toEqual(one.step());
    for (const { observe } of [one, other]) observe(START_MS + 24 * HOUR_MS);
    expect(other.step()).toEqual(one.step());
  });
});
