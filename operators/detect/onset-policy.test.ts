import { describe, expect, it } from 'vitest';
import { classTunings } from './class-tuning.ts';
import { CohortBook, cohortKey } from './cohort-book.ts';
import { defaultSettings } from './detect-input.ts';
import { newDetectTables } from './detect-tables.ts';
import { EpisodeBook } from './episode-book.ts';
import { MemberColumns } from './member-columns.ts';
import { OnsetPolicy, type OnsetReading } from './onset-policy.ts';
import { SeriesWatch } from './series-watch.ts';
import { Siblings } from './siblings.ts';
import { defaultTuning } from './tuning.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A policy over one warm series; `at` takes its next point, so many minutes on, and gives the onset. */
function setUp(siblings?: Siblings, before = 1000, over: Partial<OnsetReading> = {}) {
  const tables = newDetectTables({ rowsPerPage: 4, pagesPerSlab: 4 });
  tables.series.allocate();
  const book = new EpisodeBook(tables.episodes, classTunings(defaultTuning));
  const watch = new SeriesWatch(tables);
  const policy = new OnsetPolicy(tables.series, watch, book, defaultTuning, siblings);
  const members = new MemberColumns();
  members.reserve(1);
  const reading: OnsetReading = {
    row: 0,
    point: 0,
    ms: 1e12,
    intervalMs: MINUTE_MS,
    value: 100,
    expected: 10,
    lower: 5,
    upper: 15,
    level: 1,
    score: 0,
    confidence: 1,
    movement: 0,
    metricClass: 0,
    lifeCycle: 3,
    historical: 0,
    late: false,
    members,
    span: 10,
    grain: 1,
    before,
    gap: false,
    flat: false,
    leap: 0,
    sudden: 0,
    burst: false,
    ...over,
  };
  const at = (minutes: number, score: number, gap = false) => {
    Object.assign(reading, { ms: reading.ms + minutes * MINUTE_MS, score, gap });
    return policy.advance(defaultSettings, reading);
  };
  return { at, book };
}

describe('OnsetPolicy', () => {
  it('opens no episode at the first five points after a gap', () => {
    const { at } = setUp();
    expect(at(1, 0)).toBe(0);
    expect([at(60, 3, true), at(1, 3), at(1, 3), at(1, 3), at(1, 3), at(1, 3)]).toEqual([
      0, 0, 0, 0, 0, 2,
    ]);
  });

  it('lets no episode rise there that was open before it and goes on', () => {
    const { at, book } = setUp();
    expect(at(1, 1.5)).toBe(1);
    expect([at(7, 3, true), at(1, 3), at(1, 3), at(1, 3), at(1, 3), at(1, 3)]).toEqual([
      0, 0, 0, 0, 0, 2,
    ]);
    expect(book.events.filter(({ phase }) => phase === 'OPEN')).toHaveLength(1);
  });

  it('begins to count anew with another gap', () => {
    const { at } = setUp();
    expect([at(60, 3, true), at(1, 3), at(60, 3, true), at(1, 3), at(1, 3)]).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect([at(1, 3), at(1, 3), at(1, 3)]).toEqual([0, 0, 2]);
  });
});

describe('a young series', () => {
  /** What a series with so many siblings, which went up to `peak`, does at a score after so many points. */
  const opensAt = (siblings: number, peak: number, before: number, score: number, over = {}) => {
    const book = new CohortBook();
    const key = cohortKey({ tenant: 'a', metric: 'load', metricClass: 'general' });
    const ms = 1e12 - 2 * DAY_MS;
    book.note({ key, series: 'one of them', ms }, peak);
    for (let i = 0; i < siblings; i++) book.grow(key, ms);
    const { at } = setUp(
      new Siblings(book, () => ({ tenant: 'a', name: 'load', series: 'new' })),
      before,
      over,
    );
    return at(1, score);
  };

  it('opens none alone, and one beyond what its siblings did', () => {
    expect(setUp(undefined, 40).at(1, 9)).toBe(0);
    expect(opensAt(100, 2, 40, 9)).toBe(2);
    expect(opensAt(100, 2, 40, 2)).toBe(0);
    expect(opensAt(100, 1, 40, 2)).toBe(2);
  });

  it('waits for a third of what it needs alone, and for enough siblings', () => {
    expect(opensAt(100, 2, 31, 9)).toBe(0);
    expect(opensAt(100, 2, 32, 9)).toBe(2);
    expect(opensAt(49, 2, 40, 9)).toBe(0);
  });

  it('opens none at a leap that may be the first of its bursts, unless siblings had none such', () => {
    const leap = { sudden: 3, intervalMs: 15_000 };
    const burst = { ...leap, burst: true };
    expect(setUp(undefined, 100, leap).at(1, 3)).toBe(2);
    expect(setUp(undefined, 100, burst).at(1, 3)).toBe(0);
    expect(opensAt(100, 1, 100, 3, burst)).toBe(2);
    expect(opensAt(100, 2, 100, 3, burst)).toBe(0);
  });

  it('opens none by what siblings did a day ago, nor by points that are historical', () => {
    expect(opensAt(100, 2, 40, 9, { ms: 1e12 - DAY_MS })).toBe(0);
    expect(opensAt(100, 2, 40, 9, { historical: 1 })).toBe(0);
  });
});
