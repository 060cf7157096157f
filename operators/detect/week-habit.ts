import type { Column, PagedTable } from '../../runtime/state/paged-table.ts';
import { WEEK_HOURS } from './state-columns.ts';

/** Steps per unit in which heights are kept: up to 63. */
const STEPS = 4;
const MOST_STEPS = 255;
/** What comes every week is not the same each time: so many times its height counts as usual. */
const ROOM = 1.5;

/** At so many times the band's width from the expected value nothing is usual. */
const BEYOND = 2;

/** A point whose sum of surprises may be usual for its hour. */
export interface HabitReading {
  sum: number;
  readonly value: number;
  readonly expected: number;
  readonly upper: number;
  /** Share of what is odd about it that is usual for its hour, 0 to 1. */
  usual: number;
}

/**
 * Knows what is odd about each hour of the week, week by week: an oddness that came at the same hour in each of the last
 * two weeks is no news the third time.
 *
 * Of each hour the highest sum of surprises above the floor is kept, of the last visit and of the one before; what both
 * had, there or in a neighbouring hour, is taken off where the value is about what the week foretold. One incident explains
 * nothing away, for the week before had none; nor do many a value that is wrong for its hour.
 */
export class WeekHabit {
  readonly #table: PagedTable;
  readonly #odd: Column;
  readonly #peak: Column;
  readonly #hour: Column;

  /** @param table has `weekColumns`. */
  constructor(table: PagedTable) {
    this.#table = table;
    this.#odd = table.column('week.odd');
    this.#peak = table.column('week.peak');
    this.#hour = table.column('week.hour');
  }

  /**
   * Takes off what is usual at this hour, down to the floor at most, and learns what was before.
   *
   * @param floor sum of surprises above which a point is odd.
   */
  temper(row: number, hour: number, reading: HabitReading, floor: number): void {
    this.#turnTo(row, hour);
    const height = reading.sum - floor;
    reading.usual = 0;
    if (height <= 0) return;
    const peak = this.#peak.view(row);
    const at = this.#peak.index(row);
    if (height > (peak[at] as number)) {
      peak[at] = height;
      this.#table.touch(row);
    }
    const held = expectedness(reading);
    if (held === 0) return;
    const usual = Math.max(
      this.#usual(row, hour),
      this.#usual(row, hour - 1),
      this.#usual(row, hour + 1),
    );
    const taken = Math.min(height, held * ROOM * usual);
    reading.sum -= taken;
    reading.usual = taken / height;
  }

  /** Puts away the hour that is over. */
  #turnTo(row: number, hour: number): void {
    const open = this.#hour.view(row);
    const openAt = this.#hour.index(row);
    const before = (open[openAt] as number) - 1;
    if (before === hour) return;
    open[openAt] = hour + 1;
    if (before >= 0) {
      const odd = this.#odd.view(row);
      const at = this.#odd.index(row) + 2 * before;
      const peak = this.#peak.view(row);
      const peakAt = this.#peak.index(row);
      odd[at + 1] = odd[at] as number;
      odd[at] = Math.min(MOST_STEPS, Math.floor(STEPS * (peak[peakAt] as number)));
      peak[peakAt] = 0;
    }
    this.#table.touch(row);
  }

  /** Height that both last visits of an hour reached. */
  #usual(row: number, hour: number): number {
    const odd = this.#odd.view(row);
    const at = this.#odd.index(row) + 2 * ((hour + WEEK_HOURS) % WEEK_HOURS);
    return Math.min(odd[at] as number, odd[at + 1] as number) / STEPS;
  }
}

/** 1 within the band, 0 from `BEYOND` times its width on. */
function expectedness({ value, expected, upper }: HabitReading): number {
  const width = upper - expected;
  const distance = Math.abs(value - expected);
  if (distance <= width) return 1;
  return Math.max(0, (BEYOND - distance / width) / (BEYOND - 1));
}
