/** What the youths of siblings showed is halved in so many further ones. */
const HALF_LIFE_YOUTHS = 1024;

/** The highest score that was held back of a series for its youth; '' and 0 for none. */
export interface Peak {
  readonly series: string;
  readonly score: number;
}

/** What is remembered of the youths of some series, in whatever order they were. */
export interface Youths {
  /** Series whose youth is over. */
  readonly grown: number;
  /** The highest peaks of two different series, the higher one first. */
  readonly peaks: readonly [Peak, Peak];
}

const none: Peak = { series: '', score: 0 };

/** Youths of no series. */
export const noYouths: Youths = { grown: 0, peaks: [none, none] };

/** Adds a series whose youth is over. */
export function withGrown({ grown, peaks }: Youths): Youths {
  return { grown: grown + 1, peaks };
}

/** Adds a score that a series was held back at. */
export function withPeak({ grown, peaks }: Youths, peak: Peak): Youths {
  return { grown, peaks: highest([...peaks, peak]) };
}

/** Puts later youths together with those before, which fade by them. */
export function followedBy(before: Youths, later: Youths): Youths {
  const kept = 2 ** (-later.grown / HALF_LIFE_YOUTHS);
  const faded = before.peaks.map(({ series, score }) => ({ series, score: score * kept }));
  return { grown: before.grown + later.grown, peaks: highest([...faded, ...later.peaks]) };
}

/** The highest of all peaks, and the highest of those of other series; of equal ones any will do. */
function highest(peaks: Peak[]): [Peak, Peak] {
  const ordered = peaks.sort((a, b) => b.score - a.score);
  const [first = none] = ordered;
  return [first, ordered.find(({ series }) => series !== first.series) ?? none];
}
