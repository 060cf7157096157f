import { type CohortBook, cohortKey } from './cohort-book.ts';

/** Whose series a row holds. */
export interface RowIdentity {
  readonly tenant: string;
  readonly name: string;
  /** Something that no other series of the task has. */
  readonly series: string;
}

/** A point of a young series; its class as its definition says. */
export interface YoungRow {
  readonly row: number;
  readonly metricClass: string;
  readonly ms: number;
}

/** Series whose cohort is known without a look at their definition: those that are young just now. */
const MOST_CACHED = 4096;

interface Member {
  readonly metricClass: string;
  readonly key: string;
  readonly series: string;
}

/**
 * What siblings let a series do, by its row.
 *
 * A row’s definition is looked at when its series has grown up, and while it is young where there are siblings to go by or
 * an episode is held back; never for what is older. What is kept of that is not saved, for it follows from the definition.
 */
export class Siblings {
  readonly #book: CohortBook;
  readonly #identityOf: (row: number) => RowIdentity;
  readonly #members = new Map<number, Member>();

  constructor(book: CohortBook, identityOf: (row: number) => RowIdentity) {
    this.#book = book;
    this.#identityOf = identityOf;
  }

  /** Whether a new series has enough siblings to go by at a time. @param metricClass as its definition says. */
  areKnown(row: number, metricClass: string, ms: number): boolean {
    return this.#book.speaks && this.#book.knows(this.#member(row, metricClass).key, ms);
  }

  /** Whether a series may open an episode although it is young, and notes what it would have opened by. */
  allow({ row, metricClass, ms }: YoungRow, score: number, youthMs: number): boolean {
    const { key, series } = this.#member(row, metricClass);
    const point = { key, series, ms };
    const allowed = score >= this.#book.level(point, youthMs);
    this.#book.note(point, score);
    return allowed;
  }

  /** Counts a series whose youth is over. */
  grow({ row, metricClass, ms }: YoungRow): void {
    this.#book.grow(this.#member(row, metricClass).key, ms);
    this.forget(row);
  }

  /** Forgets what a row held: it may hold another series next. */
  forget(row: number): void {
    this.#members.delete(row);
  }

  #member(row: number, metricClass: string): Member {
    const known = this.#members.get(row);
    if (known?.metricClass === metricClass) return known;
    const { tenant, name, series } = this.#identityOf(row);
    const key = cohortKey({ tenant, metric: name, metricClass });
    const member: Member = { metricClass, key, series };
    if (this.#members.size >= MOST_CACHED) this.#members.clear();
    this.#members.set(row, member);
    return member;
  }
}
