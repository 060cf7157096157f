import { type LocalClock, utcClock } from '../local-clock.ts';

/** By what the hours and days of a series go. */
export interface Calendar {
  readonly clock: LocalClock;
  /** Days since 1970 by that clock that count as days off; null: Saturdays and Sundays only. */
  readonly holidays: ReadonlySet<number> | null;
}

/** Hours of UTC, without holidays. */
export const utcCalendar: Calendar = { clock: utcClock, holidays: null };
