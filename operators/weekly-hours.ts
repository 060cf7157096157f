const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** Hours of a week. Days are places from Monday, 0 to 6; none: every day. An end that is not after the start is on the next day. */
export interface WeeklyHours {
  readonly days: readonly number[];
  readonly startMinute: number;
  readonly endMinute: number;
}

interface LocalTime {
  readonly day: number;
  readonly minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * Tells whether a time lies in hours of the week, by the clocks of a time zone: summer time moves them as people expect.
 * A time zone that this machine does not know is taken for UTC.
 *
 * Cost: some µs, for what a time zone’s clocks say.
 */
export function isInWeeklyHours(
  hours: readonly WeeklyHours[],
  timeZone: string,
  ms: number,
): boolean {
  if (hours.length === 0) return false;
  const time = localTime(timeZone, ms);
  return hours.some((each) => holds(each, time));
}

function holds({ days, startMinute, endMinute }: WeeklyHours, { day, minute }: LocalTime): boolean {
  const isOn = (which: number): boolean => days.length === 0 || days.includes(which);
  if (endMinute > startMinute) return isOn(day) && minute >= startMinute && minute < endMinute;
  return (isOn(day) && minute >= startMinute) || (isOn((day + 6) % 7) && minute < endMinute);
}

function localTime(timeZone: string, ms: number): LocalTime {
  const format = formats.get(timeZone) ?? formatOf(timeZone);
  formats.set(timeZone, format);
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const day = DAYS.indexOf(parts.get('weekday') ?? '');
  return { day, minute: 60 * Number(parts.get('hour')) + Number(parts.get('minute')) };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const fields = {
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  } as const;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, ...fields });
  } catch {
    return new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...fields });
  }
}
