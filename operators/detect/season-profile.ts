import type { Column, PagedTable } from '../../runtime/paged-table.ts';

const HOUR_MS = 3_600_000;
const HALF_HOUR_MS = 1_800_000;
const DAY_MS = 86_400_000;
/** 1970-01-01 was a Thursday: days since then, plus 3, modulo 7 count from Monday. */
const MONDAY_SHIFT = 3;
/** Share that the newest visit of an hour has in its mean, once the slot is settled. */
const NEWEST_SHARE = 0.2;
const LAST_VISIT = 255;
/** Spread by the mark that it is kept as. */
const SPREADS = Float64Array.from({ length: 256 }, (_, mark) =>
  mark === 0 ? 0 : 2 ** (mark / 6 - 20),
);

/**
 * Reads and learns the mean by hour of day, apart for working days and days off (Saturday, Sunday, holidays; UTC).
 *
 * Between the middles of two hours the profile is interpolated. A slot not seen yet borrows from the other kind of
 * day. A mean changes once per visit of its hour, when the hour is over, so an hour never explains itself.
 */
export class SeasonProfile {
  readonly #table: PagedTable;
  readonly #mean: Column;
  readonly #visits: Column;
  readonly #spread: Column;
  #means: Float32Array<ArrayBufferLike> = new Float32Array(0);
  #meanAt = 0;
  #spreads: Uint8Array<ArrayBufferLike> = new Uint8Array(0);
  #spreadAt = 0;
  #counts: Uint8Array<ArrayBufferLike> = new Uint8Array(0);
  #countAt = 0;
  /** Interpolated value of the last `look`. */
  value = 0;
  /** Least visits of the two slots that the last `look` used; 0 means that `value` is not known. */
  visits = 0;
  /** Usual distance from the mean around that hour. */
  spread = 0;

  constructor(table: PagedTable) {
    this.#table = table;
    this.#mean = table.column('season.mean');
    this.#visits = table.column('season.visits');
    this.#spread = table.column('season.spread');
  }

  /** Takes a new row. */
  allocate(): number {
    return this.#table.allocate();
  }

  /** Turns to a row of the season table. */
  open(row: number): void {
    this.#means = this.#mean.view(row) as Float32Array<SharedArrayBuffer>;
    this.#meanAt = this.#mean.index(row);
    this.#counts = this.#visits.view(row) as Uint8Array<SharedArrayBuffer>;
    this.#countAt = this.#visits.index(row);
    this.#spreads = this.#spread.view(row) as Uint8Array<SharedArrayBuffer>;
    this.#spreadAt = this.#spread.index(row);
  }

  /** Returns the least visits of the two slots around a time. */
  visitsAt(ms: number, holidays: ReadonlySet<number> | null): number {
    const before = this.#known(slotOf(ms - HALF_HOUR_MS, holidays));
    const after = this.#known(slotOf(ms + HALF_HOUR_MS, holidays));
    return Math.min(
      this.#counts[this.#countAt + before] as number,
      this.#counts[this.#countAt + after] as number,
    );
  }

  /** Sets `value` and `visits` for a time. */
  look(ms: number, holidays: ReadonlySet<number> | null): void {
    const before = this.#known(slotOf(ms - HALF_HOUR_MS, holidays));
    const after = this.#known(slotOf(ms + HALF_HOUR_MS, holidays));
    const weight = remainder(ms - HALF_HOUR_MS, HOUR_MS) / HOUR_MS;
    const first = this.#means[this.#meanAt + before] as number;
    const second = this.#means[this.#meanAt + after] as number;
    this.visits = Math.min(
      this.#counts[this.#countAt + before] as number,
      this.#counts[this.#countAt + after] as number,
    );
    this.value = this.visits === 0 ? 0 : first + weight * (second - first);
    const spread = this.#spreads[this.#spreadAt + before] as number;
    this.spread = unfold(Math.max(spread, this.#spreads[this.#spreadAt + after] as number));
  }

  /** Takes the mean of an hour that is over; the mean moves by at most `limit` once the slot has two visits. */
  learn(row: number, slot: number, mean: number, spread: number, limit: number): void {
    const at = this.#countAt + slot;
    const visits = this.#counts[at] as number;
    const old = this.#means[this.#meanAt + slot] as number;
    const share = Math.max(1 / (visits + 1), NEWEST_SHARE);
    const change = share * (mean - old);
    const most = share * limit;
    this.#means[this.#meanAt + slot] =
      visits < 2 ? old + change : old + Math.min(most, Math.max(-most, change));
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
    for (let slot = 0; slot < 48; slot++) {
      const at = this.#meanAt + slot;
      if ((this.#counts[this.#countAt + slot] as number) > 0) {
        this.#means[at] = (this.#means[at] as number) - distance;
      }
    }
    this.#table.touch(row);
  }

  #known(slot: number): number {
    if ((this.#counts[this.#countAt + slot] as number) > 0) return slot;
    const other = slot < 24 ? slot + 24 : slot - 24;
    return (this.#counts[this.#countAt + other] as number) > 0 ? other : slot;
  }
}

/** Returns the season slot of a time: hour of day, plus 24 on a day off. `holidays` holds days since 1970. */
export function slotOf(ms: number, holidays: ReadonlySet<number> | null): number {
  // Whole numbers of 32 bits: the remainder of others is a call of the C library.
  const day = Math.floor(ms / DAY_MS) | 0;
  const hour = Math.floor((ms - day * DAY_MS) / HOUR_MS) | 0;
  const off = (day + MONDAY_SHIFT) % 7 >= 5 || holidays?.has(day) === true;
  return off ? hour + 24 : hour;
}

/** Returns how far a whole number lies above a multiple of another; exact below 2^53, and cheaper than `%`. */
export function remainder(value: number, divisor: number): number {
  return value - Math.floor(value / divisor) * divisor;
}

/** Spreads are kept as logarithms, 1/6 of an octave a step, from 2^-20 to 2^22. */
function fold(spread: number): number {
  return Math.min(255, Math.max(1, Math.round(6 * (Math.log2(spread) + 20))));
}

function unfold(mark: number): number {
  return SPREADS[mark] as number;
}
