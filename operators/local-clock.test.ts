import { describe, expect, it } from 'vitest';
import { LocalClock, localClock, utcClock, weekdayOf } from './local-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The latest time that a date can have. */
const LATEST_MS = 8.64e15;
const at = (text: string): number => Date.parse(text);
const hoursIn = (timeZone: string, text: string) =>
  new LocalClock(timeZone).offsetAt(at(text)) / HOUR_MS;

describe('LocalClock', () => {
  it('changes at the second at which the clocks do', () => {
    const paris = new LocalClock('Europe/Paris');
    const hours = (text: string) => paris.offsetAt(at(text)) / HOUR_MS;
    expect(hours('2024-03-31T00:59:59.999Z')).toBe(1);
    expect(hours('2024-03-31T01:00:00.000Z')).toBe(2);
    expect(hours('2024-03-31T00:59:59.999Z')).toBe(1);
    expect(hours('2024-10-27T00:59:59.999Z')).toBe(2);
    expect(hours('2024-10-27T01:00:00.000Z')).toBe(1);
  });

  it('knows parts of hours, changes of half an hour, the south and the date line', () => {
    expect(hoursIn('Asia/Kolkata', '2024-07-01T00:00Z')).toBe(5.5);
    expect(hoursIn('Australia/Lord_Howe', '2024-04-06T14:59Z')).toBe(11);
    expect(hoursIn('Australia/Lord_Howe', '2024-04-06T15:00Z')).toBe(10.5);
    expect(hoursIn('America/Sao_Paulo', '2024-07-01T00:00Z')).toBe(-3);
    // Samoa left out 30 December 2011.
    expect(hoursIn('Pacific/Apia', '2011-12-30T09:59Z')).toBe(-10);
    expect(hoursIn('Pacific/Apia', '2011-12-30T10:00Z')).toBe(14);
  });

  it('says the same in whatever order it is asked', () => {
    const times = Array.from({ length: 500 }, (_, i) => ((i * 199) % 500) * 77 * HOUR_MS);
    const clock = new LocalClock('America/New_York');
    const alone = (ms: number) => new LocalClock('America/New_York').offsetAt(ms);
    for (const ms of times) expect(clock.offsetAt(ms)).toBe(alone(ms));
    for (const ms of times.reverse()) expect(clock.offsetAt(ms)).toBe(alone(ms));
  });

  it('is at UTC all the time there is', () => {
    for (const ms of [0, DAY_MS - 1, DAY_MS, LATEST_MS]) expect(utcClock.offsetAt(ms)).toBe(0);
  });

  it('goes on to the end of time', () => {
    expect(new LocalClock('Asia/Kolkata').offsetAt(LATEST_MS)).toBe(5.5 * HOUR_MS);
  });
});

describe('localClock', () => {
  it('has one clock for a time zone, and UTC for one that there is not', () => {
    expect(localClock('Europe/Paris')).toBe(localClock('Europe/Paris'));
    expect(localClock('UTC')).toBe(utcClock);
    expect(localClock('Nowhere/At_All')).toBe(utcClock);
  });
});

it('counts the days of a week from Monday', () => {
  // 5 January 2026 is a Monday.
  const monday = at('2026-01-05T00:00Z') / DAY_MS;
  expect([monday, monday + 6, monday + 7].map(weekdayOf)).toEqual([0, 6, 0]);
});
