import type { DetectSettings } from './detect-input.ts';
import { isWatched } from './gates.ts';
import { WINDOW } from './state-columns.ts';

/** Distances and steps count from this many usual ones on. */
const USUAL = 3;
/** What lies far out counts so much again by its distance alone: a spike is the entity's more than a lasting change. */
const FAR_SHARE = 0.5;
/** What the series' own score adds, and from where on. */
const SCORE_SHARE = 0.5;
const SCORE_FLOOR = 0.2;
/** A watched thing often starts together with its watching: so long a series counts for less. */
const SETTLED_MS = 10 * 60_000;
/** Most that one metric can say: no one or two of them make an episode of their entity. */
const MOST = 8;

/**
 * Rates a point's course by the logs of how far it exceeds what is usual: its distance from the long-run level, in
 * long-run spreads, and its step, in usual steps, whichever is more, and half the former again.
 *
 * With tails that fall by a power these logs are minus the log of the chance, so those of independent metrics add up.
 */
export function courseExcess(distance: number, step: number): number {
  const far = Math.abs(distance) / USUAL;
  const jump = step / USUAL;
  if (far <= 1 && jump <= 1) return 0;
  const distant = far > 1 ? Math.log(far) : 0;
  return Math.max(distant, jump > 1 ? Math.log(jump) : 0) + FAR_SHARE * distant;
}

/** What is looked at of a point beside its course. */
export interface ExcessReading {
  readonly value: number;
  readonly expected: number;
  readonly score: number;
  readonly confidence: number;
  /** Points of the series before it, their distance, and whether a gap lies between. */
  readonly before: number;
  readonly intervalMs: number;
  readonly gap: boolean;
}

/**
 * Rates how much a point says that something is wrong with its entity, 0 to 8: `courseExcess` and a share of the
 * series' score, by what is known of the series; nothing before a window is full, right after a gap, or where the
 * metric's definition does not care.
 */
export function metricExcess(
  settings: DetectSettings,
  { value, expected, score, confidence, before, intervalMs, gap }: ExcessReading,
  course: number,
): number {
  if (course === 0 && score <= SCORE_FLOOR) return 0;
  if (before < WINDOW || gap || !isWatched(settings, value, expected)) return 0;
  const known = confidence * Math.min(1, (before * intervalMs) / SETTLED_MS);
  const odd = score > SCORE_FLOOR ? SCORE_SHARE * (score - SCORE_FLOOR) : 0;
  return known * Math.min(MOST, course + odd);
}
