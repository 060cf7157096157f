import type { Column, PagedTable } from '../../runtime/state/paged-table.ts';
import type { MemberTracker } from './member-tracker.ts';
import type { SeriesWatch } from './series-watch.ts';
import { CRITICAL_DAYS, type DetectTuning, WARNING_DAYS } from './tuning.ts';

const DAY_MS = 86_400_000;
/** Points per day of a series with one every 5 minutes. */
const USUAL_POINTS = 288;
/** A gap counts as exposure for at most this many intervals. */
const GAP_INTERVALS = 6;
/** The opening level lies at least this many mean heights above the floor. */
const LEAST_HEIGHTS = 0.7;
/** Exposure is kept in steps of 1.3 ms, up to 64 days. */
const EXPOSURE_STEPS = 2 ** 26;
const MOST_EXPOSURE = 2 ** 32 - 1;
/** Mean heights between score 1 and score 2: the log of how much rarer the second is. */
const CRITICAL_HEIGHTS = Math.log(CRITICAL_DAYS / WARNING_DAYS);

/** A point to be scored by the rate of its like. */
export interface SumReading {
  /** Weighted sum of surprises. */
  sum: number;
  ms: number;
  /** Time since the point before, and the usual one. */
  gapMs: number;
  intervalMs: number;
  /** Where the score goes: numbers that go through an object of the caller’s cost no memory, unlike results. */
  calibrated: number;
}

/**
 * Turns sums of surprises into scores whose unit is a rate in time.
 *
 * The series' own excursions above a floor are counted over event time and their heights averaged, both with a prior
 * for new series and a memory of weeks. With exponential heights the level that is passed once in `WARNING_DAYS` is
 * floor + height × ln(rate × days); it gets score 1, the one for `CRITICAL_DAYS` score 2, and the line goes on.
 * Source: peaks over threshold (Pickands 1975) with shape 0; Siffer et al. (2017) for streams.
 */
export class RateCalibration {
  readonly #exposure: Column;
  readonly #members: MemberTracker;
  readonly #watch: SeriesWatch;
  #exposureDays = 0;
  #priorFor = -1;
  #priorOf: DetectTuning | undefined;
  #priorDays = 0;

  /** @param watch of the same series as `members`, loaded and stored by the caller. */
  constructor(series: PagedTable, members: MemberTracker, watch: SeriesWatch) {
    this.#exposure = series.column('detect.exposure');
    this.#members = members;
    this.#watch = watch;
  }

  /** Time over which excursions were counted, of late the more. */
  get exposureDays(): number {
    return this.#exposureDays;
  }

  load(row: number): void {
    const steps = this.#exposure.view(row)[this.#exposure.index(row)] as number;
    this.#exposureDays = steps / EXPOSURE_STEPS;
  }

  store(row: number): void {
    this.#exposure.view(row)[this.#exposure.index(row)] = this.#exposureDays * EXPOSURE_STEPS;
  }

  /** Scores a sum by what was known before it, then learns it. @param tuning of the class of the series. */
  score(reading: SumReading, tuning: DetectTuning): void {
    const { floor, memoryDays } = tuning;
    const { sum, gapMs, intervalMs } = reading;
    const days = Math.min(gapMs, GAP_INTERVALS * intervalMs) / DAY_MS;
    const kept = Math.max(0, 1 - days / memoryDays);
    const members = this.#members;
    this.#exposureDays = stored(this.#exposureDays * kept + days);
    members.excursions *= kept;
    members.heights *= kept;
    const { priorHeights, priorHeight, priorExcursions } = tuning;
    const { heights, excursions } = members;
    const height = (priorHeights * priorHeight + heights) / (priorHeights + excursions);
    if (intervalMs !== this.#priorFor || tuning !== this.#priorOf)
      this.#setPrior(intervalMs, tuning);
    const perDay = (priorExcursions + excursions) / (this.#priorDays + this.#exposureDays);
    const perWarning = perDay * WARNING_DAYS;
    const opening = floor + height * Math.max(LEAST_HEIGHTS, Math.log(perWarning));
    if (sum > floor || this.#watch.inside) this.#learn(reading, height, tuning);
    reading.calibrated =
      sum < opening ? sum / opening : 1 + (sum - opening) / (height * CRITICAL_HEIGHTS);
  }

  #learn({ sum, ms, intervalMs }: SumReading, height: number, tuning: DetectTuning): void {
    const { floor, heightLimit } = tuning;
    const members = this.#members;
    const watch = this.#watch;
    if (sum > floor) {
      watch.rise(sum - floor);
      watch.excursionEndMs = ms + quietMs(intervalMs, tuning);
    } else if (watch.inside && ms >= watch.excursionEndMs) {
      watch.inside = false;
      members.excursions += 1;
      members.heights += Math.min(watch.peak, heightLimit * height);
    }
  }

  /** Exposure that the prior's excursions stand for; the same for all series of an interval. */
  #setPrior(intervalMs: number, tuning: DetectTuning): void {
    const { priorExcursions, priorRate, rateGrowth } = tuning;
    this.#priorOf = tuning;
    const points = DAY_MS / Math.max(intervalMs, 1);
    this.#priorFor = intervalMs;
    this.#priorDays = priorExcursions / (priorRate * (points / USUAL_POINTS) ** rateGrowth);
  }
}

/** Rounds to the width that exposure is stored in, so that it does not depend on how often it was stored. */
function stored(days: number): number {
  return Math.min(MOST_EXPOSURE, Math.round(days * EXPOSURE_STEPS)) / EXPOSURE_STEPS;
}

/** Returns the refractory period of a series, in ms of event time. */
export function quietMs(intervalMs: number, tuning: DetectTuning): number {
  const { refractoryPoints, refractoryMinMs, refractoryMaxMs } = tuning;
  return Math.min(refractoryMaxMs, Math.max(refractoryMinMs, refractoryPoints * intervalMs));
}
