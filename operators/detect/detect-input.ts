import type { WeeklyHours } from '../weekly-hours.ts';
import { type Calendar, type Season, utcCalendar } from './calendar.ts';

/** Which movements may open an episode. */
export type Direction = 'both' | 'up' | 'down';

/** Deviations on one side, or both, that open no episode: those within every limit that is not null. */
export interface SuppressionRule {
  readonly direction: Direction;
  /** In the metric's unit. */
  readonly within: number | null;
  /** As a share of the size of the expected value. */
  readonly withinRel: number | null;
}

/** What a metric's definition says about its detection; 0, null and `both` stand for the defaults. */
export interface DetectSettings extends Calendar {
  /** Expected distance of points in ms; 0 infers it from the gaps. */
  readonly intervalMs: number;
  /** Points between two window closes; 0 takes the default of the interval. */
  readonly hop: number;
  readonly direction: Direction;
  /** Values within `[dataMin, dataMax]` are plausible; an episode opens only there; null: no limit. */
  readonly dataMin: number | null;
  readonly dataMax: number | null;
  /** Least distance from the expected value, in the metric's unit. */
  readonly minAbs: number;
  /** Least distance from the expected value, as a share of its size or of the series' usual span if that is less. */
  readonly minRel: number;
  readonly suppress: readonly SuppressionRule[];
  /** Points in a row that could open an episode and do not; the next one does. At most 255. */
  readonly ignoreConsecutive: number;
  /** Times in which no episode opens, `[fromMs, toMs)`, and hours of the week by `clock`. */
  readonly maintenance: readonly { readonly fromMs: number; readonly toMs: number }[];
  readonly maintenanceHours: readonly WeeklyHours[];
  /** 0 to 1 (exclusive); 0.85 takes scores as they are, more opens earlier. */
  readonly sensitivity: number;
  readonly class: string;
  /** How far a series may rise: `none` keeps it in tier T0, `daily` in T1, `weekly` lets it have T2. */
  readonly season: Season;
}

/** Settings of a metric about which nothing was said. */
export const defaultSettings: DetectSettings = {
  ...utcCalendar,
  intervalMs: 0,
  hop: 0,
  direction: 'both',
  dataMin: null,
  dataMax: null,
  minAbs: 0,
  minRel: 0.2,
  suppress: [],
  ignoreConsecutive: 0,
  maintenance: [],
  maintenanceHours: [],
  sensitivity: 0.85,
  class: 'general',
  season: 'daily',
};

/**
 * Points of one call as arrays: run r holds `counts[r]` points from `starts[r]` of the series in state row `rows[r]`.
 *
 * A row may occur in several runs; a series' points stand in order and each later than the one before it.
 */
export interface DetectInput {
  readonly runs: number;
  readonly rows: Uint32Array;
  readonly starts: Uint32Array;
  readonly counts: Uint32Array;
  /** Index into `settings` per run. */
  readonly settingsOf: Uint32Array;
  readonly settings: readonly DetectSettings[];
  /** 1 where a run is back-fill or too late to be acted on. */
  readonly historical: Uint8Array;
  /** Not 0 where a run came behind the watermark; absent where nothing is late. */
  readonly late?: Uint8Array;
  /** Score at which an episode opens, per run and class (a place for each of `classNames`); absent: 1 everywhere. */
  readonly levels?: readonly Float64Array[];
  /** Event time, ms. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}
