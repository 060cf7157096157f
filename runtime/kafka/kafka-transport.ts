import { PipelineError } from '../errors.ts';
import type { Log } from '../log.ts';
import type {
  FetchedRecord,
  OutboundRecord,
  PartitionRange,
  Subscription,
  TopicSpec,
  Transport,
} from '../transport.ts';
import type { FetchLimits, KafkaClient, OpenKafkaClient } from './client.ts';
import { ClusterClient } from './cluster-client.ts';
import { type ConnectionOptions, principalOf } from './connection-options.ts';
import { IdempotentProducer } from './idempotent-producer.ts';
import { retrying } from './kafka-fault.ts';
import { KafkaSubscription } from './kafka-subscription.ts';
import { type Pace, realPace } from './pace.ts';
import { type CertificatePaths, readCertificates } from './read-certificates.ts';
import { readPartition } from './read-partition.ts';
import { ReaderPool } from './reader-pool.ts';
import { toNewTopic } from './topic-config.ts';
import type { OpenWireNode } from './wire-node.ts';

const requestTimeoutMs = 15_000;
const connectionTimeoutMs = 3000;
const internalTopic = /^__/;

/** Where the brokers are and how to speak to them; all but `brokers` has a default. */
export interface KafkaTransportOptions {
  readonly brokers: readonly string[];
  /** Which client makes the requests; `platformatic` by default. */
  readonly client?: 'kafkajs' | 'platformatic' | undefined;
  readonly clientId?: string;
  /** Copies of each partition of topics that are created. */
  readonly replicationFactor?: number;
  readonly sessionTimeoutMs?: number;
  readonly heartbeatMs?: number;
  /** How long a stage may take to release partitions that go to another worker. */
  readonly revokeTimeoutMs?: number;
  /** How long a fetch waits for records before it comes back empty. */
  readonly maxWaitMs?: number;
  /** How long writes, commits and questions wait for brokers before they are given up. */
  readonly limitMs?: number;
  readonly ssl?: CertificatePaths & { readonly enabled: boolean };
  readonly sasl?:
    | { readonly mechanism: string; readonly username: string; readonly password: string }
    | undefined;
  readonly log?: Log;
}

/**
 * Opens the transport on Kafka; connections are made when first needed. Only the client that is used is loaded.
 *
 * @throws PipelineError `OPTIONS_INVALID` (fate: stop) when a certificate or key cannot be read, or they do not match.
 */
export async function openKafkaTransport(options: KafkaTransportOptions): Promise<KafkaTransport> {
  const { ssl, sasl, client = 'platformatic' } = options;
  const connection: Omit<ConnectionOptions, 'clientId'> = {
    brokers: options.brokers,
    requestTimeoutMs,
    connectionTimeoutMs,
    ...(ssl?.enabled === true ? { ssl: await readCertificates(ssl) } : {}),
    ...(sasl === undefined ? {} : { sasl }),
  };
  const nodes = await loaders[client](options.log);
  const name = options.clientId ?? 'vigie';
  const { brokers } = options;
  const principal = principalOf(connection);
  const open: OpenKafkaClient = (purpose) =>
    new ClusterClient({
      principal,
      brokers,
      open: nodes({ ...connection, clientId: `${name}-${purpose}` }),
      requestTimeoutMs,
    });
  return new KafkaTransport(open, options);
}

type CreateNodes = (options: ConnectionOptions) => OpenWireNode;

const loaders = {
  async kafkajs(log?: Log): Promise<CreateNodes> {
    const { kafkajsNodes } = await import('./kafkajs-node.ts');
    if (log === undefined) return kafkajsNodes;
    return (options) =>
      kafkajsNodes({
        ...options,
        log: ({ namespace, log: { message, ...fields } }) =>
          log.debug({ namespace, ...fields }, message),
      });
  },
  async platformatic(): Promise<CreateNodes> {
    const { platformaticNodes } = await import('./platformatic-node.ts');
    return platformaticNodes;
  },
} as const satisfies Record<string, (log?: Log) => Promise<CreateNodes>>;

/** Topics on Kafka brokers, through any client that makes the requests of `client.ts`. */
export class KafkaTransport implements Transport {
  readonly name = 'kafka';
  readonly #open: OpenKafkaClient;
  readonly #options: KafkaTransportOptions;
  readonly #pace: Pace;
  readonly #limitMs: number;
  readonly #limits: FetchLimits;
  readonly #client: KafkaClient;
  readonly #readers: ReaderPool;
  readonly #producers = new Map<string, IdempotentProducer>();
  readonly #subscriptions = new Set<KafkaSubscription>();
  readonly #maxRecordBytes = new Map<string, number>();
  readonly #closing = new AbortController();

  constructor(open: OpenKafkaClient, options: KafkaTransportOptions, pace: Pace = realPace) {
    this.#open = open;
    this.#options = options;
    this.#pace = pace;
    this.#limitMs = options.limitMs ?? 30_000;
    this.#limits = {
      maxWaitMs: options.maxWaitMs ?? 100,
      maxBytes: 8 * 1024 * 1024,
      maxBytesPerPartition: 2 * 1024 * 1024,
    };
    this.#client = open('admin');
    this.#readers = new ReaderPool(() => open('read'));
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    const names = topics.map(({ name }) => name);
    const existing = await this.#counts(names);
    const missing = topics.filter(({ name }) => !existing.has(name));
    if (missing.length > 0) {
      const replicas = this.#options.replicationFactor ?? 1;
      const fresh = missing.map((topic) => toNewTopic(topic, replicas));
      const what = `create ${missing.map(({ name }) => name).join(', ')}`;
      await this.#retrying(what, () => this.#client.createTopics(fresh));
    }
    for (const { name, maxRecordBytes } of topics) this.#maxRecordBytes.set(name, maxRecordBytes);
    const counts = missing.length === 0 ? existing : await this.#counts(names);
    for (const { name, partitions } of topics) {
      const found = counts.get(name) ?? partitions;
      if (found === partitions) continue;
      const detail = `${name} has ${found} partitions, ${partitions} are wanted`;
      throw new PipelineError('PARTITIONS_CHANGED', detail);
    }
  }

  async listTopics(): Promise<readonly string[]> {
    const counts = await this.#counts();
    return [...counts.keys()].filter((name) => !internalTopic.test(name)).sort();
  }

  async ranges(topic: string): Promise<readonly PartitionRange[]> {
    const partitions = await this.#partitionsOf(topic);
    return await this.#retrying(`read the ranges of ${topic}`, async () => {
      const low = await this.#client.offsetsAt('earliest', topic, partitions);
      const high = await this.#client.offsetsAt('latest', topic, partitions);
      return partitions.map((partition) => ({
        partition,
        low: low.get(partition) ?? 0,
        high: high.get(partition) ?? 0,
      }));
    });
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    const partitions = await this.#partitionsOf(topic);
    const requests = this.#client.group(group);
    const offsets = await this.#retrying(`read offsets of group ${group}`, () =>
      requests.committed(partitions.map((partition) => ({ topic, partition }))),
    );
    return new Map(offsets.map(({ partition, offset }) => [partition, offset]));
  }

  async write(producer: string, records: readonly OutboundRecord[]): Promise<void> {
    this.#refuseIfClosed();
    const known = this.#producers.get(producer) ?? this.#producer(producer);
    this.#producers.set(producer, known);
    await known.send(records);
  }

  async subscribe(
    group: string,
    topics: readonly string[],
    { standby = false }: { readonly standby?: boolean } = {},
  ): Promise<Subscription> {
    this.#refuseIfClosed();
    const counts = new Map<string, number>();
    for (const topic of topics) counts.set(topic, (await this.#partitionsOf(topic)).length);
    const { sessionTimeoutMs = 10_000, heartbeatMs = 250 } = this.#options;
    const { revokeTimeoutMs = 15_000 } = this.#options;
    const subscription = new KafkaSubscription({
      group,
      counts,
      standby,
      sessionTimeoutMs,
      heartbeatMs,
      revokeTimeoutMs,
      limits: this.#limits,
      memberClient: this.#open(`${group}-member`),
      client: this.#open(group),
      producer: this.#producer(group),
      pace: this.#pace,
      limitMs: this.#limitMs,
      log: this.#options.log,
      closed: () => this.#subscriptions.delete(subscription),
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async *read(
    topic: string,
    partition: number,
    from: number,
    options: { readonly to?: number; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<readonly FetchedRecord[]> {
    this.#refuseIfClosed();
    const { to, signal } = options;
    const ends = [this.#closing.signal, ...(signal === undefined ? [] : [signal])];
    const client = this.#readers.take();
    try {
      yield* readPartition({
        topic,
        partition,
        from,
        ...(to === undefined ? {} : { to }),
        signal: AbortSignal.any(ends),
        client,
        pace: this.#pace,
        limits: this.#limits,
        limitMs: this.#limitMs,
      });
    } finally {
      this.#readers.give(client);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#producers.values()].map((producer) => producer.close()));
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#readers.close();
    this.#client.close();
  }

  #producer(name: string): IdempotentProducer {
    const client = this.#open(`${name}-producer`);
    return new IdempotentProducer({
      name,
      client,
      pace: this.#pace,
      limitMs: this.#limitMs,
      maxRecordBytes: this.#maxRecordBytes,
    });
  }

  async #counts(names?: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return await this.#retrying('ask for topics', () => this.#client.partitionCounts(names));
  }

  async #partitionsOf(topic: string): Promise<readonly number[]> {
    const count = (await this.#counts([topic])).get(topic);
    if (count === undefined) {
      throw new PipelineError('TRANSPORT_REFUSED', `topic ${topic} does not exist`);
    }
    return Array.from({ length: count }, (_, partition) => partition);
  }

  async #retrying<T>(operation: string, attempt: () => Promise<T>): Promise<T> {
    this.#refuseIfClosed();
    const { principal } = this.#client;
    const repetition = { pace: this.#pace, limitMs: this.#limitMs, operation, principal };
    return await retrying(repetition, async () => {
      try {
        return await attempt();
      } catch (error) {
        this.#client.forgetLeaders();
        throw error;
      }
    });
  }

  #refuseIfClosed(): void {
    if (this.#closing.signal.aborted)
      throw new PipelineError('TRANSPORT_REFUSED', 'the transport is closed');
  }
}
