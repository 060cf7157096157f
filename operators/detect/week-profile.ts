import type { Column, PagedTable } from '../../runtime/state/paged-table.ts';
import { weekdayOf } from '../local-clock.ts';
import { fold, remainder, unfold } from './season-profile.ts';
import { WEEK_HOURS } from './state-columns.ts';

const HOUR_MS = 3_600_000;
const HALF_HOUR_MS = 1_800_000;
const DAY_MS = 86_400_000;
/** Share that the newest visit of an hour has in its mean, once it is settled. */
const NEWEST_SHARE = 0.25;
/** Visits from which on an hour of the week counts. */
const LEAST_VISITS = 2;
const LAST_VISIT = 255;
/** A spread grows at most by what so many times its size gives it. */
const MOST_SPREADS = 4;
/** Hours that the errors remember, and of how many they must be: half a week, each seen before. */
const ERROR_HOURS = 2 * WEEK_HOURS;
const LEAST_ERRORS = WEEK_HOURS / 2;
/** The weekday explains something where it leaves this share of the day profile's mean square, or less. */
const LEAVES = 0.7;
/** Cells of `week.error`. */
const OF_DAY = 0;
const OF_WEEK = 1;
const HOURS = 2;

/**
 * Reads and learns the mean by hour of the week, by local clocks.
 *
 * What an hour was is held against this and against the profile of a day (`SeasonProfile`): which of them foretells it
 * better is known after two weeks, and nothing is said until the week does by far. So a series whose weekdays are alike is
 * as if it had none of this.
 */
export class WeekProfile {
  readonly #table: PagedTable;
  readonly #mean: Column;
  readonly #visits: Column;
  readonly #spread: Column;
  readonly #error: Column;
  #row = 0;
  /** Interpolated value of the last `look`, and whether it is known. */
  value = 0;
  known = false;
  /** Usual distance from it around that hour; 0 where that is not known. */
  spread = 0;

  /** @param table has `weekColumns`. */
  constructor(table: PagedTable) {
    this.#table = table;
    this.#mean = table.column('week.mean');
    this.#visits = table.column('week.visits');
    this.#spread = table.column('week.spread');
    this.#error = table.column('week.error');
  }

  /** Turns to a row. */
  open(row: number): void {
    this.#row = row;
  }

  /** Whether the week foretells the hours distinctly better than the day does. */
  get explains(): boolean {
    const error = this.#error.view(this.#row);
    const at = this.#error.index(this.#row);
    const ofDay = error[at + OF_DAY] as number;
    return (
      (error[at + HOURS] as number) >= LEAST_ERRORS &&
      (error[at + OF_WEEK] as number) < LEAVES * ofDay
    );
  }

  /** Sets `value` and `known` for a time, ms by local clocks; between the middles of two hours it is interpolated. */
  look(localMs: number, holidays: ReadonlySet<number> | null): void {
    const first = hourOfWeek(localMs - HALF_HOUR_MS, holidays);
    const second = hourOfWeek(localMs + HALF_HOUR_MS, holidays);
    this.known = this.explains && this.#isSettled(first) && this.#isSettled(second);
    if (!this.known) return;
    const before = this.#meanOf(first);
    const after = this.#meanOf(second);
    const weight = remainder(localMs - HALF_HOUR_MS, HOUR_MS) / HOUR_MS;
    this.value = before + weight * (after - before);
    const spreads = this.#spread.view(this.#row);
    const at = this.#spread.index(this.#row);
    this.spread = unfold(Math.max(spreads[at + first] as number, spreads[at + second] as number));
  }

  /**
   * Takes the mean of an hour that is over.
   *
   * @param ofDay how far that is from what the day foretold. @param limit most that it may be off before it is held in: an odd hour must not be the rule of the weeks to come.
   */
  learn(hour: number, mean: number, ofDay: number, limit: number): void {
    const row = this.#row;
    const visits = this.#visits.view(row);
    const visitsAt = this.#visits.index(row) + hour;
    const means = this.#mean.view(row);
    const meanAt = this.#mean.index(row) + hour;
    const known = visits[visitsAt] as number;
    const off = mean - (means[meanAt] as number);
    if (known > 0) this.#weigh(held(ofDay, limit), held(off, limit));
    const change = known < LEAST_VISITS ? off : held(off, limit);
    means[meanAt] = (means[meanAt] as number) + Math.max(1 / (known + 1), NEWEST_SHARE) * change;
    visits[visitsAt] = Math.min(LAST_VISIT, known + 1);
    this.#table.touch(row);
  }

  /** Takes the mean distance of an hour that is over from what this had foretold. */
  learnSpread(hour: number, seen: number): void {
    const spreads = this.#spread.view(this.#row);
    const at = this.#spread.index(this.#row) + hour;
    const usual = unfold(spreads[at] as number);
    const held = usual === 0 ? seen : Math.min(seen, MOST_SPREADS * usual);
    spreads[at] = fold(usual === 0 ? held : usual + NEWEST_SHARE * (held - usual));
    this.#table.touch(this.#row);
  }

  /** Moves every known mean down by `distance`: the base of the series has moved up by it. */
  shift(distance: number): void {
    const row = this.#row;
    const visits = this.#visits.view(row);
    const visitsAt = this.#visits.index(row);
    const means = this.#mean.view(row);
    const meanAt = this.#mean.index(row);
    for (let hour = 0; hour < WEEK_HOURS; hour++) {
      if (visits[visitsAt + hour] === 0) continue;
      means[meanAt + hour] = (means[meanAt + hour] as number) - distance;
    }
    this.#table.touch(row);
  }

  /** Learns how far the day and the week were off. */
  #weigh(ofDay: number, ofWeek: number): void {
    const error = this.#error.view(this.#row);
    const at = this.#error.index(this.#row);
    const hours = error[at + HOURS] as number;
    const share = 1 / (hours + 1);
    for (const [cell, off] of [ofDay, ofWeek].entries()) {
      const mean = error[at + cell] as number;
      error[at + cell] = mean + share * (off * off - mean);
    }
    error[at + HOURS] = Math.min(ERROR_HOURS, hours + 1);
  }

  #isSettled(hour: number): boolean {
    if (hour < 0) return false;
    const visits = this.#visits.view(this.#row)[this.#visits.index(this.#row) + hour] as number;
    return visits >= LEAST_VISITS;
  }

  #meanOf(hour: number): number {
    return this.#mean.view(this.#row)[this.#mean.index(this.#row) + hour] as number;
  }
}

/** Returns the hour of the week from Monday on, 0 to 167, or -1 on a holiday, which is like no day of the week; all by local clocks. */
export function hourOfWeek(localMs: number, holidays: ReadonlySet<number> | null): number {
  const day = Math.floor(localMs / DAY_MS);
  if (holidays?.has(day) === true) return -1;
  return 24 * weekdayOf(day) + Math.floor((localMs - day * DAY_MS) / HOUR_MS);
}

function held(distance: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, distance));
}
