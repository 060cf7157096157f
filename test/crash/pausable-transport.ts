import type {
  FetchedRecord,
  OutboundRecord,
  PartitionRange,
  Subscription,
  TopicSpec,
  Transport,
} from '../../runtime/transport.ts';

/** A transport whose subscriptions can be paused from outside, as back-pressure does from within. */
export class PausableTransport implements Transport {
  readonly #inner: Transport;
  readonly #subscriptions: Subscription[] = [];

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  get name(): Transport['name'] {
    return this.#inner.name;
  }

  /** Stops fetching a partition in every stage. */
  pause(partition: number): void {
    for (const subscription of this.#subscriptions) subscription.pause([partition]);
  }

  resume(partition: number): void {
    for (const subscription of this.#subscriptions) subscription.resume([partition]);
  }

  async subscribe(group: string, topics: readonly string[]): Promise<Subscription> {
    const subscription = await this.#inner.subscribe(group, topics);
    this.#subscriptions.push(subscription);
    return subscription;
  }

  ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    return this.#inner.ensureTopics(topics);
  }

  listTopics(): Promise<readonly string[]> {
    return this.#inner.listTopics();
  }

  ranges(topic: string): Promise<readonly PartitionRange[]> {
    return this.#inner.ranges(topic);
  }

  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return this.#inner.committed(group, topic);
  }

  write(producer: string, records: readonly OutboundRecord[]): Promise<void> {
    return this.#inner.write(producer, records);
  }

  read(
    topic: string,
    partition: number,
    from: number,
    options?: { readonly to?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<readonly FetchedRecord[]> {
    return this.#inner.read(topic, partition, from, options);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
