import { describe, expect, it } from 'vitest';
import { classNumber } from '../../models/metric-class.ts';
import { FeedbackBook } from './feedback-book.ts';
import type { FeedbackMark } from './feedback-level.ts';
import { feedbackOptions } from './feedback-options.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 5, 12);
const options = feedbackOptions.parse({});

function mark(number: number, more: Partial<FeedbackMark> = {}): FeedbackMark {
  const fromMs = more.fromMs ?? START_MS;
  return {
    id: number.toString(16).padStart(32, '0'),
    subject: `anomaly ${number}`,
    series: number.toString(16).padStart(16, '0'),
    class: 'general',
    verdict: 'FALSE_ALARM',
    peakScore: 1.4,
    fromMs,
    endMs: fromMs + options.maxAgeMs,
    ...more,
  };
}

const falseAlarms = (count: number, more: Partial<FeedbackMark> = {}) =>
  Array.from({ length: count }, (_, i) => mark(i + 1, more));

function bookOf(marks: readonly FeedbackMark[]): FeedbackBook {
  const book = new FeedbackBook(options);
  for (const each of marks) book.take('shop', 'latency', each);
  return book;
}

/** Level of a series that no mark speaks of, unless another is named. */
function levelOf(
  book: FeedbackBook,
  { metric = 'latency', metricClass = 'general', series = 'f'.repeat(16), atMs = START_MS } = {},
): number {
  const levels = book.levels(book.numberOf('shop', metric), series, atMs);
  return levels[classNumber(metricClass) ?? -1] ?? Number.NaN;
}

describe('FeedbackBook', () => {
  it('leaves the level at 1 where nothing was said', () => {
    const book = bookOf(falseAlarms(20));
    expect(levelOf(bookOf([]))).toBe(1);
    expect(levelOf(book, { metric: 'errors' })).toBe(1);
    expect(levelOf(book, { metricClass: 'latency' })).toBe(1);
    expect(levelOf(book, { atMs: START_MS - 1 })).toBe(1);
    expect(book.numberOf('bank', 'latency')).toBe(-1);
    expect(book.speaksOf('bank')).toBe(false);
  });

  it('raises it with false alarms by their mean height, the more of them the nearer', () => {
    expect(levelOf(bookOf(falseAlarms(1)))).toBeCloseTo(1 + 0.4 / 11, 12);
    expect(levelOf(bookOf(falseAlarms(20)))).toBeCloseTo(1 + (20 * 0.4) / 30, 12);
  });

  it('moves the series itself more than others of its cohort', () => {
    const book = bookOf(falseAlarms(1));
    expect(levelOf(book, { series: mark(1).series })).toBeCloseTo(1 + (4 * 0.4) / 14, 12);
  });

  it('goes by class, but for the series itself and for what is said of a series as such', () => {
    const book = bookOf(falseAlarms(20, { class: 'latency' }));
    expect(levelOf(book, { metricClass: 'latency' })).toBeCloseTo(1 + (20 * 0.4) / 30, 12);
    expect(levelOf(book)).toBe(1);
    expect(levelOf(book, { series: mark(1).series })).toBeCloseTo(1 + (4 * 0.4) / 14, 12);
    const missed = bookOf([mark(1, { verdict: 'MISSED', peakScore: 0, class: null })]);
    expect(levelOf(missed, { metricClass: 'latency' })).toBeCloseTo(1 - 0.5 / 11, 12);
  });

  it('stays within its rails, however many marks there are and whatever they say', () => {
    const loud = bookOf(falseAlarms(400, { peakScore: 1e9 }));
    expect(levelOf(loud)).toBeCloseTo(1 + (400 * 0.5) / 410, 12);
    expect(levelOf(loud)).toBeLessThan(options.highestLevel);
    expect(levelOf(bookOf(falseAlarms(400, { verdict: 'MISSED', peakScore: 0 })))).toBe(
      options.lowestLevel,
    );
  });

  it('counts the newest mark of a subject only', () => {
    const again = falseAlarms(20).map((each) => ({ ...each, subject: 'anomaly 1' }));
    expect(levelOf(bookOf(again))).toBe(levelOf(bookOf(falseAlarms(1))));
  });

  it('is drawn back by useful anomalies, and never holds back what one of the series reached', () => {
    const useful = mark(99, { verdict: 'TRUE_ALARM', peakScore: 1.05 });
    const book = bookOf([...falseAlarms(20), useful]);
    expect(levelOf(book)).toBeCloseTo(1 + (20 * 0.4) / 31, 12);
    expect(levelOf(book, { series: useful.series })).toBe(1.05);
  });

  it('falls with missed faults', () => {
    expect(levelOf(bookOf(falseAlarms(10, { verdict: 'MISSED', peakScore: 0 })))).toBeCloseTo(
      0.75,
      12,
    );
    expect(levelOf(bookOf(falseAlarms(1, { verdict: 'MISSED', peakScore: 0 })))).toBeCloseTo(
      1 - 0.5 / 11,
      12,
    );
  });

  it('forgets: half the weight after 30 days, all of it after 90', () => {
    const book = bookOf(falseAlarms(20));
    expect(levelOf(book, { atMs: START_MS + 30 * DAY_MS })).toBeCloseTo(1 + (10 * 0.4) / 20, 12);
    expect(levelOf(book, { atMs: START_MS + 90 * DAY_MS - 1 })).toBeGreaterThan(1.05);
    expect(levelOf(book, { atMs: START_MS + 90 * DAY_MS })).toBe(1);
  });

  it('holds one level from the beginning of a stretch to its end', () => {
    const book = bookOf(falseAlarms(3, { endMs: START_MS + 1.3 * DAY_MS }));
    const number = book.numberOf('shop', 'latency');
    const edges: number[] = [];
    for (let atMs = START_MS - DAY_MS; atMs < START_MS + 3 * DAY_MS; ) {
      const untilMs = book.untilMs(number, atMs);
      expect(untilMs).toBeGreaterThan(atMs);
      expect(levelOf(book, { atMs: untilMs - 1 })).toBe(levelOf(book, { atMs }));
      edges.push(untilMs);
      atMs = untilMs;
    }
    expect(edges).toContain(START_MS);
    expect(edges).toContain(START_MS + 1.3 * DAY_MS);
  });

  it('is as if nothing had been said once that is taken back', () => {
    const taken = mark(1);
    const back = mark(2, {
      subject: taken.subject,
      verdict: 'WITHDRAWN',
      fromMs: START_MS + DAY_MS,
    });
    const book = bookOf([taken, back]);
    expect(levelOf(book, { atMs: back.fromMs - 1 })).toBeGreaterThan(1);
    expect(levelOf(book, { atMs: back.fromMs })).toBe(1);
    const others = falseAlarms(7).map((each, i) => ({ ...each, id: `other ${i}` }));
    const rest = others.filter(({ subject }) => subject !== taken.subject);
    expect(levelOf(bookOf([...others, taken, back]), { atMs: back.fromMs })).toBe(
      levelOf(bookOf(rest), { atMs: back.fromMs }),
    );
  });

  it('gives the same bits in whatever order the marks came, and after a restore', () => {
    const marks = Array.from({ length: 40 }, (_, i) =>
      mark(i + 1, { peakScore: 1 + 0.013 * i, fromMs: START_MS + i * 0.7 * DAY_MS }),
    );
    const atMs = START_MS + 40 * DAY_MS;
    const level = levelOf(bookOf(marks), { atMs });
    expect(levelOf(bookOf(marks.toReversed()), { atMs })).toBe(level);
    const restored = new FeedbackBook(options);
    for (const [number, bytes] of bookOf(marks).takeChanged()) restored.restore(number, bytes);
    expect(levelOf(restored, { atMs })).toBe(level);
  });

  it('takes each command in once, and as many as it keeps', () => {
    const book = bookOf([]);
    expect(book.take('shop', 'latency', mark(1))).toBe('taken');
    expect(book.take('shop', 'latency', mark(1))).toBe('known');
    for (let i = 2; i <= 500; i++) book.take('shop', 'latency', mark(i));
    expect(book.take('shop', 'latency', mark(501))).toBe('full');
    const later = mark(502, { fromMs: START_MS + 90 * DAY_MS });
    expect(book.take('shop', 'latency', later)).toBe('taken');
    // What was forgotten is not taken in anew when the topic is read again.
    expect(book.take('shop', 'latency', mark(1))).toBe('stale');
  });
});
