import { folded } from './folded.ts';
import { LookupTable } from './lookup-table.ts';
import { remainder } from './season-profile.ts';
import type { SeriesTracker } from './series-tracker.ts';

/** Inputs of the forecast model per point. */
export const FORECAST_WIDTH = 16;

const DAY_MS = 86_400_000;
/** Sine by turns; a quarter further on it is the cosine. */
const sineOfTurn = new LookupTable((turns) => Math.sin(2 * Math.PI * turns), 0, 1.25, 1024);
const SMALL = 0.02;

/**
 * Writes what the forecast knows of a point before it comes: trend, season, time of day, kind of day, usual spread.
 *
 * Distances are from the slow level in the series' long-run spread. The latest values are left out on purpose: a
 * forecast that follows them explains an anomaly away one point after it began. Unknown seasons are zeros with both
 * readiness inputs at 0.
 */
export function writeForecastFeatures(tracker: SeriesTracker, out: Float32Array, at: number): void {
  const { spread, slow } = tracker;
  const inverse = 1 / spread;
  const known = tracker.seasonVisits > 0;
  out[at] = Math.min(1, tracker.seasonVisits / 4);
  out[at + 1] = Math.min(1, tracker.seasonVisits / 20);
  out[at + 2] = known ? held((tracker.season - tracker.lift - slow) * inverse) : 0;
  out[at + 3] = known ? held(tracker.seasonOffset * inverse) : 0;
  out[at + 4] = known ? Math.log(Math.max(tracker.seasonSpread * inverse, SMALL)) : 0;
  const turns = remainder(tracker.localMs, DAY_MS) / DAY_MS;
  const sine = sineOfTurn.at(turns);
  const cosine = sineOfTurn.at(turns + 0.25);
  out[at + 5] = sine;
  out[at + 6] = cosine;
  out[at + 7] = 2 * sine * cosine;
  out[at + 8] = cosine * cosine - sine * sine;
  out[at + 9] = tracker.slot >= 24 ? 1 : 0;
  out[at + 10] = held(tracker.drift * inverse);
  out[at + 11] = folded((tracker.high - slow) * inverse);
  out[at + 12] = folded((slow - tracker.low) * inverse);
  out[at + 13] = Math.log(Math.max(tracker.slowStep * inverse, SMALL));
  out[at + 14] = 0.2 * Math.log(Math.max(1, tracker.intervalMs) / 60_000);
  out[at + 15] = Math.min(1, tracker.count / 1000);
}

function held(distance: number): number {
  return Math.min(8, Math.max(-8, distance));
}
