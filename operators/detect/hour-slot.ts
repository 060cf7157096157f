import { weekdayOf } from '../local-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * Tells the season slot of a time: hour of day, plus 24 on a day off (Saturday, Sunday, holidays). All by local clocks.
 *
 * It remembers the hour of its last answer, and the next point mostly lies in it: then it costs two comparisons.
 */
export class HourSlot {
  /** The hour of the last answer, ms since 1970 by local clocks. */
  startMs = Number.NaN;
  #holidays: ReadonlySet<number> | null = null;
  #slot = 0;

  /** Returns the slot of a time, 0 to 47. `holidays` holds days since 1970. */
  at(ms: number, holidays: ReadonlySet<number> | null): number {
    const into = ms - this.startMs;
    if (!(into >= 0 && into < HOUR_MS) || holidays !== this.#holidays) this.#turnTo(ms, holidays);
    return this.#slot;
  }

  #turnTo(ms: number, holidays: ReadonlySet<number> | null): void {
    const day = Math.floor(ms / DAY_MS);
    const hour = Math.floor((ms - day * DAY_MS) / HOUR_MS);
    const off = weekdayOf(day) >= 5 || holidays?.has(day) === true;
    this.startMs = day * DAY_MS + hour * HOUR_MS;
    this.#holidays = holidays;
    this.#slot = off ? hour + 24 : hour;
  }
}
