import { dayOf } from './cohort.ts';
import { lifeCycles } from './detect-output.ts';
import type { RateCalibration } from './rate-calibration.ts';
import type { Siblings } from './siblings.ts';
import { STALE_INTERVALS, WINDOW } from './state-columns.ts';
import type { DetectTuning } from './tuning.ts';

/** Points after which a series without siblings counts as live. */
export const LIVE_POINTS = 256;
/** A series with siblings is ready after this part of the points and of the time that it needs alone. */
export const WITH_SIBLINGS = 3;

const COLD = lifeCycles.indexOf('cold');
const WARMING = lifeCycles.indexOf('warming');
const PROBATION = lifeCycles.indexOf('probation');
const LIVE = lifeCycles.indexOf('live');
const STALE = lifeCycles.indexOf('stale');
const DAY_MS = 86_400_000;

/** A run of points of one series. */
export interface MaturingRun {
  readonly row: number;
  /** Class as the definition says. */
  readonly metricClass: string;
  /** Points of the series before the run, and with it. */
  readonly before: number;
  readonly after: number;
  /** Other than 0 if its points are back-fill or too late to act on. */
  readonly historical: number;
}

/** A point of the run at hand. */
export interface MaturingPoint {
  readonly ms: number;
  /** Points of the series before it, and the time since the last of them. */
  readonly before: number;
  readonly gapMs: number;
  readonly intervalMs: number;
}

/**
 * Tells how far a series has come, by its points and by whether it has siblings to go by.
 *
 * A series whose youth ends is counted for its cohort by the time of the point with which it does. What is historical has
 * no part in that: it neither goes by siblings nor counts as one, for it comes at any time.
 */
export class SeriesMaturity {
  readonly #tuning: DetectTuning;
  readonly #calibration: RateCalibration;
  readonly #siblings: Siblings | undefined;
  #run: MaturingRun | undefined;
  #isGrown = false;
  /** Whether siblings may be asked; the day for which they were last. */
  #asks = false;
  #day = 0;
  /** Points from which on the series at hand is on probation, and live. */
  #warm = 0;
  #live = LIVE_POINTS;

  /** @param calibration of the series at hand, loaded before `begin` and stored after its last point. */
  constructor(tuning: DetectTuning, calibration: RateCalibration, siblings: Siblings | undefined) {
    this.#tuning = tuning;
    this.#calibration = calibration;
    this.#siblings = siblings;
  }

  /** Turns to a run, whose object is read until the next. */
  begin(run: MaturingRun): void {
    const { before, after, historical } = run;
    this.#run = run;
    this.#isGrown = this.#hasGrown(before);
    this.#asks = this.#siblings !== undefined && historical === 0;
    this.#asks &&= before < LIVE_POINTS && after > WINDOW;
    this.#day = Number.NaN;
    this.#setParts(1);
  }

  /** Takes the next point, once it is learned; returns the place in `lifeCycles` of the series at it. */
  pass(point: MaturingPoint): number {
    const { before, gapMs, intervalMs, ms } = point;
    if (!this.#isGrown) this.#grow(before + 1, ms);
    if (before < WINDOW) return COLD;
    if (gapMs > STALE_INTERVALS * intervalMs) return STALE;
    if (this.#asks) this.#ask(ms);
    if (before < this.#warm) return WARMING;
    return before < this.#live ? PROBATION : LIVE;
  }

  #grow(points: number, ms: number): void {
    if (!this.#hasGrown(points)) return;
    this.#isGrown = true;
    if (this.#run?.historical !== 0) return;
    const { row, metricClass } = this.#run;
    this.#siblings?.grow({ row, metricClass, ms });
  }

  #ask(ms: number): void {
    const day = dayOf(ms);
    if (day === this.#day || this.#run === undefined) return;
    this.#day = day;
    const { row, metricClass } = this.#run;
    this.#setParts(this.#siblings?.areKnown(row, metricClass, ms) === true ? WITH_SIBLINGS : 1);
  }

  #setParts(parts: number): void {
    this.#warm = Math.floor(this.#tuning.warmPoints / parts);
    this.#live = Math.floor(LIVE_POINTS / parts);
  }

  /** Whether a series has lived through all in which it may be held back for its youth; it stays so. */
  #hasGrown(points: number): boolean {
    const { warmPoints, warmMs } = this.#tuning;
    const livedMs = this.#calibration.exposureDays * DAY_MS;
    return points >= Math.max(LIVE_POINTS, warmPoints) && livedMs >= warmMs;
  }
}
