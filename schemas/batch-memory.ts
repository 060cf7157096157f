import { RunColumns } from './run-columns.ts';
import { SeriesSlots } from './series-slots.ts';

/** The growing part of a batch under way. */
export interface BatchColumns {
  readonly slots: SeriesSlots;
  readonly columns: RunColumns;
}

/**
 * Keeps the memory of batches that were handed over, for the next ones.
 *
 * Columns of a batch are megabytes. Made anew for each, they grow by copying, and the engine marks its whole heap every
 * few tens of megabytes of them.
 */
export class BatchMemory {
  readonly #free: BatchColumns[] = [];
  readonly #lent: BatchColumns[] = [];

  /** Lends empty columns. */
  take(): BatchColumns {
    const kept = this.#free.pop();
    if (kept === undefined) return { slots: new SeriesSlots(), columns: new RunColumns() };
    kept.slots.reset();
    kept.columns.reset();
    return kept;
  }

  /** Notes columns whose views went out with a batch. */
  lend(batch: BatchColumns): void {
    this.#lent.push(batch);
  }

  /** Takes everything lent back: no batch made of it may be read after that. */
  reclaim(): void {
    this.#free.push(...this.#lent.splice(0));
  }
}
