import { setTimeout } from 'node:timers/promises';
import { Observable, type Subscriber } from 'rxjs';
import { PipelineError } from '../errors.ts';
import type {
  FetchedRecord,
  OutboundRecord,
  PartitionOffset,
  Subscription,
  SubscriptionEvent,
} from '../transport.ts';
import { PartitionCursor } from './partition-cursor.ts';
import type { PartitionLog } from './partition-log.ts';
import type { Batch, BatchLimit } from './recent-records.ts';

/** Most bytes that one subscription has on the way at a time, over all its partitions. */
const READ_AHEAD_BYTES = 16 * 1024 * 1024;
const LEAST_FETCH_BYTES = 64 * 1024;
/** Pause before a failed read is tried again. */
const RETRY_MS = 500;

/** What a subscription needs of its transport. */
export interface SubscriptionPorts {
  readonly fetch: (log: PartitionLog, from: number, limit: BatchLimit) => Batch | Promise<Batch>;
  readonly committed: (topic: string, partition: number) => number | undefined;
  readonly write: (
    records: readonly OutboundRecord[],
    offsets: readonly PartitionOffset[],
  ) => Promise<void>;
  /** The member has left its group. */
  readonly left: () => void;
}

/**
 * The only member of a group: it is assigned every partition at once and keeps them until it closes.
 *
 * Each partition has at most one batch on its way, of `READ_AHEAD_BYTES` divided by the partitions, so that is also the
 * most that can arrive after `pause`.
 */
export class EmbeddedSubscription implements Subscription {
  readonly events: Observable<SubscriptionEvent>;
  readonly #ports: SubscriptionPorts;
  readonly #cursors: readonly (readonly PartitionCursor[])[];
  #subscriber: Subscriber<SubscriptionEvent> | undefined;
  #end: { error?: PipelineError } | undefined;

  /** `partitions`: for each partition number, that partition of every topic. */
  constructor(
    partitions: readonly (readonly PartitionLog[])[],
    limit: BatchLimit,
    ports: SubscriptionPorts,
  ) {
    const count = Math.max(1, partitions.length * (partitions[0]?.length ?? 0));
    const maxBytes = Math.max(
      LEAST_FETCH_BYTES,
      Math.min(limit.maxBytes, Math.floor(READ_AHEAD_BYTES / count)),
    );
    this.#ports = ports;
    const cursorPorts = {
      fetch: (log: PartitionLog, from: number) => ports.fetch(log, from, { ...limit, maxBytes }),
      deliver: (log: PartitionLog, records: readonly FetchedRecord[]) =>
        this.#deliver(log, records),
      wait: () => setTimeout(RETRY_MS),
      fail: (error: PipelineError) => this.end(error),
    };
    this.#cursors = partitions.map((logs) =>
      logs.map((log) => new PartitionCursor(log, cursorPorts)),
    );
    this.events = new Observable((subscriber) => this.#connect(subscriber));
  }

  start(partition: number, from: ReadonlyMap<string, number>): void {
    for (const cursor of this.#of(partition))
      cursor.start(from.get(cursor.log.topic) ?? cursor.log.low);
  }

  pause(partitions: readonly number[]): void {
    for (const partition of partitions) {
      for (const cursor of this.#of(partition)) cursor.pause();
    }
  }

  resume(partitions: readonly number[]): void {
    for (const partition of partitions) {
      for (const cursor of this.#of(partition)) cursor.resume();
    }
  }

  async committed(topic: string, partition: number): Promise<number | undefined> {
    return this.#ports.committed(topic, partition);
  }

  async write(
    records: readonly OutboundRecord[],
    offsets: readonly PartitionOffset[],
    _owned?: readonly number[],
    acknowledged: () => void = () => undefined,
  ): Promise<void> {
    if (this.#end !== undefined)
      throw new PipelineError('TRANSPORT_REFUSED', 'the subscription is closed');
    await this.#ports.write(records, offsets);
    acknowledged();
  }

  /** Nobody else could have the partitions. */
  async drain(): Promise<void> {}

  async close(): Promise<void> {
    this.end();
  }

  /** Ends the events, with an error or by completing them, and leaves the group. */
  end(error?: PipelineError): void {
    if (this.#end !== undefined) return;
    this.#end = error === undefined ? {} : { error };
    this.#stop();
    this.#ports.left();
    if (this.#subscriber !== undefined) finish(this.#subscriber, error);
  }

  #connect(subscriber: Subscriber<SubscriptionEvent>): (() => void) | undefined {
    if (this.#end !== undefined) {
      finish(subscriber, this.#end.error);
      return undefined;
    }
    if (this.#subscriber !== undefined) {
      finish(
        subscriber,
        new PipelineError('TRANSPORT_REFUSED', 'a subscription’s events have one subscriber'),
      );
      return undefined;
    }
    this.#subscriber = subscriber;
    queueMicrotask(() =>
      subscriber.next({ kind: 'assigned', partitions: [...this.#cursors.keys()] }),
    );
    return () => this.#stop();
  }

  #deliver({ topic, partition, high }: PartitionLog, records: readonly FetchedRecord[]): void {
    this.#subscriber?.next({ kind: 'records', topic, partition, records, high });
  }

  #of(partition: number): readonly PartitionCursor[] {
    const cursors = this.#cursors[partition];
    if (cursors !== undefined) return cursors;
    throw new PipelineError('TRANSPORT_REFUSED', `partition ${partition} is not assigned`);
  }

  #stop(): void {
    for (const cursors of this.#cursors) {
      for (const cursor of cursors) cursor.close();
    }
  }
}

function finish(subscriber: Subscriber<SubscriptionEvent>, error: PipelineError | undefined): void {
  if (error === undefined) subscriber.complete();
  else subscriber.error(error);
}
