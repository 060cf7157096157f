import type { PipelineError } from '../../runtime/errors.ts';
import type { FetchedRecord, Subscription, SubscriptionEvent } from '../../runtime/transport.ts';

/** A record as a subscriber got it. */
export interface ReceivedRecord extends FetchedRecord {
  readonly topic: string;
  readonly partition: number;
  /** The partition’s end when it was fetched. */
  readonly high: number;
}

/** Where each assigned partition starts, by topic; absent: the topic’s beginning. */
export type StartFrom = (
  partition: number,
) => ReadonlyMap<string, number> | Promise<ReadonlyMap<string, number>>;

/**
 * Takes in a subscription’s events like a stage does: starts what is assigned, releases what is revoked, keeps records.
 */
export class Received {
  readonly records: ReceivedRecord[] = [];
  readonly assigned = new Set<number>();
  completed = false;
  error: PipelineError | undefined;
  readonly #subscription: Subscription;
  readonly #from: StartFrom;
  readonly #waiting = new Set<() => void>();

  constructor(subscription: Subscription, from: StartFrom = () => new Map()) {
    this.#subscription = subscription;
    this.#from = from;
    subscription.events.subscribe({
      next: (event) => {
        void this.#take(event);
        this.#changed();
      },
      error: (error: PipelineError) => {
        this.error = error;
        this.#changed();
      },
      complete: () => {
        this.completed = true;
        this.#changed();
      },
    });
  }

  /** Resolves once the condition holds; the test’s own time limit ends a wait that is in vain. */
  until(condition: (received: this) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (condition(this)) {
          this.#waiting.delete(check);
          resolve();
        } else if (this.error !== undefined) reject(this.error);
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Resolves once so many records of a topic’s partition are here, and returns them. */
  async take(count: number, topic: string, partition: number): Promise<readonly ReceivedRecord[]> {
    await this.until(() => this.of(topic, partition).length >= count);
    return this.of(topic, partition);
  }

  of(topic: string, partition: number): ReceivedRecord[] {
    return this.records.filter(
      (record) => record.topic === topic && record.partition === partition,
    );
  }

  async #take(event: SubscriptionEvent): Promise<void> {
    if (event.kind === 'records') {
      const { topic, partition, high } = event;
      for (const record of event.records) this.records.push({ ...record, topic, partition, high });
      return;
    }
    if (event.kind === 'revoked') {
      for (const partition of event.partitions) this.assigned.delete(partition);
      event.release();
      return;
    }
    for (const partition of event.partitions) {
      this.#subscription.start(partition, await this.#from(partition));
      this.assigned.add(partition);
    }
    this.#changed();
  }

  #changed(): void {
    for (const check of [...this.#waiting]) check();
  }
}
