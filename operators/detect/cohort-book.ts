import { Cohort, type CohortName, dayOf, knownDayOf, type SavedCohort } from './cohort.ts';
import { WARNING_DAYS } from './tuning.ts';
import type { Peak, Youths } from './youths.ts';

/** Most cohorts of a task: those that began first. */
const MOST_COHORTS = 4096;
/** Siblings that must have grown up before a new series may go by them. */
const LEAST_SIBLINGS = 50;
const CALIBRATED = 1;
/** A youth opens so many times fewer episodes than what is older: it is to add next to none to those that it opens alone. */
const RARER = 5;
const DAY_MS = 86_400_000;

/** What was to be noted of a cohort and was not. */
export interface LeftOut {
  /** It came days behind what is newer. */
  late: number;
  /** There are as many cohorts as a task may have. */
  full: number;
}

/** Of which series, and when, something is asked or told. */
export interface YoungPoint {
  readonly key: string;
  readonly series: string;
  readonly ms: number;
}

/**
 * Remembers how far the series of each cohort went while they were too young to open an episode.
 *
 * New series of a cohort and their siblings before them are alike: the highest score of n youths is passed by the next one
 * once in n + 1 times. The level at which a new series may open an episode lies further up, where it is passed once in
 * `RARER` times `WARNING_DAYS` of youth. A series’ own peak has no part in its level: so two peaks of different series are
 * kept. Scores are not touched.
 *
 * A point goes by what was known at the end of the day before yesterday, by its own time. All that is answered is a
 * function of what was noted of the days up to then, whatever the order, if nothing is noted or asked behind what is a day later.
 */
export class CohortBook {
  readonly #cohorts: Cohort[] = [];
  readonly #numbers = new Map<string, number>();
  /** Whether any cohort has enough siblings: it only ever turns true, so most are spared a look. */
  #anyKnown = false;
  /** The day in which there were too many cohorts for the first time. */
  #fullDay = Number.POSITIVE_INFINITY;
  #isFullSaved = true;
  #leftOut: LeftOut = { late: 0, full: 0 };
  readonly #most: number;

  /** @param most cohorts that may be kept. */
  constructor(most = MOST_COHORTS) {
    this.#most = most;
  }

  /** Whether there is any cohort whose siblings are enough to go by, sooner or later. */
  get speaks(): boolean {
    return this.#anyKnown;
  }

  /** What was left out since this was asked for last. */
  takeLeftOut(): LeftOut {
    const leftOut = this.#leftOut;
    this.#leftOut = { late: 0, full: 0 };
    return leftOut;
  }

  /** Whether the siblings of a new series are enough to go by at a time. */
  knows(key: string, ms: number): boolean {
    return this.#known(key, ms) !== undefined;
  }

  /**
   * Score at which a series that is too young by itself may open an episode; infinite where siblings are too few.
   *
   * @param youthMs how long a youth lasts.
   */
  level({ key, series, ms }: YoungPoint, youthMs: number): number {
    const known = this.#known(key, ms);
    if (known === undefined) return Number.POSITIVE_INFINITY;
    const [highest, next] = known.peaks;
    const others = highest.series === series ? next.score : highest.score;
    return Math.max(CALIBRATED, others) * caution(known.grown, youthMs);
  }

  /** Notes a score that is held back, or would be, for the youth of its series. */
  note({ key, series, ms }: YoungPoint, score: number): void {
    const peak: Peak = { series, score };
    this.#change(key, ms, (cohort, day) => cohort.note(day, peak));
  }

  /** Counts a series whose youth is over. */
  grow(key: string, ms: number): void {
    this.#change(key, ms, (cohort, day) => {
      const isNoted = cohort.grow(day);
      this.#anyKnown ||= cohort.grown >= LEAST_SIBLINGS;
      return isNoted;
    });
  }

  /** Yields the cohorts that changed and were not yielded yet; more may change in between two. */
  *takeChanged(): Generator<readonly [number: number, bytes: Uint8Array]> {
    for (const [number, cohort] of this.#cohorts.entries()) {
      if (!cohort.isDirty) continue;
      cohort.isDirty = false;
      yield [number, Buffer.from(JSON.stringify(cohort.save()))];
    }
  }

  /** The day in which there were too many cohorts, if that changed since it was saved. */
  save(): Uint8Array | undefined {
    if (this.#isFullSaved) return undefined;
    this.#isFullSaved = true;
    return Buffer.from(JSON.stringify(this.#fullDay));
  }

  /** Puts a saved cohort back; numbers may come in any order, and again. */
  restore(number: number, bytes: Uint8Array): void {
    this.#put(number, Cohort.from(JSON.parse(Buffer.from(bytes).toString()) as SavedCohort));
  }

  restoreFull(bytes: Uint8Array): void {
    this.#fullDay = JSON.parse(Buffer.from(bytes).toString()) as number;
  }

  /** What is known of a cohort at a time, if its siblings are enough. */
  #known(key: string, ms: number): Youths | undefined {
    const cohort = this.#cohorts[this.#numbers.get(key) ?? -1];
    const day = knownDayOf(ms);
    if (cohort === undefined || !this.#hasPlace(cohort, day)) return undefined;
    const known = cohort.asOf(day);
    return known !== undefined && known.grown >= LEAST_SIBLINGS ? known : undefined;
  }

  /**
   * Whether a cohort is one of those that began first, as far as can be told at the end of a day.
   *
   * One that began in the day before there were too many, or later, may have been left out at first, by the order in which
   * things came: it counts for nothing.
   */
  #hasPlace(cohort: Cohort, day: number): boolean {
    return day < this.#fullDay || cohort.firstDay < this.#fullDay - 1;
  }

  #change(key: string, ms: number, change: (cohort: Cohort, day: number) => boolean): void {
    const day = dayOf(ms);
    const number = this.#numbers.get(key) ?? this.#begin(key, day);
    const cohort = this.#cohorts[number];
    if (cohort === undefined) this.#leftOut.full += 1;
    else if (change(cohort, day)) cohort.isDirty = true;
    else this.#leftOut.late += 1;
  }

  /** Number of a new cohort; -1 where it has no place, for as many began before it. */
  #begin(key: string, day: number): number {
    const number = this.#cohorts.length < this.#most ? this.#cohorts.length : this.#place(day);
    if (number < 0) return number;
    const [tenant = '', metric = '', metricClass = ''] = JSON.parse(key) as string[];
    this.#put(number, new Cohort({ tenant, metric, metricClass }, day));
    return number;
  }

  /** Place of a cohort that began later, which it loses. */
  #place(day: number): number {
    if (day >= this.#fullDay) return -1;
    let last = 0;
    for (const [number, { firstDay }] of this.#cohorts.entries()) {
      if (firstDay > (this.#cohorts[last] as Cohort).firstDay) last = number;
    }
    const lastDay = (this.#cohorts[last] as Cohort).firstDay;
    this.#fullDay = Math.min(this.#fullDay, Math.max(day, lastDay));
    this.#isFullSaved = false;
    return day < lastDay ? last : -1;
  }

  #put(number: number, cohort: Cohort): void {
    const before = this.#cohorts[number];
    // A name that lost this number may have another by now.
    if (before !== undefined && this.#numbers.get(cohortKey(before.name)) === number)
      this.#numbers.delete(cohortKey(before.name));
    this.#cohorts[number] = cohort;
    this.#numbers.set(cohortKey(cohort.name), number);
    if (cohort.grown >= LEAST_SIBLINGS) this.#anyKnown = true;
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
