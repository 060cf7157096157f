import type { ColumnSpec } from '../../runtime/state/paged-table.ts';

/** Points in a window: what the forest and the autoencoder look at. */
export const WINDOW = 32;

/** Slots of a season profile: 24 hours of a working day, then 24 of a day off. */
export const SEASON_SLOTS = 48;

/** A series of fewer points is young: what lies far out is learned from with more caution. */
export const YOUNG_POINTS = 250;

/** After so many intervals of silence a series counts as stale. */
export const STALE_INTERVALS = 288;

/**
 * Columns that detect keeps for every series (tier T0), 202 bytes a row.
 *
 * `clock`: base of all other values, last timestamp (ms). `level`: levels, deviations and extremes, relative to the
 * base. `ring`: the last 32 values, relative to the base, in steps of a power of two, 12 bits each. `member`: means and
 * variances of the members, excursions, points outside the band. `fast`: what members forget within some points, in
 * fixed steps. `alert`: exposure, and the ends of the present excursion and of the refractory period, ms from the last
 * point. `still`: repeats in a row, and most of them. `link`: accepted points, season row + 1, episode row + 1. `mark`: ring exponent; points until onsets are
 * allowed again, and excursion under way. A row of zeros is a series that has seen nothing.
 */
export const detectColumns: readonly ColumnSpec[] = [
  { name: 'detect.clock', type: 'f64', length: 2 },
  { name: 'detect.level', type: 'f32', length: 12 },
  { name: 'detect.member', type: 'f32', length: 12 },
  { name: 'detect.alert', type: 'u32', length: 3 },
  { name: 'detect.link', type: 'u32', length: 3 },
  { name: 'detect.fast', type: 'i16', length: 7 },
  { name: 'detect.ring', type: 'u8', length: (WINDOW / 2) * 3 },
  { name: 'detect.mark', type: 'u8', length: 2 },
  { name: 'detect.still', type: 'u8', length: 2 },
];

/** Columns of a season profile (tier T1), 193 bytes a row: mean by slot relative to the base, spread, visits; step of the means. */
export const seasonColumns: readonly ColumnSpec[] = [
  { name: 'season.mean', type: 'i16', length: SEASON_SLOTS },
  { name: 'season.spread', type: 'u8', length: SEASON_SLOTS },
  { name: 'season.visits', type: 'u8', length: SEASON_SLOTS },
  { name: 'season.mark', type: 'u8' },
];

/**
 * Columns of what a series with a season gathers within an hour (tier T1), 21 bytes a row, as many rows as of season
 * profiles: these change with every point, a profile once an hour, and only what changed is saved.
 */
export const hourColumns: readonly ColumnSpec[] = [
  { name: 'hour.level', type: 'f32', length: 5 },
  { name: 'hour.slot', type: 'u8' },
];

/** Members of the ensemble in the order of every array that has one place per member. */
export const memberIds = [
  'forecast',
  'isolation-forest',
  'lstm-autoencoder',
  'step',
  'new-extreme',
] as const;
export const MEMBERS = memberIds.length;

/** Columns of an open episode, 132 bytes a row, released when it has closed. */
export const episodeColumns: readonly ColumnSpec[] = [
  /** Start, last point at or above the opening score, peak, last event told: ms. */
  { name: 'episode.time', type: 'f64', length: 4 },
  /** Value, expected, lower, upper at the peak. */
  { name: 'episode.value', type: 'f64', length: 4 },
  /** Peak score, peak score told, confidence, then raw scores and surprises by member at the peak. */
  { name: 'episode.score', type: 'f32', length: 3 + 2 * MEMBERS },
  /** Points, revision, points that came late. */
  { name: 'episode.count', type: 'u32', length: 3 },
  /** Tier, movement, life-cycle, historical. */
  { name: 'episode.mark', type: 'u8', length: 4 },
];
