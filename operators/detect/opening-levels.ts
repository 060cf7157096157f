import { calibratedLevels, type FeedbackBook } from './feedback-book.ts';

/** Whose series a row holds. */
export interface RowOwner {
  readonly tenant: string;
  readonly name: string;
}

const UNKNOWN = 0;
/** The row's metric has no feedback. */
const NONE = 1;
/** Added to the number of its cohort. */
const FIRST = 2;

/**
 * Finds the opening level of series by their rows.
 *
 * Which cohort a row belongs to is looked up in its definition once, and only where anything was ever said of its tenant:
 * then it costs two bytes a row, and nothing of it is saved.
 */
export class OpeningLevels {
  /** How long the level that was last asked for holds, event time. */
  untilMs = Number.POSITIVE_INFINITY;
  readonly #book: FeedbackBook;
  readonly #owner: (row: number) => RowOwner;
  #cohorts = new Uint16Array(0);
  /** Cohorts that the rows were looked up among. */
  #known = 0;

  constructor(book: FeedbackBook, owner: (row: number) => RowOwner) {
    this.#book = book;
    this.#owner = owner;
  }

  /** Whether any series of the tenant may have another level than 1. */
  speaksOf(tenant: string): boolean {
    return this.#book.speaksOf(tenant);
  }

  /**
   * The scores at which an episode of the series in a row opens at a time, by class; `untilMs` is then how long that holds.
   *
   * @param low half of the series’ id. @param high the other half.
   */
  at(row: number, low: number, high: number, atMs: number): Float64Array {
    const number = this.#cohortOf(row);
    this.untilMs = this.#book.untilMs(number, atMs);
    if (number < 0) return calibratedLevels;
    return this.#book.levels(number, hexOf(high) + hexOf(low), atMs);
  }

  /** Forgets what a row held: it may hold another series next. */
  forget(row: number): void {
    if (row < this.#cohorts.length) this.#cohorts[row] = UNKNOWN;
  }

  #cohortOf(row: number): number {
    if (this.#known !== this.#book.cohorts) this.#cohorts.fill(UNKNOWN);
    this.#known = this.#book.cohorts;
    if (row >= this.#cohorts.length) this.#grow(row + 1);
    let kept = this.#cohorts[row] as number;
    if (kept === UNKNOWN) {
      const { tenant, name } = this.#owner(row);
      const number = this.#book.numberOf(tenant, name);
      kept = number < 0 ? NONE : FIRST + number;
      this.#cohorts[row] = kept;
    }
    return kept - FIRST;
  }

  #grow(rows: number): void {
    const larger = new Uint16Array(Math.max(1024, 2 ** Math.ceil(Math.log2(rows))));
    larger.set(this.#cohorts);
    this.#cohorts = larger;
  }
}

function hexOf(half: number): string {
  return half.toString(16).padStart(8, '0');
}
