import { describe, expect, it } from 'vitest';
import { newDetectTables } from './detect-tables.ts';
import { SeriesWatch } from './series-watch.ts';

const NOW_MS = 1_000_000;

function setUp(rows = 3) {
  const tables = newDetectTables({ rowsPerPage: 4, pagesPerSlab: 4 });
  for (let row = 0; row < rows; row++) tables.series.allocate();
  const watch = new SeriesWatch(tables);
  /** Changes what is watched of a row. */
  const change = (row: number, by: (watch: SeriesWatch) => void, ms = NOW_MS) => {
    watch.load(row, ms);
    by(watch);
    watch.store(row, ms);
  };
  return { tables, watch, change };
}

describe('SeriesWatch', () => {
  it('keeps a row for as long as anything is odd', () => {
    const { tables, watch, change } = setUp();
    change(1, () => undefined);
    expect(tables.watches.liveRows).toBe(0);
    change(1, (odd) => {
      odd.outside = Math.fround(0.1);
    });
    change(1, (odd) => {
      odd.outside = 9;
      odd.rise(2.5);
      odd.excursionEndMs = NOW_MS + 700;
    });
    change(1, (odd) => {
      odd.episode = 7;
      odd.refractoryEndMs = NOW_MS + 900;
    });
    expect(tables.watches.liveRows).toBe(1);
    watch.load(1, NOW_MS);
    const { inside, peak, excursionEndMs, refractoryEndMs, episode, outside } = watch;
    expect({ inside, peak, excursionEndMs, refractoryEndMs, episode, outside }).toEqual({
      inside: true,
      peak: 2.5,
      excursionEndMs: NOW_MS + 700,
      refractoryEndMs: NOW_MS + 900,
      episode: 7,
      outside: 9,
    });
    change(1, (odd) => {
      odd.inside = false;
      odd.episode = 0;
    });
    expect(tables.watches.liveRows).toBe(1);
    change(1, (odd) => expect(odd.refractoryEndMs).toBe(NOW_MS + 900));
    watch.load(1, NOW_MS);
    watch.store(1, NOW_MS + 900);
    expect(tables.watches.liveRows).toBe(0);
    watch.load(1, NOW_MS);
    expect(watch.outside).toBe(9);
  });

  it('tells nothing of one series to another', () => {
    const { watch, change } = setUp();
    change(0, (odd) => {
      odd.rise(3);
      odd.episode = 2;
      odd.outside = 4;
      odd.refractoryEndMs = NOW_MS + 5;
    });
    watch.load(2, NOW_MS);
    expect([watch.inside, watch.episode, watch.outside]).toEqual([false, 0, 0]);
    expect(watch.refractoryEndMs).toBeLessThanOrEqual(NOW_MS);
  });

  it('keeps the link to the season, whether it was there before or came in between', () => {
    const { watch, change } = setUp();
    const odd = (one: SeriesWatch) => {
      one.episode = 1;
    };
    const calm = (one: SeriesWatch) => {
      one.episode = 0;
    };
    watch.setSeason(0, 5);
    change(0, odd);
    change(1, odd);
    watch.setSeason(1, 6);
    expect([0, 1, 2].map((row) => watch.seasonOf(row))).toEqual([5, 6, 0]);
    change(0, calm);
    change(1, calm);
    expect([0, 1, 2].map((row) => watch.seasonOf(row))).toEqual([5, 6, 0]);
  });

  it('goes with its series', () => {
    const { tables, watch, change } = setUp();
    change(1, (one) => {
      one.episode = 1;
    });
    watch.forget(1);
    watch.forget(2);
    expect(tables.watches.liveRows).toBe(0);
  });
});
