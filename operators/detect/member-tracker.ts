import type { Column, PagedTable } from '../../runtime/paged-table.ts';
import { MEMBERS, OUTSIDE_CELL, YOUNG_POINTS } from './state-columns.ts';
import { surpriseOf } from './tail.ts';
import type { DetectTuning } from './tuning.ts';

/** Members with a short mean, a long mean and a variance: all but the last, new extremes. */
const RATED = MEMBERS - 1;
const EXTREME = MEMBERS - 1;
const FOREST = 1;
const AUTOENCODER = 2;
/** Cells after the three of each rated member. */
const HELD_FOREST = 3 * RATED;
const HELD_AUTOENCODER = HELD_FOREST + 1;
const HELD_EXTREME = HELD_FOREST + 2;
const EXCURSIONS = HELD_FOREST + 3;
const HEIGHTS = HELD_FOREST + 4;
const PEAK = HELD_FOREST + 5;
/** Mean and deviation of each rated member's reading over the training windows: what a new series starts from. */
const PRIOR_MEAN = [0.9, 0.45, -2.2, 0.9] as const;
const PRIOR_DEVIATION = [0.4, 0.05, 0.8, 0.7] as const;
const LEAST_DEVIATION = [0.05, 0.005, 0.05, 0.05] as const;

/**
 * Turns the members' readings of one series into surprises and their sum.
 *
 * A reading's short mean is held against the long mean and deviation of the same member on the same series; readings
 * far out are held in before they are learned from. All cells are f32 and written after each point, so the state does
 * not depend on how points were cut into calls.
 */
export class MemberTracker {
  readonly #column: Column;
  readonly #tuning: DetectTuning;
  #most = 0;
  readonly #cells = new Float32Array(OUTSIDE_CELL);
  /** Reading of each member at the point just rated. */
  readonly raw = new Float64Array(MEMBERS);
  readonly surprise = new Float64Array(MEMBERS);
  /** 1 where the member had no reading. */
  readonly skipped = new Uint8Array(MEMBERS);

  constructor(series: PagedTable, tuning: DetectTuning) {
    this.#column = series.column('detect.member');
    this.#tuning = tuning;
  }

  load(row: number): void {
    const view = this.#column.view(row);
    const at = this.#column.index(row);
    for (let i = 0; i < OUTSIDE_CELL; i++) this.#cells[i] = view[at + i] as number;
  }

  store(row: number): void {
    const view = this.#column.view(row);
    const at = this.#column.index(row);
    for (let i = 0; i < OUTSIDE_CELL; i++) view[at + i] = this.#cells[i] as number;
  }

  /** Notes the result of a window that has just closed; it holds until the next. */
  closeWindow(forest: number, autoencoder: number): void {
    this.#cells[HELD_FOREST] = forest;
    this.#cells[HELD_AUTOENCODER] = autoencoder;
  }

  /**
   * Rates a point and returns the weighted sum of surprises.
   *
   * @param ordinal points of the series before this one. @param windowed whether a window has closed by now.
   * @param forecast root of the distance from the expected value in usual ones. @param step size of the step in usual
   *   ones. @param beyond log of the distance outside all earlier values, 0 inside. @param outside points in a row
   *   outside the band before this one.
   */
  rate(
    ordinal: number,
    windowed: boolean,
    forecast: number,
    step: number,
    beyond: number,
    outside: number,
  ): number {
    const { weights, shortShares, extremePoints, extremeCap } = this.#tuning;
    this.#limit(ordinal, outside);
    let sum = this.#rateOne(0, ordinal, forecast) * (weights[0] as number);
    this.skipped[FOREST] = windowed ? 0 : 1;
    this.skipped[AUTOENCODER] = windowed ? 0 : 1;
    for (let member = FOREST; member <= AUTOENCODER; member++) {
      const reading = this.#cells[HELD_FOREST + member - FOREST] as number;
      this.surprise[member] = 0;
      if (windowed) sum += this.#rateOne(member, ordinal, reading) * (weights[member] as number);
    }
    sum += this.#rateOne(3, ordinal, step) * (weights[3] as number);
    const kept = (this.#cells[HELD_EXTREME] as number) * (1 - (shortShares[EXTREME] as number));
    this.#cells[HELD_EXTREME] = Math.max(kept, beyond);
    this.raw[EXTREME] = beyond;
    const aged = ordinal / (ordinal + extremePoints);
    this.surprise[EXTREME] = aged * Math.min(extremeCap, this.#cells[HELD_EXTREME] as number);
    return sum + (this.surprise[EXTREME] as number) * (weights[EXTREME] as number);
  }

  /** Sets the most that a member can say of a point. */
  #limit(ordinal: number, outside: number): void {
    const { evidence, persistence, cap } = this.#tuning;
    const known = evidence * Math.log10(ordinal + 2);
    this.#most = Math.min(cap, known * (1 + persistence * outside));
  }

  /** Long mean of the forecast's reading and its deviation: what the band is drawn from. */
  get forecastMean(): number {
    return this.#cells[1] as number;
  }

  get forecastDeviation(): number {
    return Math.sqrt(this.#cells[2] as number);
  }

  /** Excursions counted, the sum of their heights, and the peak of the one under way. */
  get excursions(): number {
    return this.#cells[EXCURSIONS] as number;
  }

  set excursions(count: number) {
    this.#cells[EXCURSIONS] = count;
  }

  get heights(): number {
    return this.#cells[HEIGHTS] as number;
  }

  set heights(sum: number) {
    this.#cells[HEIGHTS] = sum;
  }

  get peak(): number {
    return this.#cells[PEAK] as number;
  }

  set peak(height: number) {
    this.#cells[PEAK] = height;
  }

  #rateOne(member: number, ordinal: number, reading: number): number {
    const { shortShares, pointShares, memory, priorReadings, held, youngHeld } = this.#tuning;
    const cells = this.#cells;
    const at = 3 * member;
    if (cells[at + 2] === 0) this.#begin(member);
    const mean = cells[at + 1] as number;
    const deviation = Math.sqrt(cells[at + 2] as number);
    const short =
      (cells[at] as number) + (shortShares[member] as number) * (reading - (cells[at] as number));
    const alone = pointShares[member] as number;
    const inverse = 1 / Math.max(deviation, LEAST_DEVIATION[member] as number);
    let surprise = (1 - alone) * surpriseOf((short - mean) * inverse);
    if (alone > 0) surprise += alone * surpriseOf((reading - mean) * inverse);
    const most = (ordinal < YOUNG_POINTS ? youngHeld : held) * deviation;
    const change = Math.min(most, Math.max(-most, reading - mean));
    const share = Math.max(1 / (ordinal + priorReadings), 1 / memory);
    cells[at] = short;
    cells[at + 1] = mean + share * change;
    cells[at + 2] = Math.max(
      (cells[at + 2] as number) + share * (change * change - (cells[at + 2] as number)),
      1e-12,
    );
    this.raw[member] = reading;
    this.surprise[member] = Math.min(this.#most, surprise);
    return this.surprise[member] as number;
  }

  #begin(member: number): void {
    const at = 3 * member;
    this.#cells[at] = PRIOR_MEAN[member] as number;
    this.#cells[at + 1] = PRIOR_MEAN[member] as number;
    this.#cells[at + 2] = (PRIOR_DEVIATION[member] as number) ** 2;
  }
}
