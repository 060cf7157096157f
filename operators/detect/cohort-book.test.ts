import { describe, expect, it } from 'vitest';
import { CohortBook, cohortKey } from './cohort-book.ts';

const YOUTH_MS = 40 * 60_000;
const keyOf = (metric: string) => cohortKey({ tenant: 'a', metric, metricClass: 'general' });
const load = keyOf('load');

function grown(siblings: number, peaks: readonly (readonly [series: string, score: number])[]) {
  const book = new CohortBook();
  for (const [series, score] of peaks) book.note(load, series, score);
  for (let i = 0; i < siblings; i++) book.grow(load);
  return book;
}

function copyOf(book: CohortBook): CohortBook {
  const copy = new CohortBook();
  for (const [number, bytes] of [...book.takeChanged()].reverse()) copy.restore(number, bytes);
  return copy;
}

describe('the level of a young series', () => {
  it('is out of reach until 50 siblings have grown up', () => {
    expect(grown(49, []).level(load, 'new', YOUTH_MS)).toBe(Number.POSITIVE_INFINITY);
    expect(grown(49, []).speaks).toBe(false);
    const book = grown(50, []);
    expect(book.level(load, 'new', YOUTH_MS)).toBeLessThan(3);
    expect([book.speaks, book.knows(load), book.knows(keyOf('heat'))]).toEqual([true, true, false]);
  });

  it('lies beyond the highest of its siblings, by less the more of them there were', () => {
    const few = grown(50, [['x', 3]]).level(load, 'new', YOUTH_MS);
    const some = grown(100, [['x', 3]]).level(load, 'new', YOUTH_MS);
    // ln(3600 youths of 40 min in 100 days, over 100) / ln(101) beyond the highest, which 100 youths have faded a little.
    const faded = 3 * 2 ** (-100 / 1024);
    expect(some).toBeCloseTo(faded * (1 + Math.log(36) / Math.log(101)), 9);
    expect(few).toBeGreaterThan(some);
  });

  it('owes nothing to the series itself', () => {
    const book = grown(100, [
      ['x', 2],
      ['y', 5],
      ['z', 3],
      ['y', 6],
    ]);
    const of = (series: string) => book.level(load, series, YOUTH_MS);
    expect(of('y') / of('x')).toBeCloseTo(3 / 6, 9);
    expect(of('z')).toBe(of('new'));
    book.note(load, 'z', 7);
    expect(of('y')).toBeGreaterThan(of('z'));
  });

  it('never lies below the level of old series', () => {
    const book = grown(5000, [['x', 2]]);
    expect(book.level(load, 'new', YOUTH_MS)).toBe(1);
  });
});

describe('the book', () => {
  it('goes on from what was saved as if nothing had been', () => {
    const book = grown(100, [
      ['x', 2],
      ['y', 5],
    ]);
    book.grow(keyOf('heat'));
    const copy = copyOf(book);
    for (const each of [book, copy]) {
      each.note(load, 'x', 8);
      each.grow(load);
    }
    expect(copy.speaks).toBe(true);
    expect([...copy.takeChanged()]).toEqual([...book.takeChanged()]);
    expect([...book.takeChanged()]).toEqual([]);
  });

  it('gives a full place to a new cohort and counts that, the same after a restore', () => {
    const book = new CohortBook();
    for (let i = 0; i < 4096; i++) book.grow(keyOf(`metric ${i}`));
    book.grow(keyOf('metric 0'));
    expect(book.takeEvicted()).toBe(0);
    const copy = copyOf(book);
    for (const each of [book, copy]) {
      each.grow(keyOf('one more'));
      expect(each.takeEvicted()).toBe(1);
      expect(each.takeEvicted()).toBe(0);
    }
    const [[number, bytes] = [], ...others] = [...copy.takeChanged()];
    expect(number).toBe(1);
    expect(JSON.parse(Buffer.from(bytes ?? []).toString()).metric).toBe('one more');
    expect(others).toEqual([]);
    expect([...book.takeChanged()]).toEqual([[number, bytes]]);
  });

  it('finds a cohort that came back under another number, in whatever order its entries are read', () => {
    const entry = (metric: string, change: number) =>
      Buffer.from(
        JSON.stringify({
          ...{ tenant: 'a', metric, metricClass: 'general', siblings: 50, change },
          peaks: [
            { series: '', score: 0 },
            { series: '', score: 0 },
          ],
        }),
      );
    const book = new CohortBook();
    book.restore(3, entry('load', 1));
    book.restore(7, entry('load', 9));
    book.restore(3, entry('heat', 8));
    expect([book.knows(load), book.knows(keyOf('heat'))]).toEqual([true, true]);
  });
});
