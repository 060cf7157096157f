import { CohortBook } from '../operators/detect/cohort-book.ts';
import { Siblings } from '../operators/detect/siblings.ts';
import type { KernelOutput } from '../runtime/kernel.ts';
import { numbered, type StateEntry, single } from '../runtime/state/state-entries.ts';
import type { SeriesDefinition } from '../schemas/generated/series-definition.ts';

const ENTRY = 'cohort-days';
const FULL = 'cohorts-full';

/** Keeps the cohorts of a detect task: finds a series' own by its definition, saves and restores all. */
export class CohortDesk {
  /** What a detector asks; undefined where series are to be alone. */
  readonly siblings: Siblings | undefined;
  readonly #book = new CohortBook();

  constructor(enabled: boolean, definitionOf: (row: number) => SeriesDefinition) {
    if (!enabled) return;
    this.siblings = new Siblings(this.#book, (row) => {
      const { tenant, name, seriesId } = definitionOf(row);
      return { tenant, name, series: Buffer.from(seriesId).toString('hex') };
    });
  }

  /** Forgets what a row held. */
  forget(row: number): void {
    this.siblings?.forget(row);
  }

  /** Counts what of young series was not noted since the last call. */
  count(output: KernelOutput): void {
    const { late, full } = this.#book.takeLeftOut();
    if (late > 0) output.count('youths_late_total', late);
    if (full > 0) output.count('cohorts_full_total', full);
  }

  *entries(): Generator<StateEntry> {
    yield* numbered(ENTRY, this.#book.takeChanged());
    yield* single(FULL, this.#book);
  }

  /** Puts an entry of its own back; returns whether it was one. */
  restore(name: string, number: number, value: Uint8Array | null): boolean {
    if (name !== ENTRY && name !== FULL) return false;
    if (value === null) return true;
    if (name === FULL) this.#book.restoreFull(value);
    else this.#book.restore(number, value);
    return true;
  }
}
