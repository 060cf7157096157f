import { WARNING_DAYS } from './tuning.ts';

/** Most cohorts of a task; a further one takes the place of the one that nothing was heard of for longest. */
const MOST_COHORTS = 4096;
/** Siblings that must have grown up before a new series may go by them. */
const LEAST_SIBLINGS = 50;
/** What the youths of siblings showed is halved in so many further ones. */
const HALF_LIFE_YOUTHS = 1024;
const FADED = 2 ** (-1 / HALF_LIFE_YOUTHS);
const CALIBRATED = 1;
/** A youth opens so many times fewer episodes than what is older: it is to add next to none to those that it opens alone. */
const RARER = 5;
const DAY_MS = 86_400_000;

/** What makes series siblings. */
export interface CohortName {
  readonly tenant: string;
  readonly metric: string;
  /** As the definition says, not as the values look. */
  readonly metricClass: string;
}

/** The highest score that was held back of a series for its youth; '' and 0 for none. */
interface Peak {
  readonly series: string;
  readonly score: number;
}

interface SavedCohort extends CohortName {
  /** Siblings whose youth is over. */
  readonly siblings: number;
  /** The highest peaks of two different series, the higher one first. */
  readonly peaks: readonly [Peak, Peak];
  /** Its place in the order in which cohorts changed last. */
  readonly change: number;
}

type Cohort = { -readonly [Key in keyof SavedCohort]: SavedCohort[Key] } & { dirty: boolean };

const none: Peak = { series: '', score: 0 };

/**
 * Remembers how far the series of each cohort went while they were too young to open an episode.
 *
 * New series of a cohort and their siblings before them are alike: the highest score of n youths is passed by the next one
 * once in n + 1 times. The level at which a new series may open an episode lies further up, where it is passed once in
 * `RARER` times `WARNING_DAYS` of youth. A series’ own peak has no part in its level: so two peaks of different series are
 * kept. Scores are not touched.
 */
export class CohortBook {
  readonly #cohorts: Cohort[] = [];
  readonly #numbers = new Map<string, number>();
  /** Whether any cohort has enough siblings: it only ever turns true, so most are spared a look. */
  #anyKnown = false;
  #changes = 0;
  #evicted = 0;

  /** Whether there is any cohort whose siblings are enough to go by. */
  get speaks(): boolean {
    return this.#anyKnown;
  }

  /** Cohorts that lost their place since this was asked for last. */
  takeEvicted(): number {
    const evicted = this.#evicted;
    this.#evicted = 0;
    return evicted;
  }

  /** Whether the siblings of a new series are enough to go by. */
  knows(key: string): boolean {
    return (this.#find(key)?.siblings ?? 0) >= LEAST_SIBLINGS;
  }

  /**
   * Score at which a series that is too young by itself may open an episode; infinite where siblings are too few.
   *
   * @param youthMs how long a youth lasts.
   */
  level(key: string, series: string, youthMs: number): number {
    const cohort = this.#find(key);
    if (cohort === undefined || cohort.siblings < LEAST_SIBLINGS) return Number.POSITIVE_INFINITY;
    const [highest, next] = cohort.peaks;
    const others = highest.series === series ? next.score : highest.score;
    return Math.max(CALIBRATED, others) * caution(cohort.siblings, youthMs);
  }

  /** Notes a score that is held back, or would be, for the youth of its series. */
  note(key: string, series: string, score: number): void {
    const cohort = this.#take(key);
    const [highest, next] = cohort.peaks;
    const peak: Peak = { series, score };
    if (highest.series === series) {
      if (score > highest.score) cohort.peaks = [peak, next];
    } else if (score > highest.score) cohort.peaks = [peak, highest];
    else if (score > next.score) cohort.peaks = [highest, peak];
  }

  /** Counts a series whose youth is over. */
  grow(key: string): void {
    const cohort = this.#take(key);
    const [highest, next] = cohort.peaks;
    cohort.siblings += 1;
    cohort.peaks = [faded(highest), faded(next)];
    if (cohort.siblings >= LEAST_SIBLINGS) this.#anyKnown = true;
  }

  /** Yields the cohorts that changed and were not yielded yet; more may change in between two. */
  *takeChanged(): Generator<readonly [number: number, bytes: Uint8Array]> {
    for (const [number, cohort] of this.#cohorts.entries()) {
      if (!cohort.dirty) continue;
      cohort.dirty = false;
      const { dirty: _, ...saved } = cohort;
      yield [number, Buffer.from(JSON.stringify(saved satisfies SavedCohort))];
    }
  }

  /** Puts a saved cohort back; numbers may come in any order, and again. */
  restore(number: number, bytes: Uint8Array): void {
    const saved = JSON.parse(Buffer.from(bytes).toString()) as SavedCohort;
    this.#put(number, { ...saved, dirty: false });
    this.#changes = Math.max(this.#changes, saved.change);
  }

  #find(key: string): Cohort | undefined {
    return this.#cohorts[this.#numbers.get(key) ?? -1];
  }

  /** The cohort of a name, which it then has; it is about to change. */
  #take(key: string): Cohort {
    const number = this.#numbers.get(key) ?? this.#begin(key);
    const cohort = this.#cohorts[number] as Cohort;
    this.#changes += 1;
    cohort.change = this.#changes;
    cohort.dirty = true;
    return cohort;
  }

  #begin(key: string): number {
    const [tenant = '', metric = '', metricClass = ''] = JSON.parse(key) as string[];
    const number = this.#cohorts.length < MOST_COHORTS ? this.#cohorts.length : this.#oldest();
    this.#put(number, {
      ...{ tenant, metric, metricClass },
      siblings: 0,
      peaks: [none, none],
      change: 0,
      dirty: true,
    });
    return number;
  }

  #oldest(): number {
    let oldest = 0;
    for (const [number, { change }] of this.#cohorts.entries()) {
      if (change < (this.#cohorts[oldest] as Cohort).change) oldest = number;
    }
    this.#evicted += 1;
    return oldest;
  }

  #put(number: number, cohort: Cohort): void {
    const before = this.#cohorts[number];
    // A name that lost this number may have another by now.
    if (before !== undefined && this.#numbers.get(cohortKey(before)) === number)
      this.#numbers.delete(cohortKey(before));
    this.#cohorts[number] = cohort;
    this.#numbers.set(cohortKey(cohort), number);
    if (cohort.siblings >= LEAST_SIBLINGS) this.#anyKnown = true;
  }
}

/** One text for a cohort. */
export function cohortKey({ tenant, metric, metricClass }: CohortName): string {
  return JSON.stringify([tenant, metric, metricClass]);
}

/**
 * Returns how far beyond the highest of n youths a score must lie to come once in `RARER` times `WARNING_DAYS` of them.
 *
 * Scores fall off exponentially: the highest of n lies at ln(n), and one that comes once in m at ln(m).
 */
function caution(siblings: number, youthMs: number): number {
  const youths = (RARER * WARNING_DAYS * DAY_MS) / youthMs;
  return 1 + Math.max(0, Math.log(youths / siblings)) / Math.log(siblings + 1);
}

function faded({ series, score }: Peak): Peak {
  return { series, score: score * FADED };
}
