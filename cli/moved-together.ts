import { type Course, usualDeviation } from './nearest-window.ts';

/** How another series moved while an episode lasted. */
export interface Movement {
  /** Farthest value in usual deviations from the middle of the values before; negative: below it. */
  readonly deviations: number;
  readonly before: number;
  readonly farthest: number;
  /** When it first was far out, against the start of the episode: negative if it was earlier. */
  readonly lagMs: number;
}

/** Points before the episode that are needed to tell what is usual. */
const LEAST_BEFORE = 8;
/** Deviations from which a series counts as moved, and the most that are told. */
const MOVED = 6;
const MOST = 99;

/**
 * Tells whether a series moved together with an episode, and how; undefined where it did not, or too little is known.
 *
 * @param course the series a while before the episode and while it lasted. @param time from how long before the start
 *   of the episode, and until when, a movement counts.
 */
export function movedTogether(
  { timestamps, values }: Course,
  {
    startMs,
    leadMs,
    untilMs,
  }: { readonly startMs: number; readonly leadMs: number; readonly untilMs: number },
): Movement | undefined {
  const first = timestamps.findIndex((ms) => ms >= startMs - leadMs);
  if (first < LEAST_BEFORE) return undefined;
  const { middle, spread } = usualDeviation(values.slice(0, first));
  let farthest = first;
  let moved = -1;
  for (let i = first; i < values.length && (timestamps[i] ?? 0) <= untilMs; i++) {
    const off = Math.abs((values[i] ?? 0) - middle);
    if (off > Math.abs((values[farthest] ?? 0) - middle)) farthest = i;
    if (moved < 0 && off >= MOVED * spread) moved = i;
  }
  if (moved < 0) return undefined;
  const value = values[farthest] ?? 0;
  const deviations = Math.min(MOST, Math.max(-MOST, (value - middle) / spread));
  return {
    deviations,
    before: middle,
    farthest: value,
    lagMs: (timestamps[moved] ?? startMs) - startMs,
  };
}
