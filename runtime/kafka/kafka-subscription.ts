import { Observable, type Subscriber } from 'rxjs';
import { PipelineError } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import type { Log } from '../log.ts';
import type {
  FetchedRecord,
  OutboundRecord,
  PartitionOffset,
  Subscription,
  SubscriptionEvent,
} from '../transport.ts';
import { type FetchLimits, type GroupRequests, type KafkaClient, KafkaError } from './client.ts';
import { GroupMember } from './group-member.ts';
import type { IdempotentProducer } from './idempotent-producer.ts';
import { type Repetition, retrying, toPipelineError } from './kafka-fault.ts';
import { OffsetCommits } from './offset-commits.ts';
import type { Pace } from './pace.ts';
import { PartitionFetcher } from './partition-fetcher.ts';

const leaveLimitMs = 1000;

/** Errors of a commit after which the same offsets may be committed under the next generation. */
const betweenGenerations: ReadonlySet<string> = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
]);

/** What a subscription is made of. Two clients: a pending join must hold up neither fetches nor commits. */
export interface SubscriptionOptions {
  readonly group: string;
  /** Partitions of each topic of the subscription. */
  readonly counts: ReadonlyMap<string, number>;
  /** Whether it may be told to stand by for partitions of others. */
  readonly standby: boolean;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  /** How long the release of revoked partitions may take; then they are given up as they are. */
  readonly revokeTimeoutMs: number;
  readonly limits: FetchLimits;
  readonly memberClient: KafkaClient;
  readonly client: KafkaClient;
  readonly producer: IdempotentProducer;
  readonly pace: Pace;
  readonly limitMs: number;
  readonly log?: Log | undefined;
  /** Called once, when the subscription has closed by itself or by `close`. */
  readonly closed: () => void;
}

/** A stage’s membership in a Kafka consumer group; joins when its events are subscribed to. */
export class KafkaSubscription implements Subscription {
  readonly events: Observable<SubscriptionEvent>;
  readonly #options: SubscriptionOptions;
  readonly #requests: GroupRequests;
  readonly #member: GroupMember;
  readonly #fetcher: PartitionFetcher;
  readonly #commits: OffsetCommits;
  #subscriber: Subscriber<SubscriptionEvent> | undefined;
  #end: { error?: PipelineError } | undefined;

  constructor(options: SubscriptionOptions) {
    const { group, client, pace, limits } = options;
    this.#options = options;
    this.#requests = client.group(group);
    this.#commits = new OffsetCommits((offsets) => this.#commit(offsets), pace);
    this.#fetcher = new PartitionFetcher({
      client,
      pace,
      limits,
      deliver: (topic, partition, records, high) => this.#deliver(topic, partition, records, high),
      fail: (error) => this.#finish(error),
    });
    this.#member = new GroupMember(
      { ...options, client: options.memberClient },
      {
        assigned: (partitions) => this.#subscriber?.next({ kind: 'assigned', partitions }),
        revoked: (partitions) => this.#revoke(partitions),
        standby: (partitions) => this.#subscriber?.next({ kind: 'standby', partitions }),
        fail: (error) => this.#finish(error),
      },
    );
    this.events = new Observable((subscriber) => this.#connect(subscriber));
  }

  start(partition: number, from: ReadonlyMap<string, number>): void {
    // The group may have taken the partition away while the stage was still restoring it.
    if (!this.#member.holds(partition)) return;
    for (const topic of this.#topicsOf(partition)) {
      this.#fetcher.start(topic, partition, from.get(topic) ?? 0);
    }
  }

  pause(partitions: readonly number[]): void {
    for (const partition of partitions) {
      for (const topic of this.#topicsOf(partition)) this.#fetcher.pause(topic, partition);
    }
  }

  resume(partitions: readonly number[]): void {
    for (const partition of partitions) {
      for (const topic of this.#topicsOf(partition)) this.#fetcher.resume(topic, partition);
    }
  }

  async committed(topic: string, partition: number): Promise<number | undefined> {
    const operation = `read offsets of group ${this.#options.group}`;
    const offsets = await retrying(this.#repetition(operation), () =>
      this.#requests.committed([{ topic, partition }]),
    );
    return offsets[0]?.offset;
  }

  async write(
    records: readonly OutboundRecord[],
    offsets: readonly PartitionOffset[],
    owned: readonly number[] = [],
    acknowledged?: () => void,
  ): Promise<void> {
    if (this.#end !== undefined) {
      throw new PipelineError('TRANSPORT_REFUSED', 'the subscription is closed');
    }
    const lost = (): number | undefined =>
      owned.find((partition) => !this.#member.holds(partition));
    if (lost() !== undefined) throw notOurs(this.#options.group, lost());
    await this.#options.producer.send(records, () => lost() === undefined);
    acknowledged?.();
    if (offsets.length === 0) return;
    failPoint('outputs-sent', this.#options.group);
    // Who does not ask for the acknowledgement waits for the offsets before it goes on.
    await this.#commits.store(offsets, acknowledged === undefined);
  }

  async drain(): Promise<void> {
    if (this.#end === undefined) await this.#member.drain(this.#options.revokeTimeoutMs);
  }

  async close(): Promise<void> {
    await this.#finish();
  }

  #connect(subscriber: Subscriber<SubscriptionEvent>): (() => void) | undefined {
    if (this.#subscriber !== undefined || this.#end !== undefined) {
      const twice = new PipelineError('TRANSPORT_REFUSED', 'events have one subscriber');
      settle(subscriber, this.#end === undefined ? twice : this.#end.error);
      return undefined;
    }
    this.#subscriber = subscriber;
    this.#member.run().catch((error: unknown) => this.#fail(error));
    return () => void this.#finish();
  }

  #deliver(
    topic: string,
    partition: number,
    records: readonly FetchedRecord[],
    high: number,
  ): void {
    this.#subscriber?.next({ kind: 'records', topic, partition, records, high });
  }

  async #revoke(partitions: readonly number[]): Promise<void> {
    for (const partition of partitions) {
      for (const topic of this.#topicsOf(partition)) this.#fetcher.stop(topic, partition);
    }
    const released = new AbortController();
    const release = (): void => released.abort();
    this.#subscriber?.next({ kind: 'revoked', partitions, release });
    if (released.signal.aborted || this.#end !== undefined) return;
    const { pace, revokeTimeoutMs } = this.#options;
    await pace.sleep(revokeTimeoutMs, released.signal);
  }

  async #commit(offsets: readonly PartitionOffset[]): Promise<void> {
    const { group } = this.#options;
    await retrying(this.#repetition(`commit offsets of group ${group}`), async () => {
      const foreign = offsets.find(({ partition }) => !this.#member.holds(partition));
      const { identity } = this.#member;
      if (foreign !== undefined || identity === undefined) {
        throw notOurs(foreign?.topic ?? group, foreign?.partition);
      }
      try {
        await this.#requests.commit(identity, offsets);
      } catch (error) {
        if (!(error instanceof KafkaError) || !betweenGenerations.has(error.type)) throw error;
        throw new KafkaError(error.type, error.message, true, { cause: error });
      }
    });
  }

  #repetition(operation: string): Repetition {
    const { client, pace, limitMs } = this.#options;
    return { pace, limitMs, operation, principal: client.principal };
  }

  #fail(error: unknown): Promise<void> {
    return this.#finish(toPipelineError(error, 'group', this.#options.client.principal));
  }

  #topicsOf(partition: number): readonly string[] {
    const topics = [...this.#options.counts].filter(([, count]) => partition < count);
    return topics.map(([topic]) => topic);
  }

  /** Ends the events; on a fault at once, else after the writes under way. Then leaves the group. */
  async #finish(error?: PipelineError): Promise<void> {
    if (this.#end !== undefined) return;
    this.#end = error === undefined ? {} : { error };
    const { memberClient, client, producer, pace, closed } = this.#options;
    this.#fetcher.close();
    if (error !== undefined && this.#subscriber !== undefined) settle(this.#subscriber, error);
    await producer.close();
    const memberId = this.#member.close();
    if (memberId !== undefined) {
      const leaving = this.#requests.leave(memberId).catch(() => undefined);
      await Promise.race([leaving, pace.sleep(leaveLimitMs)]);
    }
    memberClient.close();
    client.close();
    if (this.#subscriber !== undefined) settle(this.#subscriber, error);
    closed();
  }
}

function notOurs(where: string, partition: number | undefined): PipelineError {
  const place = `${where}/${partition ?? ''}`;
  return new PipelineError('TRANSPORT_UNAVAILABLE', `${place} is no longer ours to write`);
}

function settle(subscriber: Subscriber<SubscriptionEvent>, error: PipelineError | undefined): void {
  if (error === undefined) subscriber.complete();
  else subscriber.error(error);
}
