import { parseNumber } from './number-text.ts';

/** Unit of a number that stands for a time; `auto` tells it from the size of the number. */
export type TimestampUnit = 'auto' | 's' | 'ms' | 'us' | 'ns';

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * Reads a time as epoch milliseconds UTC, or undefined.
 *
 * Takes ISO 8601 with `T` or a space, whole days too, in UTC unless an offset is given; or a number in `unit`.
 * `auto` takes numbers below 10^11 for seconds (until the year 5138), below 10^14 for milliseconds, below 10^17 for
 * microseconds, else nanoseconds. Parts of a millisecond are cut off.
 */
export function parseTimestamp(text: string, unit: TimestampUnit = 'auto'): number | undefined {
  const value = parseNumber(text);
  return value === undefined ? parseIso(text) : timestampOf(value, unit);
}

/** Turns a number in `unit` into epoch milliseconds, as `parseTimestamp` does; undefined if it is not finite. */
export function timestampOf(value: number, unit: TimestampUnit): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  switch (unit === 'auto' ? guessUnit(Math.abs(value)) : unit) {
    case 's':
      // Via whole microseconds: 1.001 s times 1000 is a hair below 1001 in binary.
      return Math.floor(Math.round(value * 1e6) / 1000);
    case 'ms':
      return Math.floor(value);
    case 'us':
      return Math.floor(value / 1e3);
    case 'ns':
      return Math.floor(value / 1e6);
  }
}

function guessUnit(size: number): Exclude<TimestampUnit, 'auto'> {
  if (size < 1e11) return 's';
  if (size < 1e14) return 'ms';
  return size < 1e17 ? 'us' : 'ns';
}

function parseIso(text: string): number | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match
    .slice(1, 7)
    .map((word) => Number(word ?? 0));
  const dayMs = Date.UTC(year ?? 0, (month ?? 1) - 1, day);
  // Date.UTC turns the 31st of February into March; such a date is a fault, not another day.
  const real = new Date(dayMs);
  if (real.getUTCMonth() + 1 !== month || real.getUTCDate() !== day) return undefined;
  if ((hour ?? 0) > 23 || (minute ?? 0) > 59 || (second ?? 0) > 60) return undefined;
  const clockMs = (((hour ?? 0) * 60 + (minute ?? 0)) * 60 + (second ?? 0)) * 1000;
  const fractionMs = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  return dayMs + clockMs + fractionMs - offsetMs(match[8]);
}

function offsetMs(offset: string | undefined): number {
  if (offset === undefined || offset.toUpperCase() === 'Z') return 0;
  const sign = offset.startsWith('-') ? -1 : 1;
  const digits = offset.replace(/[^\d]/g, '');
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))) * 60_000;
}
