import type { ColumnSpec } from '../../runtime/state/paged-table.ts';

/** Points in a window: what the forest and the autoencoder look at. */
export const WINDOW = 32;

/** Slots of a season profile: 24 hours of a working day, then 24 of a day off. */
export const SEASON_SLOTS = 48;

/** Hours of a week, from Monday on. */
export const WEEK_HOURS = 168;

/** A series of fewer points is young: what lies far out is learned from with more caution. */
export const YOUNG_POINTS = 250;

/** After so many intervals of silence a series counts as stale. */
export const STALE_INTERVALS = 288;

/**
 * Columns that detect keeps for every series (tier T0), 189 bytes a row.
 *
 * `base`: what all other values are relative to. `last`: last timestamp (`readTime`). `level`: levels, deviations and extremes, relative to the
 * base. `leap`: largest leaps up and down, 16 bits each. `ring`: the last 32 values, relative to the base, in steps of a power of two, 12 bits each. `member`: means and
 * variances of the members, excursions and the sum of their heights. `fast`: what members forget within some points, in
 * fixed steps. `exposure`: time over which excursions were counted. `excursion`, `peak`: end of the one under way, ms from
 * the last point, and its height; 0 without. `still`: repeats in a row, and most of them. `link`:
 * accepted points; season row + 1, or where `WATCHED` is set watch row + 1. `mark`: ring exponent; points until onsets are
 * allowed again (3 bits), life-cycle (3 bits, `SeriesShelf`’s), `WATCHED`, a bit of the class (the other two are marks of `last`); points in a row outside the band, where they are whole. A row of zeros is a series that has seen nothing.
 */
export const detectColumns: readonly ColumnSpec[] = [
  { name: 'detect.base', type: 'f64' },
  { name: 'detect.level', type: 'f32', length: 11 },
  { name: 'detect.leap', type: 'u32' },
  { name: 'detect.member', type: 'f32', length: 10 },
  { name: 'detect.peak', type: 'f32' },
  { name: 'detect.exposure', type: 'u32' },
  { name: 'detect.excursion', type: 'u32' },
  { name: 'detect.link', type: 'u32', length: 2 },
  { name: 'detect.fast', type: 'i16', length: 7 },
  { name: 'detect.last', type: 'u16', length: 3 },
  { name: 'detect.ring', type: 'u8', length: (WINDOW / 2) * 3 },
  { name: 'detect.mark', type: 'u8', length: 3 },
  { name: 'detect.still', type: 'u8', length: 2 },
];

/** Bits of the second mark: points until onsets are allowed again; from where on the life-cycle stands; has a watch. */
export const PAUSE_BITS = 7;
export const LIFE_CYCLE_SHIFT = 3;
export const LIFE_CYCLE_BITS = 7 << LIFE_CYCLE_SHIFT;
export const WATCHED = 64;
export const CLASS_BIT = 128;

/**
 * Columns of what a series has only while something is odd about it (`SeriesWatch`), 17 bytes a row: end of the
 * refractory period, ms from the last point; season row + 1, episode row + 1; points outside the band; points in a row
 * that could have opened an episode.
 */
export const watchColumns: readonly ColumnSpec[] = [
  { name: 'watch.left', type: 'u32' },
  { name: 'watch.link', type: 'u32', length: 2 },
  { name: 'watch.outside', type: 'f32' },
  { name: 'watch.streak', type: 'u8' },
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

/**
 * Columns of a week (tier T2), 1,365 bytes a row. `season`: row of the season + 1. By hour of the week: `mean` relative to
 * the base; `spread` about it; `visits`; `odd`, highest sum of surprises above the floor at the last visit and at the one
 * before. `error`: mean squares by which the day and the week were off, and of how many hours. `peak`, `hour`: the height of the
 * hour under way, and which it is, plus 1.
 */
export const weekColumns: readonly ColumnSpec[] = [
  { name: 'week.season', type: 'u32' },
  { name: 'week.error', type: 'f32', length: 3 },
  { name: 'week.peak', type: 'f32' },
  { name: 'week.mean', type: 'f32', length: WEEK_HOURS },
  { name: 'week.odd', type: 'u8', length: 2 * WEEK_HOURS },
  { name: 'week.visits', type: 'u8', length: WEEK_HOURS },
  { name: 'week.spread', type: 'u8', length: WEEK_HOURS },
  { name: 'week.hour', type: 'u8' },
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
