import type { PartitionState } from './log-call.ts';
import { RecentRecords } from './recent-records.ts';

/**
 * A partition as the main thread sees it: its readable range, its recent records, and who waits for new ones.
 */
export class PartitionLog {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  readonly recent = new RecentRecords();
  #low: number;
  #high: number;
  readonly #watchers = new Set<() => void>();

  constructor(topic: string, state: PartitionState) {
    this.id = state.id;
    this.topic = topic;
    this.partition = state.partition;
    this.#low = state.low;
    this.#high = state.high;
  }

  get low(): number {
    return this.#low;
  }

  get high(): number {
    return this.#high;
  }

  /** Moves the end up to `high`; the caller announces it once the commit’s other partitions have moved too. */
  extend(high: number): void {
    this.#high = high;
  }

  /** Moves the lowest readable offset up. */
  truncate(low: number): void {
    this.#low = low;
  }

  /** Calls every watcher: there is something new, or the transport closes. */
  announce(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Whether anybody waits for what comes, or follows the partition. */
  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  /** Registers a watcher and returns how to take it away. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
