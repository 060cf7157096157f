import { isInWeeklyHours } from '../weekly-hours.ts';
import type { DetectSettings, SuppressionRule } from './detect-input.ts';

/** Why a point opens no episode although its score and the gates would have it. */
export type SuppressionCode = 'SUPPRESSION_RULE' | 'MAINTENANCE';

/** What suppression looks at. */
export interface SuppressedReading {
  readonly ms: number;
  readonly value: number;
  readonly expected: number;
}

/** Tells what in a metric’s definition keeps an episode from opening at a point; undefined when nothing does. */
export function suppressedBy(
  settings: DetectSettings,
  { ms, value, expected }: SuppressedReading,
): SuppressionCode | undefined {
  if (settings.suppress.some((rule) => covers(rule, value - expected, expected)))
    return 'SUPPRESSION_RULE';
  const { maintenance, maintenanceHours, clock } = settings;
  const isPlanned = maintenance.some(({ fromMs, toMs }) => ms >= fromMs && ms < toMs);
  if (isPlanned || isInWeeklyHours(maintenanceHours, clock, ms)) return 'MAINTENANCE';
  return undefined;
}

/** A rule covers a distance on its side that is within every limit it has. */
function covers(
  { direction, within, withinRel }: SuppressionRule,
  distance: number,
  expected: number,
): boolean {
  if (direction === 'up' && distance <= 0) return false;
  if (direction === 'down' && distance >= 0) return false;
  const size = Math.abs(distance);
  if (within !== null && size > within) return false;
  return withinRel === null || size <= withinRel * Math.abs(expected);
}
