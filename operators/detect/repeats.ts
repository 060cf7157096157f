import { YOUNG_POINTS } from './state-columns.ts';

/** A run of repeats is news from this many times the longest one and from so many repeats. */
const LONGER = 1.5;
const LEAST_REPEATS = 5;
const MOST_REPEATS = 255;
const HABIT_MS = 3_600_000;
/** For so many points, and so long, a series must have moved before. */
const LEAST_POINTS = 32;
const MOVED_MS = 600_000;
const MOST_STILLNESS = 20;

/** A series before a point, and the point. */
export interface RepeatReading {
  readonly count: number;
  readonly intervalMs: number;
  readonly grain: number;
  readonly value: number;
  readonly previous: number;
  /** Points in a row that repeated the one before, and most of them that were followed by another value. */
  repeats: number;
  mostRepeats: number;
  /** How rare so long a run is as the one up to the point: -log10 of its chance; 0 up to the most. */
  stillness: number;
}

/**
 * Notes how rare the run of repeats up to a point is: if the longest run of the n points before is of k repeats, another
 * repeat has a chance of about n^(-1/k).
 */
export function lookForRepeats(series: RepeatReading): void {
  series.stillness = 0;
  const { count, grain, value, previous } = series;
  if (count < LEAST_POINTS || grain === 0 || value !== previous) return;
  const beyond = series.repeats + 1 - Math.max(LEAST_REPEATS, LONGER * series.mostRepeats);
  const before = count - series.repeats;
  if (beyond <= 0 || before * series.intervalMs < MOVED_MS) return;
  const rarity = (beyond * Math.log10(before)) / Math.max(1, series.mostRepeats);
  series.stillness = Math.min(MOST_STILLNESS, rarity);
}

/** Learns whether the point is a repeat. */
export function learnRepeats(series: RepeatReading): void {
  if (series.value === series.previous) {
    series.repeats = Math.min(MOST_REPEATS, series.repeats + 1);
    return;
  }
  // A series that is no longer young does not take one long run for its habit.
  const young = series.count < YOUNG_POINTS || series.count * series.intervalMs < HABIT_MS;
  const most = young ? MOST_REPEATS : 2 * series.mostRepeats + 3;
  series.mostRepeats = Math.max(series.mostRepeats, Math.min(most, series.repeats));
  series.repeats = 0;
}
