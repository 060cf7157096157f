const DAY_MS = 86_400_000;
const SECOND_MS = 1000;
const SECONDS_PER_DAY = 86_400;
/** The latest time looked up, epoch ms: a day before the last one that a date can have, as clocks may be ahead of it. */
const LATEST_MS = 8.64e15 - DAY_MS;
/** 1970-01-01 was a Thursday: days since then, plus 3, modulo 7 count from Monday. */
const MONDAY_SHIFT = 3;
/** Days that a clock remembers at once, a power of two: more than a season of late points and back-fill. */
const DAYS = 256;

/**
 * Tells how far the clocks of a time zone are ahead of UTC.
 *
 * Offsets are those of the time zone data that Node.js carries: the same release gives the same ones, on any machine. They
 * are looked up twice a day of event time and kept for 256 days; on a day on which they differ the second of the
 * change is searched for. A day has one change at most.
 *
 * Cost: two comparisons; some µs for a day not seen of late. 5 KB a time zone.
 */
export class LocalClock {
  readonly #format: Intl.DateTimeFormat;
  /** Stretch of the last answer. */
  #fromMs = 0;
  #untilMs = 0;
  #offsetMs = 0;
  readonly #days = new Float64Array(DAYS).fill(Number.NaN);
  readonly #changes = new Float64Array(DAYS);
  readonly #before = new Int32Array(DAYS);
  readonly #after = new Int32Array(DAYS);

  /** @throws RangeError when this machine does not know the time zone. */
  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      hourCycle: 'h23',
    });
    if (this.#format.resolvedOptions().timeZone !== 'UTC') return;
    this.#fromMs = Number.NEGATIVE_INFINITY;
    this.#untilMs = Number.POSITIVE_INFINITY;
  }

  /** Returns what is to be added to an event time for the time that the clocks show, ms. */
  offsetAt(ms: number): number {
    if (ms < this.#fromMs || ms >= this.#untilMs) this.#turnTo(ms);
    return this.#offsetMs;
  }

  #turnTo(ms: number): void {
    const day = Math.floor(ms / DAY_MS);
    const at = day & (DAYS - 1);
    if (this.#days[at] !== day) this.#read(day, at);
    const change = this.#changes[at] as number;
    const isAfter = ms >= change;
    this.#fromMs = isAfter ? change : day * DAY_MS;
    this.#untilMs = isAfter ? (day + 1) * DAY_MS : change;
    this.#offsetMs = (isAfter ? this.#after[at] : this.#before[at]) as number;
  }

  #read(day: number, at: number): void {
    const startMs = day * DAY_MS;
    const before = this.#lookUp(startMs);
    const after = this.#lookUp(startMs + DAY_MS);
    let [low, high] = [0, SECONDS_PER_DAY];
    while (before !== after && high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#lookUp(startMs + middle * SECOND_MS) === before) low = middle;
      else high = middle;
    }
    this.#days[at] = day;
    this.#before[at] = before;
    this.#after[at] = after;
    this.#changes[at] = startMs + high * SECOND_MS;
  }

  /** What the time zone data says of a whole second. */
  #lookUp(ms: number): number {
    const known = Math.min(ms, LATEST_MS);
    const field: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(known)) field[type] = Number(value);
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = field;
    return Date.UTC(year, month - 1, day, hour, minute, second) - known;
  }
}

/** The clock whose offset is always 0. */
export const utcClock = new LocalClock('UTC');

const clocks = new Map<string, LocalClock>();

/** Returns the clock of a time zone, one for each in a thread; UTC for a time zone that this machine does not know. */
export function localClock(timeZone: string): LocalClock {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const clock = clockOf(timeZone);
  clocks.set(timeZone, clock);
  return clock;
}

/** Returns the day of the week by days since 1970: 0 is Monday, 6 Sunday. */
export function weekdayOf(day: number): number {
  return (day + MONDAY_SHIFT) % 7;
}

function clockOf(timeZone: string): LocalClock {
  if (timeZone === 'UTC') return utcClock;
  try {
    return new LocalClock(timeZone);
  } catch (error) {
    if (error instanceof RangeError) return utcClock;
    throw error;
  }
}
