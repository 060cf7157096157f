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
}

/**
 * Tells how far a series has come, by its points and by whether it has siblings to go by.
 *
 * A series whose youth ends is counted for its cohort at the end of the run in which it does: between `begin` and `end` its
 * cohort stays as it is, so that nothing depends on how runs are put together to calls.
 */
export class SeriesMaturity {
  readonly #tuning: DetectTuning;
  readonly #calibration: RateCalibration;
  readonly #siblings: Siblings | undefined;
  #wasGrown = false;
  /** Points from which on the series at hand is on probation, and live. */
  #warm = 0;
  #live = LIVE_POINTS;

  /** @param calibration of the series at hand, loaded before `begin` and stored after `end`. */
  constructor(tuning: DetectTuning, calibration: RateCalibration, siblings: Siblings | undefined) {
    this.#tuning = tuning;
    this.#calibration = calibration;
    this.#siblings = siblings;
  }

  begin({ row, metricClass, before, after }: MaturingRun): void {
    this.#wasGrown = this.#isGrown(before);
    const young = before < LIVE_POINTS && after > WINDOW;
    const known = young && this.#siblings?.areKnown(row, metricClass) === true;
    const part = known ? WITH_SIBLINGS : 1;
    this.#warm = Math.floor(this.#tuning.warmPoints / part);
    this.#live = Math.floor(LIVE_POINTS / part);
  }

  /** Place in `lifeCycles` of a series that had so many points, the last of them `gapMs` ago. */
  stage(before: number, gapMs: number, intervalMs: number): number {
    if (before < WINDOW) return COLD;
    if (gapMs > STALE_INTERVALS * intervalMs) return STALE;
    if (before < this.#warm) return WARMING;
    return before < this.#live ? PROBATION : LIVE;
  }

  end({ row, metricClass, after }: MaturingRun): void {
    if (!this.#wasGrown && this.#isGrown(after)) this.#siblings?.grow(row, metricClass);
  }

  /** Whether a series has lived through all in which it may be held back for its youth; it stays so. */
  #isGrown(points: number): boolean {
    const { warmPoints, warmMs } = this.#tuning;
    const livedMs = this.#calibration.exposureDays * DAY_MS;
    return points >= Math.max(LIVE_POINTS, warmPoints) && livedMs >= warmMs;
  }
}
