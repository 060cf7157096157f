import type { Column, ColumnSpec, PagedTable } from '../../runtime/state/paged-table.ts';
import { readTime, readTimeMarks, writeTime } from '../packed-time.ts';

/** Columns that ordering and rates need per series, 14 bytes a row: newest accepted value and time; with it what was seen. */
export const sequenceColumns: readonly ColumnSpec[] = [
  { name: 'lastValue', type: 'f64' },
  { name: 'lastMs', type: 'u16', length: 3 },
];

/** Marks beside the time. */
const SEEN = 1;
const ENDED = 2;

/** How many points of a run went where; together they are the run’s points. */
export interface SequenceCounts {
  accepted: number;
  duplicates: number;
  outOfOrder: number;
  /** Values of a counter from which no rate follows: its first, and the first after a reset. */
  counterBases: number;
  /** Counter went down (also in `counterBases`). */
  counterResets: number;
  /** Staleness markers: they end the series and carry no value. */
  ended: number;
  /** Rates beyond what a number can hold. */
  overflows: number;
}

/**
 * Lets through each series’ points in time order, once, and turns counters into rates per second.
 *
 * A counter’s first value, the first after the series was ended, and one that went down only set the base: what was counted
 * before a reset is lost, and a rate from zero would be a drop that never was. Writes accepted points into `timestamps` and `values`
 * from `length` on; call `clear` between batches. No allocation per point.
 */
export class Sequencer {
  timestamps = new Float64Array(4096);
  values = new Float64Array(4096);
  length = 0;
  readonly #table: PagedTable;
  readonly #lastMs: Column;
  readonly #lastValue: Column;

  constructor(table: PagedTable) {
    this.#table = table;
    this.#lastMs = table.column('lastMs');
    this.#lastValue = table.column('lastValue');
  }

  clear(): void {
    this.length = 0;
  }

  /**
   * Takes points `[start, end)` of a batch for the series in `row`.
   * @param counter whether values only grow and are to become rates.
   */
  run(
    row: number,
    timestamps: Float64Array,
    values: Float64Array,
    start: number,
    end: number,
    counter: boolean,
    counts: SequenceCounts,
  ): void {
    this.#reserve(end - start);
    const lastMs = this.#lastMs.view(row);
    const lastValue = this.#lastValue.view(row);
    const msAt = this.#lastMs.index(row);
    const valueAt = this.#lastValue.index(row);
    let before = readTime(lastMs, msAt);
    let state = readTimeMarks(lastMs, msAt);
    // Kept of a gauge too: a definition may come into effect by which it is a counter.
    let former = lastValue[valueAt] as number;
    for (let i = start; i < end; i++) {
      const ms = timestamps[i] as number;
      if (state !== 0 && ms <= before) {
        countRefused(ms === before, counts);
        continue;
      }
      const value = values[i] as number;
      const passedMs = ms - before;
      before = ms;
      // The only NaN that validate lets through is the staleness marker.
      if (Number.isNaN(value)) {
        state = SEEN | ENDED;
        counts.ended += 1;
        continue;
      }
      if (!counter) this.#accept(ms, value, counts);
      else if (state === SEEN && value >= former) {
        this.#accept(ms, ((value - former) * 1000) / passedMs, counts);
      } else {
        if (state === SEEN) counts.counterResets += 1;
        counts.counterBases += 1;
      }
      state = SEEN;
      former = value;
    }
    writeTime(lastMs, msAt, before, state);
    lastValue[valueAt] = former;
    this.#table.touch(row);
  }

  #accept(ms: number, value: number, counts: SequenceCounts): void {
    if (!Number.isFinite(value)) {
      counts.overflows += 1;
      return;
    }
    this.timestamps[this.length] = ms;
    this.values[this.length] = value;
    this.length += 1;
    counts.accepted += 1;
  }

  #reserve(more: number): void {
    if (this.length + more <= this.values.length) return;
    const size = Math.max(this.values.length * 2, this.length + more);
    const timestamps = new Float64Array(size);
    const values = new Float64Array(size);
    timestamps.set(this.timestamps.subarray(0, this.length));
    values.set(this.values.subarray(0, this.length));
    this.timestamps = timestamps;
    this.values = values;
  }
}

function countRefused(duplicate: boolean, counts: SequenceCounts): void {
  if (duplicate) counts.duplicates += 1;
  else counts.outOfOrder += 1;
}
