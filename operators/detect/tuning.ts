/**
 * Constants of fusion and calibration. Chosen on the developers' data by folds of whole files; see
 * `models/EVALUATION.md` for what each is worth. Experiments hand other values to `Detector`.
 */
export interface DetectTuning {
  /** Weight of each member's surprise, in the order of `memberIds`. */
  readonly weights: readonly number[];
  /** Share of the newest reading in each member's short mean; for new extremes, what is forgotten per point. */
  readonly shortShares: readonly number[];
  /** Share of the single reading, beside the short mean, in each member's surprise. */
  readonly pointShares: readonly number[];
  /** Share of the newest 8 points, beside the whole window, in the autoencoder's error. */
  readonly lateShare: number;
  /** Readings that a member's long mean and deviation remember. */
  readonly memory: number;
  /** Readings that the prior of a member counts for. */
  readonly priorReadings: number;
  /** Deviations at which a reading is held before it is learned from. */
  readonly held: number;
  /** The same while a series is young. */
  readonly youngHeld: number;
  /** Most that one member can say. */
  readonly cap: number;
  /** Sum of surprises above which an excursion begins. */
  readonly floor: number;
  /** Excursions a day that are expected of a series with a point every 5 minutes before it is known. */
  readonly priorRate: number;
  /** Power of the points per day by which that grows. */
  readonly rateGrowth: number;
  /** Mean height of an excursion above the floor before the series is known. */
  readonly priorHeight: number;
  /** Excursions that the priors of rate and height count for. */
  readonly priorExcursions: number;
  readonly priorHeights: number;
  /** Heights at which an excursion is held before it is learned from. */
  readonly heightLimit: number;
  /** Days that rate and height remember. */
  readonly memoryDays: number;
  /** Points of the refractory period, and the limits of its length in ms of event time. */
  readonly refractoryPoints: number;
  readonly refractoryMinMs: number;
  readonly refractoryMaxMs: number;
  /** Points without a reading above the opening score that close an episode. */
  readonly quietPoints: number;
  /** Points, and ms, until an onset is allowed that is none of a leap or a run of repeats. */
  readonly warmPoints: number;
  readonly warmMs: number;
  /** A new extreme counts by n / (n + this) after n points: the first records of a series are no news. */
  readonly extremePoints: number;
  /**
   * A leap so many times the largest before it has score 1 by itself, its square score 2; more is asked of it while few
   * points are known.
   */
  readonly recordRatio: number;
  /** -log10 of the chance of a run of repeats beyond the longest before it that has score 1 by itself. */
  readonly stillRarity: number;
  /** It counts by n / (n + this) after n points. */
  readonly suddenPoints: number;
  /** Most that a new extreme can say. */
  readonly extremeCap: number;
  /** After n points no member can say more than this many times log10(n). */
  readonly evidence: number;
  /** Share by which that grows for each point in a row outside the band: a run is rarer than a point. */
  readonly persistence: number;
  /** Time for which values must lie outside the band before an episode opens, ms; from the second point on. */
  readonly confirmMs: number;
  /** Most series whose weekdays are told apart. */
  readonly weeklySeries: number;
}

/** Days of own normal behaviour that open one warning, and one critical episode. */
export const WARNING_DAYS = 20;
export const CRITICAL_DAYS = 500;

/** The constants that the product runs with. */
export const defaultTuning: DetectTuning = {
  weights: [1, 0.6, 1.2, 0.2, 2],
  shortShares: [0.2, 0.5, 0.5, 0.4, 0.06],
  pointShares: [0, 0, 0, 0.3, 0],
  lateShare: 0.75,
  memory: 5000,
  priorReadings: 20,
  held: 8,
  youngHeld: 3,
  cap: 20,
  floor: 1.6,
  priorRate: 0.7,
  rateGrowth: 1.15,
  priorHeight: 1,
  priorExcursions: 5,
  priorHeights: 10,
  heightLimit: 4,
  memoryDays: 60,
  refractoryPoints: 48,
  refractoryMinMs: 5 * 60_000,
  refractoryMaxMs: 12 * 3_600_000,
  quietPoints: 8,
  warmPoints: 64,
  warmMs: 3_600_000,
  extremePoints: 200,
  recordRatio: 1.4,
  stillRarity: 12,
  suddenPoints: 10,
  extremeCap: 5,
  evidence: 2,
  persistence: 0.2,
  confirmMs: 8000,
  weeklySeries: 10_000,
};
