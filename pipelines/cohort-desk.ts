import { CohortBook } from '../operators/detect/cohort-book.ts';
import { Siblings } from '../operators/detect/siblings.ts';
import type { KernelOutput } from '../runtime/kernel.ts';
import { numbered, type StateEntry } from '../runtime/state/state-entries.ts';
import type { SeriesDefinition } from '../schemas/generated/series-definition.ts';

const ENTRY = 'cohort';

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

  /** Counts the cohorts that were given up since the last call. */
  count(output: KernelOutput): void {
    const evicted = this.#book.takeEvicted();
    if (evicted > 0) output.count('cohorts_evicted_total', evicted);
  }

  entries(): Generator<StateEntry> {
    return numbered(ENTRY, this.#book.takeChanged());
  }

  /** Puts an entry of its own back; returns whether it was one. */
  restore(name: string, number: number, value: Uint8Array | null): boolean {
    if (name !== ENTRY) return false;
    if (value !== null) this.#book.restore(number, value);
    return true;
  }
}
