import { describe, expect, it } from 'vitest';
import { PagedTable } from '../../runtime/state/paged-table.ts';
import { SeasonProfile } from './season-profile.ts';
import { seasonColumns } from './state-columns.ts';

const HOUR_MS = 3_600_000;
/** A Monday, at the middle of its first hour: the value is that of the hour, if the next one is known too. */
const START_MS = Date.UTC(2024, 2, 4, 0, 30);

function setUp() {
  const profile = new SeasonProfile(new PagedTable(seasonColumns));
  const row = profile.allocate();
  profile.open(row);
  const at = (hour: number): number => {
    const ms = START_MS + hour * HOUR_MS;
    profile.look(ms, ms, null);
    return profile.value;
  };
  return { profile, row, at };
}

describe('SeasonProfile', () => {
  it('keeps means to a small part of what they may change by, whatever their size', () => {
    for (const size of [1e-6, 1, 1e12]) {
      const { profile, row, at } = setUp();
      for (let hour = 0; hour < 24; hour++) profile.learn(row, hour, hour * size, size, size);
      for (let hour = 0; hour < 24; hour++)
        expect(Math.abs(at(hour) - hour * size)).toBeLessThan(size / 500);
    }
  });

  it('takes a coarser step for a mean that is out of reach, and a finer one when less is to be told', () => {
    const { profile, row, at } = setUp();
    profile.learn(row, 0, 1, 0.1, 0.01);
    profile.learn(row, 1, 5000, 0.1, 0.01);
    profile.learn(row, 2, 5000, 0.1, 0.01);
    expect(at(1)).toBeCloseTo(5000, 0);
    expect(Math.abs(at(0) - 1)).toBeLessThan(0.5);
    for (let visit = 0; visit < 150; visit++) {
      const limit = visit < 100 ? 1000 : 1;
      profile.learn(row, 0, 1, 0.1, limit);
      profile.learn(row, 1, 2, 0.1, limit);
      profile.learn(row, 2, 2, 0.1, limit);
    }
    profile.learn(row, 0, 1, 0.1, 0.01);
    expect(at(0)).toBeCloseTo(1, 2);
    expect(at(1)).toBeCloseTo(2, 1);
  });

  it('moves means with the base and leaves unknown ones alone', () => {
    const { profile, row, at } = setUp();
    profile.learn(row, 3, 100, 1, 1);
    profile.learn(row, 4, 110, 1, 1);
    profile.learn(row, 5, 110, 1, 1);
    profile.shift(row, 90);
    expect([at(3), at(4)].map(Math.round)).toEqual([10, 20]);
    expect(at(9)).toBe(0);
    expect(profile.visits).toBe(0);
  });
});
