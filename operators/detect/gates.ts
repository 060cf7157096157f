import type { DetectSettings } from './detect-input.ts';

/** What the gates look at. `span` is the distance between the extremes known before the point. */
export interface GateReading {
  value: number;
  expected: number;
  span: number;
}

/**
 * Tells whether a metric's definition lets an episode open at a point. Scores are never gated.
 *
 * `minRel` is held against the size of the expected value, or against the series' span where that is less: a share of
 * the value says nothing of a series that moves by 1 about 10^12.
 */
export function mayOpen(settings: DetectSettings, reading: GateReading): boolean {
  const { value, expected, span } = reading;
  const distance = value - expected;
  if (settings.direction === 'up' && distance <= 0) return false;
  if (settings.direction === 'down' && distance >= 0) return false;
  if (settings.dataMin !== null && value < settings.dataMin) return false;
  if (settings.dataMax !== null && value > settings.dataMax) return false;
  const size = Math.abs(distance);
  if (size < settings.minAbs) return false;
  return size >= settings.minRel * Math.min(Math.abs(expected), span);
}

/** Returns the factor that a sensitivity puts on scores: 1 at 0.85, more above it. */
export function sensitivityFactor(sensitivity: number): number {
  return Math.log(1 - sensitivity) / Math.log(0.15);
}
