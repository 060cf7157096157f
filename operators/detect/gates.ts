import type { DetectSettings } from './detect-input.ts';

/** A share of the value says nothing of a series that moves by 1 about 10^12: so much more of its span will do. */
const SPAN_SHARES = 1.5;
/** A larger `minRel` than this was meant as it stands. */
const LENIENT = 0.2;
/** After so many points over so long of one value any other is news; before, none is. */
const CONSTANT_POINTS = 200;
const CONSTANT_MS = 3_600_000;
/** A series of few distinct values must move by more than the least step it makes. */
const GRAINS = 2;

/** What the gates look at: `span` is the distance of the extremes known before, `grain` the least step seen. */
export interface GateReading {
  value: number;
  expected: number;
  span: number;
  grain: number;
  /** The leap to the point where that is news by itself, else 0: it is held against the gates if it is the larger. */
  leap: number;
  /** Points of the series before this one, and their distance. */
  before: number;
  intervalMs: number;
  /** Whether the values stand still as they never did: then no distance is asked for. */
  flat: boolean;
}

/**
 * Tells whether a metric's definition lets an episode open at a point. Scores are never gated.
 *
 * `minRel` is held against the size of the expected value; 1.5 times that share (0.3 by
 * default) of all the room that the series has used will do as well, unless the definition asks for more than
 * the default.
 */
export function mayOpen(settings: DetectSettings, reading: GateReading): boolean {
  const { value, expected, span, grain, flat, before, leap } = reading;
  const off = value - expected;
  const distance = Math.abs(leap) > Math.abs(off) ? leap : off;
  if (flat && settings.direction === 'both') return withinRange(settings, value);
  if (!isWatched(settings, value, expected)) return false;
  const size = Math.abs(distance);
  if (size < settings.minAbs) return false;
  const wide = size >= settings.minRel * Math.abs(expected);
  if (span === 0 && (wide || settings.minRel <= LENIENT)) {
    return before >= CONSTANT_POINTS && before * reading.intervalMs >= CONSTANT_MS;
  }
  if (wide) return true;
  if (settings.minRel > LENIENT) return false;
  return size >= Math.max(SPAN_SHARES * settings.minRel * span, GRAINS * grain);
}

/** Tells whether a metric's definition cares for a value: on its side of the expected one and plausible. */
export function isWatched(settings: DetectSettings, value: number, expected: number): boolean {
  if (settings.direction === 'up' && value <= expected) return false;
  if (settings.direction === 'down' && value >= expected) return false;
  return withinRange(settings, value);
}

function withinRange({ dataMin, dataMax }: DetectSettings, value: number): boolean {
  return (dataMin === null || value >= dataMin) && (dataMax === null || value <= dataMax);
}

/** Returns the factor that a sensitivity puts on scores: 1 at 0.85, more above it. */
export function sensitivityFactor(sensitivity: number): number {
  return Math.log(1 - sensitivity) / Math.log(0.15);
}
