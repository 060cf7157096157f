import { type LocalClock, weekdayOf } from './local-clock.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Hours of a week. Days are places from Monday, 0 to 6; none: every day. An end that is not after the start is on the next day. */
export interface WeeklyHours {
  readonly days: readonly number[];
  readonly startMinute: number;
  readonly endMinute: number;
}

/** Tells whether a time lies in hours of the week, by a time zone's clock: summer time moves them as people expect. */
export function isInWeeklyHours(
  hours: readonly WeeklyHours[],
  clock: LocalClock,
  ms: number,
): boolean {
  if (hours.length === 0) return false;
  const localMs = ms + clock.offsetAt(ms);
  const day = Math.floor(localMs / DAY_MS);
  const minute = Math.floor((localMs - day * DAY_MS) / MINUTE_MS);
  return hours.some((each) => holds(each, weekdayOf(day), minute));
}

function holds(
  { days, startMinute, endMinute }: WeeklyHours,
  day: number,
  minute: number,
): boolean {
  const isOn = (which: number): boolean => days.length === 0 || days.includes(which);
  if (endMinute > startMinute) return isOn(day) && minute >= startMinute && minute < endMinute;
  return (isOn(day) && minute >= startMinute) || (isOn((day + 6) % 7) && minute < endMinute);
}
