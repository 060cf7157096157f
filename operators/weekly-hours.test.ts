import { expect, it } from 'vitest';
import { localClock, utcClock } from './local-clock.ts';
import { isInWeeklyHours } from './weekly-hours.ts';

const at = (text: string): number => Date.parse(text);

it('goes by the clocks of the time zone, through a change of summer time', () => {
  const night = [{ days: [], startMinute: 120, endMinute: 240 }];
  const inParis = (text: string) => isInWeeklyHours(night, localClock('Europe/Paris'), at(text));
  expect(inParis('2026-01-05T01:00Z')).toBe(true);
  expect(inParis('2026-01-05T02:59Z')).toBe(true);
  expect(inParis('2026-01-05T03:00Z')).toBe(false);
  expect(inParis('2026-07-05T00:00Z')).toBe(true);
  expect(inParis('2026-07-05T02:00Z')).toBe(false);
  expect(isInWeeklyHours(night, utcClock, at('2026-01-05T01:00Z'))).toBe(false);
});

it('holds on its days alone, and over midnight', () => {
  const sunday = [{ days: [6], startMinute: 22 * 60, endMinute: 60 }];
  const inHours = (text: string) => isInWeeklyHours(sunday, utcClock, at(text));
  // 4 January 2026 is a Sunday.
  expect(inHours('2026-01-04T21:59Z')).toBe(false);
  expect(inHours('2026-01-04T22:00Z')).toBe(true);
  expect(inHours('2026-01-05T00:59Z')).toBe(true);
  expect(inHours('2026-01-05T01:00Z')).toBe(false);
  expect(inHours('2026-01-05T22:00Z')).toBe(false);
  expect(inHours('2026-01-04T00:30Z')).toBe(false);
});

it('is never within no hours, and always within a whole day', () => {
  expect(isInWeeklyHours([], utcClock, 0)).toBe(false);
  const always = [{ days: [], startMinute: 0, endMinute: 1440 }];
  for (let ms = 0; ms < 7 * 86_400_000; ms += 1_111_111)
    expect(isInWeeklyHours(always, localClock('America/New_York'), ms)).toBe(true);
});
