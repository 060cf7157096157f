import type { FeaturePass } from './feature-pass.ts';
import { ratioOfRecords } from './leap-watch.ts';
import { type DetectTuning, WARNING_DAYS } from './tuning.ts';

/** Leaps and repeats say nothing before: a watched thing often starts together with its watching. */
const SUDDEN_MS = 10 * 60_000;
/** Short bursts are to be expected of a series until it was watched for so long; longer intervals do not show them. */
const BURST_MS = 57_000;
const BURSTS_KNOWN_MS = 3_600_000;

/** What is rated of a point, and where it goes. */
export interface SuddenReading {
  point: number;
  /** Points of the series before this one, and their distance. */
  before: number;
  intervalMs: number;
  /** Score of its leap or run of repeats by itself. */
  sudden: number;
  /** Whether the values stand still as they never did. */
  flat: boolean;
  /** Whether it leaps upwards where that may be the first of its bursts: then it opens no episode by itself. */
  burst: boolean;
  /** Its leap where that has score 1 by itself, else 0. */
  leap: number;
}

/** Rates the leap and the run of repeats up to a point, apart from the members: their rate owes nothing to the interval. */
export function rateSudden(reading: SuddenReading, pass: FeaturePass, tuning: DetectTuning): void {
  reading.sudden = 0;
  reading.flat = false;
  reading.leap = 0;
  reading.burst = false;
  const { point, before } = reading;
  if (before * reading.intervalMs < SUDDEN_MS) return;
  const known = before / (before + tuning.suddenPoints);
  const still = (known * (pass.stillness[point] as number)) / tuning.stillRarity;
  const leap = leapScore(reading, pass, tuning);
  reading.flat = still >= 1;
  if (leap >= 1) reading.leap = pass.leap[point] as number;
  reading.sudden = Math.max(still, leap);
}

function leapScore(reading: SuddenReading, pass: FeaturePass, tuning: DetectTuning): number {
  const { point, before, intervalMs } = reading;
  const record = pass.record[point] as number;
  if (record <= 0) return 0;
  const up = (pass.leap[point] as number) > 0;
  reading.burst = up && intervalMs < BURST_MS && before * intervalMs < BURSTS_KNOWN_MS;
  const ratio = ratioOfRecords(before, intervalMs, WARNING_DAYS);
  return record / Math.log(Math.max(tuning.recordRatio, ratio));
}
