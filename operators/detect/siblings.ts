import { type CohortBook, cohortKey } from './cohort-book.ts';
import { CohortPlaces } from './cohort-places.ts';

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

/**
 * What siblings let a series do, by its row.
 *
 * A row’s definition is looked at when its series has grown up, when an episode is held back, and now and then while it is
 * young where there are siblings to go by; never for what is older. What is kept of that is not saved, for it follows from
 * the definition.
 */
export class Siblings {
  readonly #book: CohortBook;
  readonly #identityOf: (row: number) => RowIdentity;
  readonly #places = new CohortPlaces();

  constructor(book: CohortBook, identityOf: (row: number) => RowIdentity) {
    this.#book = book;
    this.#identityOf = identityOf;
  }

  /** Whether a new series has enough siblings to go by at a time. @param metricClass as its definition says. */
  areKnown(row: number, metricClass: string, ms: number): boolean {
    if (!this.#book.speaks) return false;
    const known = this.#places.keyOf(row, metricClass);
    return this.#book.knows(known ?? this.#look(row, metricClass), ms);
  }

  /** Whether a series may open an episode although it is young, and notes what it would have opened by. */
  allow({ row, metricClass, ms }: YoungRow, score: number, youthMs: number): boolean {
    const { tenant, name, series } = this.#identityOf(row);
    const point = { key: cohortKey({ tenant, metric: name, metricClass }), series, ms };
    const allowed = score >= this.#book.level(point, youthMs);
    this.#book.note(point, score);
    return allowed;
  }

  /** Counts a series whose youth is over. */
  grow({ row, metricClass, ms }: YoungRow): void {
    const { tenant, name } = this.#identityOf(row);
    this.#book.grow(cohortKey({ tenant, metric: name, metricClass }), ms);
  }

  /** Forgets what a row held: it may hold another series next. */
  forget(row: number): void {
    this.#places.forget(row);
  }

  #look(row: number, metricClass: string): string {
    const { tenant, name } = this.#identityOf(row);
    const key = cohortKey({ tenant, metric: name, metricClass });
    this.#places.note(row, metricClass, key);
    return key;
  }
}
