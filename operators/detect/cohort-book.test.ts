import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../models/seeded-random.ts';
import { CohortBook, cohortKey } from './cohort-book.ts';

const YOUTH_MS = 40 * 60_000;
const DAY_MS = 86_400_000;
const keyOf = (metric: string) => cohortKey({ tenant: 'a', metric, metricClass: 'general' });
const load = keyOf('load');
const dayMs = (day: number) => day * DAY_MS + DAY_MS / 2;
/** The day that siblings grow up in, and the first that may know of it. */
const THEN = dayMs(20_000);
const NOW = dayMs(20_002);

function grown(siblings: number, peaks: readonly (readonly [series: string, score: number])[]) {
  const book = new CohortBook();
  for (const [series, score] of peaks) book.note({ key: load, series, ms: THEN }, score);
  for (let i = 0; i < siblings; i++) book.grow(load, THEN);
  return book;
}

function levelIn(book: CohortBook, series = 'new', ms = NOW): number {
  return book.level({ key: load, series, ms }, YOUTH_MS);
}

function copyOf(book: CohortBook): CohortBook {
  const copy = new CohortBook();
  for (const [number, bytes] of [...book.takeChanged()].reverse()) copy.restore(number, bytes);
  const full = book.save();
  if (full !== undefined) copy.restoreFull(full);
  return copy;
}

describe('the level of a young series', () => {
  it('is out of reach until 50 siblings have grown up', () => {
    expect(levelIn(grown(49, []))).toBe(Number.POSITIVE_INFINITY);
    expect(grown(49, []).speaks).toBe(false);
    const book = grown(50, []);
    expect(levelIn(book)).toBeLessThan(3);
    expect(book.speaks).toBe(true);
    expect([book.knows(load, NOW), book.knows(keyOf('heat'), NOW)]).toEqual([true, false]);
  });

  it('goes by what was known at the end of the day before yesterday', () => {
    const book = grown(60, [['x', 3]]);
    const first = 20_002 * DAY_MS;
    expect(book.knows(load, first - 1)).toBe(false);
    const before = levelIn(book, 'new', first);
    book.note({ key: load, series: 'y', ms: THEN + DAY_MS }, 9);
    expect(levelIn(book, 'new', first + DAY_MS - 1)).toBe(before);
    expect(levelIn(book, 'new', first + DAY_MS)).toBeCloseTo(3 * before, 9);
  });

  it('lies beyond the highest of its siblings, by less the more of them there were', () => {
    // ln(3600 youths of 40 min in 100 days, over 100) / ln(101) beyond the highest.
    const some = levelIn(grown(100, [['x', 3]]));
    expect(some).toBeCloseTo(3 * (1 + Math.log(36) / Math.log(101)), 9);
    expect(levelIn(grown(50, [['x', 3]]))).toBeGreaterThan(some);
  });

  it('forgets half of what was seen with a thousand further youths', () => {
    const book = grown(4000, [['x', 6]]);
    expect(levelIn(book)).toBe(6);
    for (let i = 0; i < 1024; i++) book.grow(load, THEN + DAY_MS);
    expect(levelIn(book, 'new', NOW + DAY_MS)).toBeCloseTo(3, 9);
  });

  it('owes nothing to the series itself', () => {
    const book = grown(100, [
      ['x', 2],
      ['y', 5],
      ['z', 3],
      ['y', 6],
    ]);
    expect(levelIn(book, 'y') / levelIn(book, 'x')).toBeCloseTo(3 / 6, 9);
    expect(levelIn(book, 'z')).toBe(levelIn(book));
    book.note({ key: load, series: 'z', ms: THEN + DAY_MS }, 7);
    expect(levelIn(book, 'y', NOW + DAY_MS)).toBeGreaterThan(levelIn(book, 'z', NOW + DAY_MS));
  });

  it('never lies below the level of old series', () => {
    expect(levelIn(grown(5000, [['x', 0.5]]))).toBe(1);
  });
});

/** Something that is noted, or asked, at a time. */
interface Turn {
  readonly id: number;
  readonly kind: 'grow' | 'note' | 'ask';
  readonly key: string;
  readonly series: string;
  readonly ms: number;
  readonly score: number;
}

/** Turns of twelve days; cohorts come into being every other day. */
function turnsOf(seed: number, cohorts: number): Turn[] {
  const random = seededRandom(seed);
  const pick = (many: number) => Math.floor(many * random());
  return Array.from({ length: 6000 }, (_, id) => {
    const cohort = pick(cohorts);
    const beginMs = (20_000 + 2 * (cohort % 4)) * DAY_MS;
    const ms = beginMs + pick(20_012 * DAY_MS - beginMs);
    const kind = (['grow', 'note', 'ask'] as const)[pick(3)] ?? 'ask';
    const score = 1 + Math.floor(8 * random());
    return { id, kind, key: keyOf(`metric ${cohort}`), series: `s${pick(40)}`, ms, score };
  });
}

/** The order in which turns come that are up to so late. */
function arriving(turns: readonly Turn[], seed: number, lateMs: number): Turn[] {
  const random = seededRandom(seed);
  const at = new Map(turns.map(({ id, ms }) => [id, ms + lateMs * random()]));
  return [...turns].sort((a, b) => (at.get(a.id) ?? 0) - (at.get(b.id) ?? 0));
}

/** What is answered to each question. @param restoredEvery turns after which all goes on from what was saved. */
function answers(
  turns: readonly Turn[],
  most?: number,
  restoredEvery = Infinity,
): Map<number, number> {
  const given = new Map<number, number>();
  const entries = new Map<number, Uint8Array>();
  let full: Uint8Array | undefined;
  let book = new CohortBook(most);
  for (const [i, turn] of turns.entries()) {
    if (turn.kind === 'grow') book.grow(turn.key, turn.ms);
    else if (turn.kind === 'note') book.note(turn, turn.score);
    else given.set(turn.id, book.speaks ? book.level(turn, YOUTH_MS) : Number.POSITIVE_INFINITY);
    if (i % restoredEvery !== restoredEvery - 1) continue;
    for (const [number, bytes] of book.takeChanged()) entries.set(number, bytes);
    full = book.save() ?? full;
    book = new CohortBook(most);
    for (const [number, bytes] of entries) book.restore(number, bytes);
    if (full !== undefined) book.restoreFull(full);
  }
  return new Map([...given].sort(([a], [b]) => a - b));
}

describe('what is answered', () => {
  /** Cohorts there are, and the most that a book may have of them. */
  const cases = [
    [3, 1],
    [3, 2],
    [3, 100],
    [12, 4],
    [12, 8],
    [12, 100],
  ] as const;

  it.each(cases)('is the same in any order within a day (%d cohorts, at most %d)', (all, most) => {
    const levels = new Set<number>();
    for (let seed = 0; seed < 12; seed++) {
      const turns = turnsOf(seed, all);
      const inOrder = answers(arriving(turns, seed, 0), most);
      for (const level of inOrder.values()) levels.add(level);
      const other = arriving(turns, 100 + seed, DAY_MS);
      expect(answers(other, most)).toEqual(inOrder);
      expect(answers(other, most, 97)).toEqual(inOrder);
    }
    expect(levels.size).toBeGreaterThan(20);
  });

  it('need not be where things come more than two days late', () => {
    const turns = turnsOf(1, 3);
    expect(answers(arriving(turns, 1, 4 * DAY_MS))).not.toEqual(answers(arriving(turns, 1, 0)));
  });
});

describe('the book', () => {
  it('goes on from what was saved as if nothing had been', () => {
    const book = grown(100, [
      ['x', 2],
      ['y', 5],
    ]);
    book.grow(keyOf('heat'), THEN);
    const copy = copyOf(book);
    for (const each of [book, copy]) {
      each.note({ key: load, series: 'x', ms: NOW }, 8);
      each.grow(load, NOW + 2 * DAY_MS);
    }
    expect(copy.speaks).toBe(true);
    expect([...copy.takeChanged()]).toEqual([...book.takeChanged()]);
    expect([...book.takeChanged()]).toEqual([]);
    expect(book.save()).toBeUndefined();
  });

  it('has no place for a cohort more than it may have, unless that began earlier, and counts that', () => {
    const book = new CohortBook();
    for (let i = 0; i < 4096; i++) book.grow(keyOf(`metric ${i}`), THEN);
    expect(book.takeLeftOut()).toEqual({ late: 0, full: 0 });
    book.grow(keyOf('one more'), NOW);
    book.grow(keyOf('one more'), NOW);
    expect(book.takeLeftOut()).toEqual({ late: 0, full: 2 });
    expect([...book.takeChanged()]).toHaveLength(4096);
    for (let i = 0; i < 50; i++) book.grow(keyOf('one before'), THEN - DAY_MS);
    expect(book.takeLeftOut()).toEqual({ late: 0, full: 0 });
    const changed = [...book.takeChanged()].map(([number]) => number);
    expect(changed).toEqual([0]);
    // It is one of too many from the day on in which there were; before, nobody could know.
    expect(book.knows(keyOf('one before'), THEN + DAY_MS)).toBe(true);
    expect(book.knows(keyOf('one before'), NOW)).toBe(false);
  });

  it('goes by when a cohort began, not by when that was heard', () => {
    const book = new CohortBook(1);
    for (let i = 0; i < 50; i++) book.grow(load, THEN + DAY_MS);
    book.grow(load, THEN);
    book.grow(keyOf('one more'), NOW);
    expect(book.takeLeftOut()).toEqual({ late: 0, full: 1 });
    expect(book.knows(load, NOW + 2 * DAY_MS)).toBe(true);
  });

  it('leaves out what comes three days behind the newest of its cohort, and counts that', () => {
    const book = grown(60, []);
    book.grow(load, THEN + 3 * DAY_MS);
    book.note({ key: load, series: 'x', ms: THEN }, 9);
    book.note({ key: load, series: 'x', ms: THEN + DAY_MS }, 2);
    expect(book.takeLeftOut()).toEqual({ late: 1, full: 0 });
    expect(book.knows(load, THEN)).toBe(false);
    expect(book.knows(load, NOW)).toBe(true);
  });

  it('finds a cohort that came back under another number, in whatever order its entries are read', () => {
    const book = new CohortBook();
    const entry = (metric: string, siblings: number) => {
      const one = new CohortBook();
      for (let i = 0; i < siblings; i++) one.grow(keyOf(metric), THEN);
      return [...one.takeChanged()][0]?.[1] ?? new Uint8Array();
    };
    book.restore(3, entry('load', 60));
    book.restore(7, entry('load', 60));
    book.restore(3, entry('heat', 60));
    expect([book.knows(load, NOW), book.knows(keyOf('heat'), NOW)]).toEqual([true, true]);
  });
});
