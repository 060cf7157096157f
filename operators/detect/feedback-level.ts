import type { FeedbackOptions } from './feedback-options.ts';

/** What a person said of an anomaly, or of a series; `WITHDRAWN` takes back what was said before. */
export type FeedbackVerdict = 'FALSE_ALARM' | 'MISSED' | 'TRUE_ALARM' | 'WITHDRAWN';

/** What was said of one subject, and from when it acts. */
export interface FeedbackMark {
  /** Id of the command, hex. */
  readonly id: string;
  /** Id of the anomaly or series that it speaks of: the newest mark of a subject is the one that counts. */
  readonly subject: string;
  /** Id of the series, hex. */
  readonly series: string;
  /** Null for what is said of a series as such: it counts for every class of its cohort. */
  readonly class: string | null;
  readonly verdict: FeedbackVerdict;
  /** Highest score of the anomaly; 0 where nothing was told. */
  readonly peakScore: number;
  /** Event time in which it acts, `[fromMs, endMs)`. */
  readonly fromMs: number;
  readonly endMs: number;
}

/** A mark that acts, and what it counts for at its age: 1 when new. */
interface WeighedMark {
  readonly mark: FeedbackMark;
  readonly weight: number;
}

/** A time in which a cohort's marks act as they do at its beginning. */
export interface FeedbackStretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly acting: readonly WeighedMark[];
}

/** What a missed fault asks for: its score is not known. */
const MISSED_BELOW = -0.5;
const DAY_MS = 86_400_000;
const CALIBRATED = 1;

/**
 * Picks the marks that act at a time.
 *
 * Of each subject the newest mark counts. Weights halve with age, by whole UTC days: so they change once a day, at the
 * same moment for all.
 */
export function stretchAt(
  marks: readonly FeedbackMark[],
  atMs: number,
  { halfLifeMs }: FeedbackOptions,
): FeedbackStretch {
  const day = Math.floor(atMs / DAY_MS);
  const newest = new Map<string, FeedbackMark>();
  for (const mark of marks) {
    if (mark.fromMs <= atMs && supersedes(mark, newest.get(mark.subject)))
      newest.set(mark.subject, mark);
  }
  const acting: WeighedMark[] = [];
  for (const mark of newest.values()) {
    if (mark.endMs <= atMs || mark.verdict === 'WITHDRAWN') continue;
    const ageDays = day - Math.floor(mark.fromMs / DAY_MS);
    acting.push({ mark, weight: 2 ** ((-ageDays * DAY_MS) / halfLifeMs) });
  }
  return { ...timeWithoutEdges(marks, atMs), acting };
}

/** The part of a UTC day around a time in which no mark begins or ends. */
function timeWithoutEdges(
  marks: readonly FeedbackMark[],
  atMs: number,
): { fromMs: number; toMs: number } {
  let fromMs = Math.floor(atMs / DAY_MS) * DAY_MS;
  let toMs = fromMs + DAY_MS;
  for (const edgeMs of marks.flatMap((mark) => [mark.fromMs, mark.endMs])) {
    if (edgeMs <= atMs) fromMs = Math.max(fromMs, edgeMs);
    else toMs = Math.min(toMs, edgeMs);
  }
  return { fromMs, toMs };
}

/**
 * Returns the score at which an episode of a series opens, 1 without marks.
 *
 * The mean of what the marks on its class ask for, of which `caution` more ask for 1; the series' own, of whatever class,
 * count `ownWeight`-fold. It never rises above `highestLevel`, nor above what a useful anomaly of the series reached, and
 * never falls below `lowestLevel`. Source: shrinkage towards a prior, as with a conjugate mean.
 */
export function openingLevel(
  { acting }: FeedbackStretch,
  metricClass: string,
  series: string,
  { caution, ownWeight, highestLevel, lowestLevel }: FeedbackOptions,
): number {
  let total = caution;
  let push = 0;
  let ceiling = highestLevel;
  for (const { mark, weight } of acting) {
    const isOwn = mark.series === series;
    if (!isOwn && mark.class !== null && mark.class !== metricClass) continue;
    const counts = isOwn ? ownWeight * weight : weight;
    total += counts;
    push += counts * askedBy(mark, highestLevel);
    if (isOwn && mark.verdict === 'TRUE_ALARM')
      ceiling = Math.min(ceiling, Math.max(CALIBRATED, mark.peakScore));
  }
  return Math.max(lowestLevel, Math.min(CALIBRATED + push / total, ceiling));
}

/** Later marks of a subject stand for earlier ones; of two at the same time the one with the greater id. */
function supersedes(mark: FeedbackMark, known: FeedbackMark | undefined): boolean {
  if (known === undefined || mark.fromMs > known.fromMs) return true;
  return mark.fromMs === known.fromMs && mark.id > known.id;
}

/** How far above the calibrated level, or below it, a mark asks the level to be: no further than it may go. */
function askedBy({ verdict, peakScore }: FeedbackMark, highestLevel: number): number {
  if (verdict === 'MISSED') return MISSED_BELOW;
  if (verdict === 'TRUE_ALARM') return 0;
  return Math.max(0, Math.min(peakScore, highestLevel) - CALIBRATED);
}
