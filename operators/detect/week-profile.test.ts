import { describe, expect, it } from 'vitest';
import { PagedTable } from '../../runtime/state/paged-table.ts';
import { localClock } from '../local-clock.ts';
import { weekColumns } from './state-columns.ts';
import { hourOfWeek, WeekProfile } from './week-profile.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A Monday, at the middle of its first hour: the value is that of the hour, if the next one is known too. */
const START_MS = Date.UTC(2024, 2, 4, 0, 30);
const MONDAY_NINE = 9;

type Course = (hour: number, week: number) => number;

/** Lets a profile follow some weeks; the day foretells `day` at every hour. */
function follow(weeks: number, course: Course, day = 100) {
  const table = new PagedTable(weekColumns, { rowsPerPage: 2, pagesPerSlab: 2 });
  table.allocate();
  const profile = new WeekProfile(table);
  profile.open(table.allocate());
  const learn = (hour: number, mean: number) => profile.learn(hour, mean, mean - day, 60);
  for (let week = 0; week < weeks; week++)
    for (let hour = 0; hour < 168; hour++) learn(hour, course(hour, week));
  const at = (hour: number): number | undefined => {
    profile.look(START_MS + hour * HOUR_MS, null);
    return profile.known ? profile.value : undefined;
  };
  return { profile, learn, at };
}

const noise: Course = (hour, week) => 100 + ((hour * 37 + week * 101) % 11) - 5;
const peak: Course = (hour, week) => noise(hour, week) + (hour === MONDAY_NINE ? 90 : 0);

describe('WeekProfile', () => {
  it('speaks after two weeks where weekdays differ', () => {
    expect(follow(1, peak).at(MONDAY_NINE)).toBeUndefined();
    const { at } = follow(2, peak);
    expect(at(MONDAY_NINE)).toBeGreaterThan(180);
    expect(at(MONDAY_NINE + 24)).toBeLessThan(110);
  });

  it('never speaks where they are alike', () => {
    for (const weeks of [2, 3, 6, 12]) expect(follow(weeks, noise).at(MONDAY_NINE)).toBeUndefined();
  });

  it('falls silent again where the weekdays become alike', () => {
    const course: Course = (hour, week) => (week < 3 ? peak : noise)(hour, week);
    expect(follow(3, course).at(MONDAY_NINE)).toBeDefined();
    expect(follow(9, course).at(MONDAY_NINE)).toBeUndefined();
  });

  it('is not turned by one odd hour', () => {
    const { at, learn } = follow(4, peak);
    const before = at(MONDAY_NINE) ?? 0;
    learn(MONDAY_NINE, 5000);
    expect((at(MONDAY_NINE) ?? 0) - before).toBeLessThan(20);
  });

  it('knows the spread of an hour once it was told', () => {
    const { profile, at } = follow(3, peak);
    at(MONDAY_NINE);
    expect(profile.spread).toBe(0);
    profile.learnSpread(MONDAY_NINE, 8);
    at(MONDAY_NINE);
    expect(profile.spread).toBeCloseTo(8, 0);
    profile.learnSpread(MONDAY_NINE, 800);
    at(MONDAY_NINE);
    expect(profile.spread).toBeLessThan(16);
  });

  it('moves with the base', () => {
    const { profile, at } = follow(3, peak);
    const before = at(MONDAY_NINE) ?? 0;
    profile.shift(90);
    expect(at(MONDAY_NINE)).toBeCloseTo(before - 90, 3);
  });
});

describe('the hour of the week', () => {
  it('counts from Monday on, by the clocks that it is given', () => {
    const at = (time: string, zone: string) => {
      const ms = Date.parse(time);
      return hourOfWeek(ms + localClock(zone).offsetAt(ms), null);
    };
    expect(at('2024-03-04T00:30Z', 'UTC')).toBe(0);
    expect(at('2024-03-10T23:30Z', 'UTC')).toBe(167);
    expect(at('2024-03-04T02:00Z', 'America/New_York')).toBe(6 * 24 + 21);
    expect(at('2024-04-01T08:00Z', 'Europe/Paris')).toBe(10);
  });

  it('is none on a holiday', () => {
    const day = Date.UTC(2024, 2, 5) / DAY_MS;
    expect(hourOfWeek(day * DAY_MS + HOUR_MS, new Set([day]))).toBe(-1);
    expect(hourOfWeek((day + 1) * DAY_MS, new Set([day]))).toBe(48);
  });
});
