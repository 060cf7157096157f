import { followedBy, noYouths, type Peak, withGrown, withPeak, type Youths } from './youths.ts';

const DAY_MS = 86_400_000;
/** A point goes by what is complete: the days before the day before its own. */
const DAYS_BACK = 2;
/** Days that are kept apart, the newest among them: a point may lie a day behind it, and goes by what was two days before. */
const DAYS_APART = 3;

/** What makes series siblings. */
export interface CohortName {
  readonly tenant: string;
  readonly metric: string;
  /** As the definition says, not as the values look. */
  readonly metricClass: string;
}

export interface SavedCohort extends CohortName {
  readonly firstDay: number;
  readonly newestDay: number;
  readonly before: Youths;
  readonly days: readonly (readonly [day: number, youths: Youths])[];
}

/** Number of the UTC day that a time belongs to. */
export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}

/** The last day of whose youths a point may know: what comes later than a day after its time may still be on its way. */
export function knownDayOf(ms: number): number {
  return dayOf(ms) - DAYS_BACK;
}

/**
 * The youths of one cohort, by the UTC day in which they showed.
 *
 * Days are kept apart until no point that is asked about may lie before them, and then put together, one after the other.
 * So what was known at the end of a day does not depend on the order in which things were noted, as long as nothing is
 * noted behind what is a day or more later.
 */
export class Cohort {
  readonly name: CohortName;
  /** The first day of which anything was noted. */
  firstDay: number;
  /** Whether it changed since it was saved; the owner’s. */
  isDirty = false;
  #newestDay: number;
  /** Days before those kept apart, together. */
  #before = noYouths;
  readonly #days = new Map<number, Youths>();
  /** The day asked for last, and the answer, as long as nothing is noted: young series ask at every point. */
  #askedDay = Number.NaN;
  #answer = noYouths;

  constructor(name: CohortName, day: number) {
    this.name = name;
    this.firstDay = day;
    this.#newestDay = day;
  }

  static from({ tenant, metric, metricClass, ...saved }: SavedCohort): Cohort {
    const cohort = new Cohort({ tenant, metric, metricClass }, saved.firstDay);
    cohort.#newestDay = saved.newestDay;
    cohort.#before = saved.before;
    for (const [day, youths] of saved.days) cohort.#days.set(day, youths);
    return cohort;
  }

  /** Series that have grown up, those of the last days too. */
  get grown(): number {
    let grown = this.#before.grown;
    for (const youths of this.#days.values()) grown += youths.grown;
    return grown;
  }

  /** Notes a score that was held back, or would have been; returns false if that comes days too late. */
  note(day: number, peak: Peak): boolean {
    return this.#change(day, (youths) => withPeak(youths, peak));
  }

  /** Counts a series whose youth is over; returns false if that comes days too late. */
  grow(day: number): boolean {
    return this.#change(day, withGrown);
  }

  /** What was known at the end of a day; `undefined` for days that are no longer kept apart. */
  asOf(day: number): Youths | undefined {
    if (day < this.#newestDay - DAYS_APART) return undefined;
    if (day !== this.#askedDay) this.#answer = this.#until(day);
    this.#askedDay = day;
    return this.#answer;
  }

  save(): SavedCohort {
    const days = [...this.#days].sort(([a], [b]) => a - b);
    const { firstDay } = this;
    return { ...this.name, firstDay, newestDay: this.#newestDay, before: this.#before, days };
  }

  #change(day: number, change: (youths: Youths) => Youths): boolean {
    if (day <= this.#newestDay - DAYS_APART) return false;
    this.#askedDay = Number.NaN;
    this.firstDay = Math.min(this.firstDay, day);
    this.#days.set(day, change(this.#days.get(day) ?? noYouths));
    if (day > this.#newestDay) this.#advance(day);
    return true;
  }

  #advance(newestDay: number): void {
    this.#newestDay = newestDay;
    const last = newestDay - DAYS_APART;
    this.#before = this.#until(last);
    for (const day of this.#days.keys()) if (day <= last) this.#days.delete(day);
  }

  #until(last: number): Youths {
    let known = this.#before;
    const days = [...this.#days.keys()].filter((day) => day <= last).sort((a, b) => a - b);
    for (const day of days) known = followedBy(known, this.#days.get(day) ?? noYouths);
    return known;
  }
}
