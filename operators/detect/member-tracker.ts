import type { ColumnView } from '../../runtime/state/column-type.ts';
import type { Column, PagedTable } from '../../runtime/state/paged-table.ts';
import type { MemberColumns } from './member-columns.ts';
import { MEMBERS, WINDOW, YOUNG_POINTS } from './state-columns.ts';
import { surpriseOf } from './tail.ts';
import type { DetectTuning } from './tuning.ts';

/** Members with a short mean, a long mean and a variance: all but the last, new extremes. */
const RATED = MEMBERS - 1;
const EXTREME = MEMBERS - 1;
const FORECAST = 0;
const FOREST = 1;
const AUTOENCODER = 2;
/** Cells of `detect.member` after the mean and the variance of each rated member. */
const EXCURSIONS = 2 * RATED;
const HEIGHTS = EXCURSIONS + 1;
/** Cells of `detect.fast` after the short mean of each rated member. */
const HELD_FOREST = RATED;
const HELD_EXTREME = HELD_FOREST + 2;
/** Steps per unit of each cell of `detect.fast`; readings stay below 32, 2, 16, 64, and a held extreme below 128. */
const FAST_STEPS = [1024, 16_384, 2048, 512, 16_384, 2048, 256] as const;
const MOST_STEPS = 32_767;
/** Mean and deviation of each rated member's reading over the training windows: what a new series starts from. */
const PRIOR_MEAN = [0.9, 0.45, -2.2, 0.9] as const;
const PRIOR_DEVIATION = [0.4, 0.05, 0.8, 0.7] as const;
const LEAST_DEVIATION = [0.05, 0.005, 0.05, 0.05] as const;

const LEAST_VARIANCE = 1e-12;
const LOG10_2 = Math.log10(2);
const fround = Math.fround;

/**
 * Turns the members' readings of one series into surprises and their sum.
 *
 * A reading's short mean is held against the long mean and deviation of the same member on the same series; readings
 * far out are held in before they are learned from. Long means and variances are f32, the short memory is kept in steps
 * of 16 bits; all are rounded after each point, so the state does not depend on how points were cut into calls.
 */
export class MemberTracker {
  readonly #column: Column;
  readonly #tuning: DetectTuning;
  readonly #fastColumn: Column;
  #cells: ColumnView = new Float32Array(new SharedArrayBuffer(0));
  #at = 0;
  #fast: ColumnView = new Int16Array(new SharedArrayBuffer(0));
  #fastAt = 0;

  constructor(series: PagedTable, tuning: DetectTuning) {
    this.#column = series.column('detect.member');
    this.#fastColumn = series.column('detect.fast');
    this.#tuning = tuning;
  }

  /** Turns to a series; its row is read and written in place. */
  load(row: number): void {
    this.#cells = this.#column.view(row);
    this.#at = this.#column.index(row);
    this.#fast = this.#fastColumn.view(row);
    this.#fastAt = this.#fastColumn.index(row);
  }

  /**
   * Spreads the results of windows over the points from where each closed to where the next does; what holds at the end
   * holds on in the calls to come.
   *
   * @param windowOf window that closed with a point, or -1. @param results the forest's and the autoencoder's by window.
   */
  hold(
    start: number,
    end: number,
    windowOf: Int32Array,
    results: readonly Float32Array[],
    { reading }: MemberColumns,
  ): void {
    for (let kind = 0; kind < results.length; kind++) {
      const steps = FAST_STEPS[HELD_FOREST + kind] as number;
      const cell = this.#fastAt + HELD_FOREST + kind;
      const result = results[kind] as Float32Array;
      const column = reading[FOREST + kind] as Float64Array;
      let held = this.#fast[cell] as number;
      for (let i = start; i < end; i++) {
        const window = windowOf[i] as number;
        if (window >= 0) held = stepsOf(result[window] as number, steps);
        column[i] = held / steps;
      }
      this.#fast[cell] = held;
    }
  }

  /** Rates the readings at the points `[start, end)`, each by what was known before it, and learns them. */
  rate(start: number, end: number, columns: MemberColumns): void {
    const { ordinal, reading, surprise } = columns;
    const windowed = Math.min(end, Math.max(start, start + WINDOW - 1 - (ordinal[start] ?? 0)));
    for (let member = 0; member < RATED; member++) {
      const waits = member === FOREST || member === AUTOENCODER;
      const from = waits ? windowed : start;
      if (waits && windowed > start) {
        reading[member]?.fill(Number.NaN, start, windowed);
        for (let i = start; i < windowed; i++) surprise[i * MEMBERS + member] = 0;
      }
      if (from < end) this.#rateOne(member, from, end, columns);
    }
    this.#rateExtreme(start, end, columns);
  }

  /**
   * Holds the surprises of a point to what may be said of it, and sums them up by weight.
   *
   * @param outside points in a row outside the band before it. @param tuning of the class of the series.
   */
  add(
    i: number,
    outside: number,
    { ordinal, surprise, sum }: MemberColumns,
    { weights, evidence, persistence, cap }: DetectTuning,
  ): void {
    const points = (ordinal[i] as number) + 2;
    // The log of the next lower power of two is nearly free, and as a rule none of them says more than that allows.
    const allowed = Math.min(cap, evidence * LOG10_2 * (31 - Math.clz32(points)));
    let most = allowed;
    let total = 0;
    for (let member = 0; member < RATED; member++) {
      const at = i * MEMBERS + member;
      let held = surprise[at] as number;
      if (held > allowed) {
        if (most === allowed)
          most = Math.min(cap, evidence * Math.log10(points) * (1 + persistence * outside));
        held = Math.min(most, held);
        surprise[at] = held;
      }
      total += held * (weights[member] as number);
    }
    sum[i] = total + (surprise[i * MEMBERS + EXTREME] as number) * (weights[EXTREME] as number);
  }

  /** Excursions counted, and the sum of their heights. */
  get excursions(): number {
    return this.#cells[this.#at + EXCURSIONS] as number;
  }

  set excursions(count: number) {
    this.#cells[this.#at + EXCURSIONS] = count;
  }

  get heights(): number {
    return this.#cells[this.#at + HEIGHTS] as number;
  }

  set heights(sum: number) {
    this.#cells[this.#at + HEIGHTS] = sum;
  }

  #rateOne(member: number, start: number, end: number, columns: MemberColumns): void {
    const { memory, priorReadings, held, youngHeld } = this.#tuning;
    const shortShare = this.#tuning.shortShares[member] as number;
    const alone = this.#tuning.pointShares[member] as number;
    const least = LEAST_DEVIATION[member] as number;
    const { ordinal: ordinals, usual } = columns;
    const readings = columns.reading[member] as Float64Array;
    const surprises = columns.surprise;
    const cells = this.#cells;
    const at = this.#at + 2 * member;
    const begun = cells[at + 1] !== 0;
    const prior = fround(PRIOR_MEAN[member] as number);
    const steps = FAST_STEPS[member] as number;
    let short = begun ? (this.#fast[this.#fastAt + member] as number) : stepsOf(prior, steps);
    let mean = begun ? (cells[at] as number) : prior;
    let variance = begun
      ? (cells[at + 1] as number)
      : fround((PRIOR_DEVIATION[member] as number) ** 2);
    for (let i = start; i < end; i++) {
      const reading = readings[i] as number;
      const ordinal = ordinals[i] as number;
      const deviation = Math.sqrt(variance);
      if (member === FORECAST) usual[i] = begun || i > start ? mean + 3 * deviation : 0;
      const newest = short / steps + shortShare * (reading - short / steps);
      const inverse = 1 / Math.max(deviation, least);
      let surprise = (1 - alone) * surpriseOf((newest - mean) * inverse);
      if (alone > 0) surprise += alone * surpriseOf((reading - mean) * inverse);
      surprises[i * MEMBERS + member] = surprise;
      const most = (ordinal < YOUNG_POINTS ? youngHeld : held) * deviation;
      const change = Math.min(most, Math.max(-most, reading - mean));
      const share = Math.max(1 / (ordinal + priorReadings), 1 / memory);
      short = stepsOf(newest, steps);
      mean = fround(mean + share * change);
      variance = fround(Math.max(variance + share * (change * change - variance), LEAST_VARIANCE));
    }
    this.#fast[this.#fastAt + member] = short;
    cells[at] = mean;
    cells[at + 1] = variance;
  }

  /** A new extreme wears off from point to point until a higher one comes. */
  #rateExtreme(start: number, end: number, columns: MemberColumns): void {
    const { ordinal: ordinals, reading, surprise } = columns;
    const { shortShares, extremePoints, extremeCap } = this.#tuning;
    const kept = 1 - (shortShares[EXTREME] as number);
    const beyond = reading[EXTREME] as Float64Array;
    const steps = FAST_STEPS[HELD_EXTREME] as number;
    let held = this.#fast[this.#fastAt + HELD_EXTREME] as number;
    for (let i = start; i < end; i++) {
      const ordinal = ordinals[i] as number;
      // Down, never to the nearest: some steps would keep their place for ever.
      held = Math.max(Math.floor(held * kept), stepsOf(beyond[i] as number, steps));
      const aged = ordinal / (ordinal + extremePoints);
      surprise[i * MEMBERS + EXTREME] = aged * Math.min(extremeCap, held / steps);
    }
    this.#fast[this.#fastAt + HELD_EXTREME] = held;
  }
}

function stepsOf(value: number, steps: number): number {
  return Math.min(MOST_STEPS, Math.max(-MOST_STEPS, Math.round(value * steps)));
}
