import type { SeriesContext } from '../../schemas/generated/series-context.ts';
import type { Season } from './calendar.ts';

/** Tiers of a series by number: what it is, its times of day, its hours of the week. */
export const seriesTiers = ['T0', 'T1', 'T2'] as const;

/** A season profile is begun after this many points and this much time. */
const SEASON_POINTS = 24;
const SEASON_MS = 3_600_000;
/** Longer intervals than this have no hours to tell apart. */
const SEASON_INTERVAL_MS = 2 * 3_600_000;
/** The hours of a week are told apart once those of a day are known. */
const WEEK_MS = 86_400_000;

const seasons = { NONE: 'none', DAILY: 'daily', WEEKLY: 'weekly' } as const;

/**
 * Returns how far the series of a metric may rise: as its definition says, else to the top for business figures and
 * service indicators, whose weeks people plan by, and as `otherwise` for all others.
 */
export function allowedSeason(
  { season, metricType }: Pick<SeriesContext, 'season' | 'metricType'>,
  otherwise: Season,
): Season {
  if (season !== 'UNKNOWN') return seasons[season];
  return metricType === 'BUSINESS_KPI' || metricType === 'SLI' ? 'weekly' : otherwise;
}

/** What decides how far a series has risen. */
export interface TierReading {
  /** How far its definition lets it. */
  readonly allowed: Season;
  /** Points so far, and their distance. */
  readonly count: number;
  readonly intervalMs: number;
  /** Least step other than none that it has made, or 0. */
  readonly grain: number;
}

/**
 * Returns the tier that a series has earned: every one has T0; T1 what has hours to tell apart, which a value that has
 * never changed has not; T2 what also is told to have weekdays, after a day.
 */
export function earnedTier({ allowed, count, intervalMs, grain }: TierReading): 0 | 1 | 2 {
  const ageMs = count * intervalMs;
  if (count < SEASON_POINTS || ageMs < SEASON_MS || allowed === 'none') return 0;
  if (grain === 0 || intervalMs > SEASON_INTERVAL_MS) return 0;
  return allowed === 'weekly' && ageMs >= WEEK_MS ? 2 : 1;
}
