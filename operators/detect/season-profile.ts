import type { Column, PagedTable } from '../../runtime/state/paged-table.ts';
import { HourSlot } from './hour-slot.ts';
import { SEASON_SLOTS } from './state-columns.ts';

const HOUR_MS = 3_600_000;
const HALF_HOUR_MS = 1_800_000;
/** Share that the newest visit of an hour has in its mean, once the slot is settled. */
const NEWEST_SHARE = 0.2;
const LAST_VISIT = 255;
/** Means are kept in steps of a power of two, 16 bits each, chosen so that they take half of these or less. */
const EXPONENT_SHIFT = 128;
const MOST_STEPS = 32_767;
const ROOMY_STEPS = 16_384;
/** Steps in the most that a mean may change at once: at least, before a finer step is tried, and at most. */
const COARSEST = 64;
const FINEST = 4096;
/** Spread by the mark that it is kept as. */
const SPREADS = Float64Array.from({ length: 256 }, (_, mark) =>
  mark === 0 ? 0 : 2 ** (mark / 6 - 20),
);

/**
 * Reads and learns the mean by hour of day, apart for working days and days off (Saturday, Sunday, holidays).
 *
 * All times are those of the metric's own clocks, ms since 1970: a day stays a day when they are put forward or back.
 * Between the middles of two hours the profile is interpolated. A slot not seen yet borrows from the other kind of
 * day. A mean changes once per visit of its hour, when the hour is over, so an hour never explains itself.
 */
export class SeasonProfile {
  readonly #table: PagedTable;
  readonly #mean: Column;
  readonly #visits: Column;
  readonly #spread: Column;
  readonly #mark: Column;
  /** Means in steps. */
  #means: Int16Array<ArrayBufferLike> = new Int16Array(0);
  #meanAt = 0;
  #step = 0;
  readonly #values = new Float64Array(SEASON_SLOTS);
  #spreads: Uint8Array<ArrayBufferLike> = new Uint8Array(0);
  #spreadAt = 0;
  #counts: Uint8Array<ArrayBufferLike> = new Uint8Array(0);
  #countAt = 0;
  /** Slots half an hour before and after the time looked at, and the point before it. */
  readonly #earlier = new HourSlot();
  readonly #later = new HourSlot();
  readonly #earlierOfLast = new HourSlot();
  readonly #laterOfLast = new HourSlot();
  /** Interpolated value of the last `look`. */
  value = 0;
  /** Least visits of the slots that the last `look` used; 0: the point is not to be held against `value`. */
  visits = 0;
  /** Usual distance from the mean around that hour. */
  spread = 0;

  constructor(table: PagedTable) {
    this.#table = table;
    this.#mean = table.column('season.mean');
    this.#visits = table.column('season.visits');
    this.#spread = table.column('season.spread');
    this.#mark = table.column('season.mark');
  }

  /** Takes a new row. */
  allocate(): number {
    return this.#table.allocate();
  }

  /** Turns to a row of the season table. */
  open(row: number): void {
    this.#means = this.#mean.view(row) as Int16Array<SharedArrayBuffer>;
    this.#meanAt = this.#mean.index(row);
    this.#step = stepOf(this.#mark.view(row)[this.#mark.index(row)] as number);
    this.#counts = this.#visits.view(row) as Uint8Array<SharedArrayBuffer>;
    this.#countAt = this.#visits.index(row);
    this.#spreads = this.#spread.view(row) as Uint8Array<SharedArrayBuffer>;
    this.#spreadAt = this.#spread.index(row);
  }

  /**
   * Sets `value`, `visits` and `spread` for a time; `visits` are the least of the slots around it and around `beforeMs`,
   * the time of the point before it.
   */
  look(ms: number, beforeMs: number, holidays: ReadonlySet<number> | null): void {
    const before = this.#known(this.#earlier.at(ms - HALF_HOUR_MS, holidays));
    const after = this.#known(this.#later.at(ms + HALF_HOUR_MS, holidays));
    const { startMs } = this.#earlier;
    const weight = (ms - HALF_HOUR_MS - startMs) / HOUR_MS;
    const first = this.meanOf(before);
    const second = this.meanOf(after);
    this.visits = this.#visitsOf(before, after);
    this.value = this.visits === 0 ? 0 : first + weight * (second - first);
    const spread = this.#spreads[this.#spreadAt + before] as number;
    this.spread = unfold(Math.max(spread, this.#spreads[this.#spreadAt + after] as number));
    if (beforeMs - HALF_HOUR_MS < startMs)
      this.visits = Math.min(this.visits, this.#visitsAt(beforeMs, holidays));
  }

  /** Least visits of the two slots around a time. */
  #visitsAt(ms: number, holidays: ReadonlySet<number> | null): number {
    const before = this.#known(this.#earlierOfLast.at(ms - HALF_HOUR_MS, holidays));
    return this.#visitsOf(before, this.#known(this.#laterOfLast.at(ms + HALF_HOUR_MS, holidays)));
  }

  #visitsOf(before: number, after: number): number {
    return Math.min(
      this.#counts[this.#countAt + before] as number,
      this.#counts[this.#countAt + after] as number,
    );
  }

  /** Whether an hour of a day was visited; else it borrows. */
  hasSeen(slot: number): boolean {
    return (this.#counts[this.#countAt + slot] as number) > 0;
  }

  /** Mean of an hour. */
  meanOf(slot: number): number {
    return (this.#means[this.#meanAt + slot] as number) * this.#step;
  }

  /** Takes the mean of an hour that is over; the mean moves by at most `limit` once the slot has two visits. */
  learn(row: number, slot: number, mean: number, spread: number, limit: number): void {
    const at = this.#countAt + slot;
    const visits = this.#counts[at] as number;
    const old = this.meanOf(slot);
    const share = Math.max(1 / (visits + 1), NEWEST_SHARE);
    const change = share * (mean - old);
    const most = share * limit;
    const held = visits < 2 ? change : Math.min(most, Math.max(-most, change));
    this.#setMean(row, slot, old + held, limit);
    const usual = unfold(this.#spreads[this.#spreadAt + slot] as number);
    const seen = visits < 2 ? spread : Math.min(spread, 4 * usual);
    this.#spreads[this.#spreadAt + slot] = fold(
      visits < 2 ? Math.max(seen, usual) : usual + share * (seen - usual),
    );
    this.#counts[at] = Math.min(LAST_VISIT, visits + 1);
    this.#table.touch(row);
  }

  /** Moves every known mean down by `distance`: the base of the series has moved up by it. */
  shift(row: number, distance: number): void {
    for (let slot = 0; slot < SEASON_SLOTS; slot++) {
      this.#values[slot] = this.hasSeen(slot) ? this.meanOf(slot) - distance : 0;
    }
    this.#write(row, 0);
    this.#table.touch(row);
  }

  #setMean(row: number, slot: number, mean: number, limit: number): void {
    const steps = Math.round(mean / this.#step);
    if (Math.abs(steps) <= MOST_STEPS && limit > COARSEST * this.#step) {
      this.#means[this.#meanAt + slot] = steps;
      return;
    }
    for (let i = 0; i < SEASON_SLOTS; i++) this.#values[i] = this.meanOf(i);
    this.#values[slot] = mean;
    this.#write(row, limit);
  }

  /** Writes all means in the least step that holds them twice over and is not needlessly fine for `limit`. */
  #write(row: number, limit: number): void {
    let most = limit / FINEST;
    for (const value of this.#values) most = Math.max(most, Math.abs(value) / ROOMY_STEPS);
    const mark = Math.min(255, Math.max(1, Math.ceil(Math.log2(most)) + EXPONENT_SHIFT));
    this.#mark.view(row)[this.#mark.index(row)] = mark;
    this.#step = stepOf(mark);
    for (let slot = 0; slot < SEASON_SLOTS; slot++)
      this.#means[this.#meanAt + slot] = Math.round((this.#values[slot] as number) / this.#step);
  }

  #known(slot: number): number {
    if (this.hasSeen(slot)) return slot;
    const other = slot < 24 ? slot + 24 : slot - 24;
    return this.hasSeen(other) ? other : slot;
  }
}

/** Returns how far a whole number lies above a multiple of another; exact below 2^53, and cheaper than `%`. */
export function remainder(value: number, divisor: number): number {
  return value - Math.floor(value / divisor) * divisor;
}

/** Returns the mark that a spread is kept as: its logarithm, 1/6 of an octave a step, from 2^-20 to 2^22; 0 is none yet. */
export function fold(spread: number): number {
  return Math.min(255, Math.max(1, Math.round(6 * (Math.log2(spread) + 20))));
}

/** Step of the means by the mark that it is kept as; 0 is a row that has none yet. */
function stepOf(mark: number): number {
  return mark === 0 ? 0 : 2 ** (mark - EXPONENT_SHIFT);
}

/** Returns the spread of a mark. */
export function unfold(mark: number): number {
  return SPREADS[mark] as number;
}
