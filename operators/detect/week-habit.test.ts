import { describe, expect, it } from 'vitest';
import { PagedTable } from '../../runtime/state/paged-table.ts';
import { weekColumns } from './state-columns.ts';
import { WeekHabit } from './week-habit.ts';

const FLOOR = 1.6;
const NINE = 9;

function setUp() {
  const table = new PagedTable(weekColumns, { rowsPerPage: 2, pagesPerSlab: 2 });
  const row = table.allocate();
  const habit = new WeekHabit(table);
  const at = (hour: number, sum: number, value = 10): number => {
    const reading = { sum, value, expected: 10, upper: 12, usual: 0 };
    habit.temper(row, hour, reading, FLOOR);
    return reading.sum;
  };
  /** A week whose hours all are calm but the given one; returns what is left of that. */
  const week = (hour: number, sum: number, value?: number): number => {
    let left = 0;
    for (let h = 0; h < 168; h++) {
      if (h === hour) left = at(h, sum, value);
      else at(h, 1);
    }
    return left;
  };
  return { table, week, at };
}

describe('WeekHabit', () => {
  it('takes off what came at the same hour in both weeks before, down to the floor', () => {
    const { week } = setUp();
    expect([week(NINE, 5), week(NINE, 5)]).toEqual([5, 5]);
    expect(week(NINE, 5)).toBeCloseTo(FLOOR, 9);
  });

  it('leaves what goes beyond it', () => {
    const { week } = setUp();
    week(NINE, 3.6);
    week(NINE, 5);
    // Of heights 2 and 3.4 the lesser counts, and half as much again.
    expect(week(NINE, 9)).toBeCloseTo(9 - 3, 9);
  });

  it('knows a neighbouring hour, but not another weekday', () => {
    const { week } = setUp();
    week(NINE, 5);
    week(NINE, 5);
    expect(week(NINE + 24, 5)).toBe(5);
    const other = setUp();
    other.week(167, 5);
    other.week(167, 5);
    expect(other.at(0, 5)).toBeCloseTo(FLOOR, 9);
  });

  it('explains nothing after a week without it', () => {
    const { week } = setUp();
    week(NINE, 5);
    week(-1, 0);
    expect(week(NINE, 5)).toBe(5);
    expect(week(NINE, 5)).toBe(5);
    expect(week(NINE, 5)).toBeCloseTo(FLOOR, 9);
  });

  it('leaves a value alone that is not where it is expected', () => {
    const { week, at } = setUp();
    week(NINE, 5);
    week(NINE, 5);
    expect(at(NINE, 5, 14)).toBe(5);
    expect(at(NINE, 5, 13)).toBeCloseTo(5 - 0.5 * 1.5 * 3.25, 9);
    expect(at(NINE, 5, 8)).toBeCloseTo(FLOOR, 9);
  });

  it('leaves a calm point as it is and does not change its page', () => {
    const { table, at } = setUp();
    at(NINE, 1);
    for (const _ of table.takeDirty());
    expect(at(NINE, 1.5)).toBe(1.5);
    expect([...table.takeDirty()]).toEqual([]);
  });
});
