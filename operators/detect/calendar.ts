import { type LocalClock, utcClock } from '../local-clock.ts';

/** What of the season of a series is told apart: nothing, times of day, or those of each weekday. */
export type Season = 'none' | 'daily' | 'weekly';

/** By what the hours and days of a series go. */
export interface Calendar {
  readonly clock: LocalClock;
  /** Days since 1970 by that clock that count as days off; null: Saturdays and Sundays only. */
  readonly holidays: ReadonlySet<number> | null;
}

/** Hours of UTC, without holidays. */
export const utcCalendar: Calendar = { clock: utcClock, holidays: null };
