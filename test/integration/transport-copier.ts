import { PipelineError } from '../../runtime/errors.ts';
import type {
  FetchedRecord,
  Subscription,
  SubscriptionEvent,
  Transport,
} from '../../runtime/transport.ts';

/** What a copier copies, in which group. Both topics have the same number of partitions. */
export interface Copying {
  readonly group: string;
  readonly input: string;
  readonly output: string;
}

/**
 * The least stage there is: copies each record to the same partition of another topic, then commits, one write at a
 * time per partition; on a revocation it finishes what it has and releases.
 */
export class Copier {
  readonly held = new Set<number>();
  /** The partition of each record copied. */
  readonly copied: number[] = [];
  /** Every partition that was taken away, in order. */
  readonly revoked: number[] = [];
  error: PipelineError | undefined;
  readonly #copying: Copying;
  readonly #subscription: Subscription;
  readonly #work = new Map<number, Promise<void>>();

  private constructor(copying: Copying, subscription: Subscription) {
    this.#copying = copying;
    this.#subscription = subscription;
    subscription.events.subscribe({
      next: (event) => void this.#take(event),
      error: (error: PipelineError) => {
        this.error = error;
      },
    });
  }

  static async open(transport: Transport, copying: Copying): Promise<Copier> {
    return new Copier(copying, await transport.subscribe(copying.group, [copying.input]));
  }

  /** Has the group take away what it holds. */
  drain(): Promise<void> {
    return this.#subscription.drain();
  }

  /** Finishes what it has, and leaves the group. */
  async close(): Promise<void> {
    this.#subscription.pause([...this.held]);
    await Promise.all(this.#work.values());
    await this.#subscription.close();
  }

  async #take(event: SubscriptionEvent): Promise<void> {
    if (event.kind === 'records') return this.#enqueue(event.partition, event.records);
    if (event.kind === 'revoked') {
      this.revoked.push(...event.partitions);
      for (const partition of event.partitions) this.held.delete(partition);
      await Promise.all(event.partitions.map((partition) => this.#work.get(partition)));
      event.release();
      return;
    }
    if (event.kind === 'standby') return;
    const { input } = this.#copying;
    for (const partition of event.partitions) {
      this.held.add(partition);
      const offset = (await this.#subscription.committed(input, partition)) ?? 0;
      this.#subscription.start(partition, new Map([[input, offset]]));
    }
  }

  #enqueue(partition: number, records: readonly FetchedRecord[]): void {
    const before = this.#work.get(partition) ?? Promise.resolve();
    this.#work.set(
      partition,
      before.then(() => this.#copy(partition, records)),
    );
  }

  async #copy(partition: number, records: readonly FetchedRecord[]): Promise<void> {
    const { input, output } = this.#copying;
    const offset = (records.at(-1)?.offset ?? 0) + 1;
    try {
      await this.#subscription.write(
        records.map((record) => ({ ...record, topic: output, partition })),
        [{ topic: input, partition, offset }],
      );
      this.copied.push(...records.map(() => partition));
    } catch (error) {
      if (!(error instanceof PipelineError) || error.fate !== 'retry') throw error;
    }
  }
}
