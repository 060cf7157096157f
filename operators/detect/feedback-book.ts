import { classNames } from '../../models/metric-class.ts';
import {
  type FeedbackMark,
  type FeedbackStretch,
  openingLevel,
  stretchAt,
} from './feedback-level.ts';
import type { FeedbackOptions } from './feedback-options.ts';

/** Most marks of a cohort, and most cohorts of a task. */
const MOST_MARKS = 500;
const MOST_COHORTS = 5000;

/** The levels of a series of which nobody spoke: 1 for every class. */
export const calibratedLevels = new Float64Array(classNames.length).fill(1);

/** What became of a mark. */
export type MarkOutcome = 'taken' | 'known' | 'stale' | 'full';

interface Cohort {
  readonly tenant: string;
  readonly metric: string;
  marks: FeedbackMark[];
  /** The last stretch asked for, and the levels asked for in it, by series. */
  stretch: FeedbackStretch | undefined;
  readonly levels: Map<string, Float64Array>;
  dirty: boolean;
}

interface SavedCohort {
  readonly tenant: string;
  readonly metric: string;
  readonly marks: readonly FeedbackMark[];
}

/**
 * Remembers what people said of the anomalies of each tenant's metrics, and gives the opening level that follows from it.
 *
 * The level at a time follows from the set of marks alone, in whatever order they came. Learned state has no part in it:
 * a mark that is taken back leaves nothing behind.
 */
export class FeedbackBook {
  readonly #options: FeedbackOptions;
  readonly #cohorts: Cohort[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #tenants = new Set<string>();

  constructor(options: FeedbackOptions) {
    this.#options = options;
  }

  /** Cohorts so far; they are never given up. */
  get cohorts(): number {
    return this.#cohorts.length;
  }

  /** Whether anything was ever said of a tenant's series. */
  speaksOf(tenant: string): boolean {
    return this.#tenants.has(tenant);
  }

  /** Number of the cohort of a metric, or -1. */
  numberOf(tenant: string, metric: string): number {
    return this.#numbers.get(keyOf(tenant, metric)) ?? -1;
  }

  /** When a mark that acts from then on is forgotten. @param expiresMs as its author wishes; null: as long as may be. */
  endMs(fromMs: number, expiresMs: number | null): number {
    return Math.min(expiresMs ?? Number.MAX_SAFE_INTEGER, fromMs + this.#options.maxAgeMs);
  }

  /** Takes a mark in, once. */
  take(tenant: string, metric: string, mark: FeedbackMark): MarkOutcome {
    const cohort = this.#cohort(tenant, metric);
    if (cohort === undefined) return 'full';
    const newestMs = cohort.marks.reduce((ms, each) => Math.max(ms, each.fromMs), mark.fromMs);
    if (mark.endMs <= newestMs) return 'stale';
    if (cohort.marks.some(({ id }) => id === mark.id)) return 'known';
    const marks = cohort.marks.filter(({ endMs }) => endMs > newestMs);
    if (marks.length >= MOST_MARKS) return 'full';
    // Sums must not depend on the order in which marks came.
    cohort.marks = [...marks, mark].sort((a, b) => a.fromMs - b.fromMs || (a.id < b.id ? -1 : 1));
    cohort.dirty = true;
    cohort.stretch = undefined;
    return 'taken';
  }

  /** The score at which an episode of a series of a cohort opens at a time, by class: a place for each of `classNames`. */
  levels(number: number, series: string, atMs: number): Float64Array {
    const cohort = this.#cohorts[number];
    const stretch = this.#stretch(cohort, atMs);
    if (cohort === undefined || stretch === undefined) return calibratedLevels;
    // Series of which nothing was said share theirs.
    const key = stretch.acting.some(({ mark }) => mark.series === series) ? series : '';
    const known = cohort.levels.get(key);
    if (known !== undefined) return known;
    const levels = Float64Array.from(classNames, (metricClass) =>
      openingLevel(stretch, metricClass, series, this.#options),
    );
    cohort.levels.set(key, levels);
    return levels;
  }

  /** Until when the levels of a cohort at a time hold. */
  untilMs(number: number, atMs: number): number {
    return this.#stretch(this.#cohorts[number], atMs)?.toMs ?? Number.POSITIVE_INFINITY;
  }

  /** Yields the cohorts that changed and were not yielded yet; more may change in between two. */
  *takeChanged(): Generator<readonly [number: number, bytes: Uint8Array]> {
    for (const [number, cohort] of this.#cohorts.entries()) {
      if (!cohort.dirty) continue;
      cohort.dirty = false;
      const { tenant, metric, marks } = cohort;
      const saved: SavedCohort = { tenant, metric, marks };
      yield [number, Buffer.from(JSON.stringify(saved))];
    }
  }

  /** Puts a saved cohort back; numbers may come in any order, and again. */
  restore(number: number, bytes: Uint8Array): void {
    const { tenant, metric, marks } = JSON.parse(Buffer.from(bytes).toString()) as SavedCohort;
    this.#put(number, tenant, metric, [...marks]);
  }

  #stretch(cohort: Cohort | undefined, atMs: number): FeedbackStretch | undefined {
    if (cohort === undefined) return undefined;
    const { stretch: known } = cohort;
    if (known !== undefined && known.fromMs <= atMs && atMs < known.toMs) return known;
    cohort.levels.clear();
    cohort.stretch = stretchAt(cohort.marks, atMs, this.#options);
    return cohort.stretch;
  }

  #cohort(tenant: string, metric: string): Cohort | undefined {
    const number = this.numberOf(tenant, metric);
    if (number >= 0) return this.#cohorts[number];
    if (this.#cohorts.length >= MOST_COHORTS) return undefined;
    return this.#put(this.#cohorts.length, tenant, metric, []);
  }

  #put(number: number, tenant: string, metric: string, marks: FeedbackMark[]): Cohort {
    const cohort: Cohort = {
      ...{ tenant, metric, marks },
      stretch: undefined,
      levels: new Map(),
      dirty: false,
    };
    this.#cohorts[number] = cohort;
    this.#numbers.set(keyOf(tenant, metric), number);
    this.#tenants.add(tenant);
    return cohort;
  }
}

function keyOf(tenant: string, metric: string): string {
  return JSON.stringify([tenant, metric]);
}
