import { setTimeout as delay } from 'node:timers/promises';
import type { PartitionOffset } from '../transport.ts';
import {
  type FetchedPartition,
  type FetchLimits,
  type GroupRequests,
  type KafkaClient,
  KafkaError,
  type NewTopic,
  type ProduceBatch,
  type ProducerIdentity,
} from './client.ts';
import {
  type ConnectionOptions,
  KafkajsConnections,
  type TopicMetadata,
  throwIfFailed,
} from './kafkajs-connections.ts';
import { errorOfCode, toKafkaError } from './kafkajs-errors.ts';
import { decodeFetch, fetchVersion } from './kafkajs-fetch.ts';
import { KafkajsGroup } from './kafkajs-group.ts';
import { produceParameters } from './kafkajs-produce.ts';

const createLimitMs = 10_000;
const leaderPollMs = 50;
const readCommitted = 1;
const offsetKeys = { earliest: -2, latest: -1 } as const;

/** The Kafka requests on the connections and wire formats of kafkajs; see `kafkajs-internals.ts` for why only those. */
export class KafkajsClient implements KafkaClient {
  readonly #connections: KafkajsConnections;
  readonly #requestTimeoutMs: number;
  readonly #leaders = new Map<string, Map<number, number>>();

  constructor(options: ConnectionOptions) {
    this.#connections = new KafkajsConnections(options);
    this.#requestTimeoutMs = options.requestTimeoutMs;
  }

  async partitionCounts(topics?: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (topics?.length === 0) return new Map();
    const metadata = await this.#metadata(topics);
    return new Map(
      metadata
        .filter(({ topicErrorCode }) => topicErrorCode === 0)
        .map(({ topic, partitionMetadata }) => [topic, partitionMetadata.length]),
    );
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    const parameters = {
      topics: topics.map(({ name, partitions, replicas, config }) => ({
        topic: name,
        numPartitions: partitions,
        replicationFactor: replicas,
        replicaAssignment: [],
        configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
      })),
      validateOnly: false,
      timeout: createLimitMs,
    };
    const answer = (await this.#connections.controller('CreateTopics', parameters)) as {
      readonly topicErrors: readonly {
        readonly topic: string;
        readonly errorCode: number;
        readonly errorMessage?: string | null;
      }[];
    };
    for (const { topic, errorCode, errorMessage } of answer.topicErrors) {
      const error = errorOfCode(errorCode, `CreateTopics ${topic} ${errorMessage ?? ''}`.trim());
      if (error !== undefined && error.type !== 'TOPIC_ALREADY_EXISTS') throw error;
    }
    await this.#awaitLeaders(topics);
  }

  async leader(topic: string, partition: number): Promise<number> {
    const known = this.#leaders.get(topic)?.get(partition);
    if (known !== undefined) return known;
    const [metadata] = await this.#metadata([topic]);
    if (metadata !== undefined) throwIfFailed(metadata.topicErrorCode, `Metadata of ${topic}`);
    const found = this.#leaders.get(topic)?.get(partition);
    if (found !== undefined) return found;
    const count = metadata?.partitionMetadata.length ?? 0;
    const type = partition < count ? 'LEADER_NOT_AVAILABLE' : 'UNKNOWN_TOPIC_OR_PARTITION';
    const text = `${topic}/${partition} has no leader; the topic has ${count} partitions`;
    throw new KafkaError(type, text, true);
  }

  forgetLeaders(): void {
    this.#leaders.clear();
  }

  async offsetsAt(
    end: 'earliest' | 'latest',
    topic: string,
    partitions: readonly number[],
  ): Promise<ReadonlyMap<number, number>> {
    const found = new Map<number, number>();
    for (const [node, group] of await this.#byLeader(topic, partitions)) {
      const asked = group.map((partition) => ({ partition, timestamp: offsetKeys[end] }));
      const parameters = { isolationLevel: readCommitted, topics: [{ topic, partitions: asked }] };
      const answer = (await this.#connections.node(node, 'ListOffsets', parameters)) as {
        readonly responses: readonly {
          readonly partitions: readonly {
            readonly partition: number;
            readonly errorCode: number;
            readonly offset: string;
          }[];
        }[];
      };
      for (const part of answer.responses.flatMap((response) => response.partitions)) {
        throwIfFailed(part.errorCode, `ListOffsets of ${topic}/${part.partition}`);
        found.set(part.partition, Number(part.offset));
      }
    }
    return found;
  }

  async initProducer(): Promise<ProducerIdentity> {
    const parameters = { transactionTimeout: 60_000 };
    const answer = (await this.#connections.anywhere('InitProducerId', parameters)) as {
      readonly errorCode: number;
      readonly producerId: { toString(): string };
      readonly producerEpoch: number;
    };
    throwIfFailed(answer.errorCode, 'InitProducerId');
    return { producerId: BigInt(answer.producerId.toString()), epoch: answer.producerEpoch };
  }

  async produce(
    identity: ProducerIdentity,
    batches: readonly ProduceBatch[],
  ): Promise<readonly (KafkaError | undefined)[]> {
    const results = new Array<KafkaError | undefined>(batches.length).fill(undefined);
    const byNode = new Map<number, number[]>();
    for (const [index, { topic, partition }] of batches.entries()) {
      try {
        const node = await this.leader(topic, partition);
        byNode.set(node, [...(byNode.get(node) ?? []), index]);
      } catch (error) {
        results[index] = toKafkaError(error, `Produce to ${topic}/${partition}`);
      }
    }
    await Promise.all(
      [...byNode].map(async ([node, indexes]) => {
        const part = indexes.map((index) => batches[index]).filter((batch) => batch !== undefined);
        const outcome = await this.#produceTo(node, identity, part);
        for (const [position, index] of indexes.entries()) results[index] = outcome[position];
      }),
    );
    return results;
  }

  async fetch(
    node: number,
    positions: readonly PartitionOffset[],
    limits: FetchLimits,
  ): Promise<readonly FetchedPartition[]> {
    const asked = new Map(positions.map((at) => [`${at.topic}/${at.partition}`, at.offset]));
    const byTopic = Map.groupBy(positions, ({ topic }) => topic);
    const parameters = {
      isolationLevel: readCommitted,
      maxWaitTime: limits.maxWaitMs,
      minBytes: 1,
      maxBytes: limits.maxBytes,
      topics: [...byTopic].map(([topic, parts]) => ({
        topic,
        partitions: parts.map(({ partition, offset }) => ({
          partition,
          fetchOffset: offset,
          maxBytes: limits.maxBytesPerPartition,
        })),
      })),
    };
    const answer = await this.#connections.node(node, 'Fetch', parameters, {
      version: fetchVersion,
      read: (bytes) => decodeFetch(bytes, asked),
    });
    return answer as readonly FetchedPartition[];
  }

  group(group: string): GroupRequests {
    return new KafkajsGroup(this.#connections, group);
  }

  close(): void {
    this.#connections.close();
  }

  async #produceTo(
    node: number,
    identity: ProducerIdentity,
    batches: readonly ProduceBatch[],
  ): Promise<readonly (KafkaError | undefined)[]> {
    const parameters = produceParameters(identity, batches, this.#requestTimeoutMs);
    try {
      const answer = (await this.#connections.node(node, 'Produce', parameters)) as {
        readonly topics: readonly {
          readonly topicName: string;
          readonly partitions: readonly {
            readonly partition: number;
            readonly errorCode: number;
          }[];
        }[];
      };
      const codes = new Map(
        answer.topics.flatMap(({ topicName, partitions }) =>
          partitions.map((part) => [`${topicName}/${part.partition}`, part.errorCode]),
        ),
      );
      return batches.map(({ topic, partition }) => {
        const what = `Produce to ${topic}/${partition}`;
        const code = codes.get(`${topic}/${partition}`);
        if (code === undefined) return new KafkaError('NO_ANSWER', `${what}: no answer`, true);
        return errorOfCode(code, what);
      });
    } catch (error) {
      const failure = toKafkaError(error, 'Produce');
      return batches.map(() => failure);
    }
  }

  async #metadata(topics?: readonly string[]): Promise<readonly TopicMetadata[]> {
    const metadata = await this.#connections.metadata(topics);
    for (const { topic, topicErrorCode, partitionMetadata } of metadata) {
      if (topicErrorCode !== 0) continue;
      const led = partitionMetadata.filter(({ leader }) => leader >= 0);
      this.#leaders.set(
        topic,
        new Map(led.map(({ partitionId, leader }) => [partitionId, leader])),
      );
    }
    return metadata;
  }

  async #byLeader(topic: string, partitions: readonly number[]): Promise<Map<number, number[]>> {
    const byNode = new Map<number, number[]>();
    for (const partition of partitions) {
      const node = await this.leader(topic, partition);
      byNode.set(node, [...(byNode.get(node) ?? []), partition]);
    }
    return byNode;
  }

  /** Waits until metadata shows a leader for every partition: a new topic is not usable before. */
  async #awaitLeaders(topics: readonly NewTopic[]): Promise<void> {
    const names = topics.map(({ name }) => name);
    const limit = performance.now() + createLimitMs;
    for (;;) {
      const metadata = await this.#metadata(names);
      const ready = metadata.every(
        ({ topicErrorCode, partitionMetadata }) =>
          topicErrorCode === 0 && partitionMetadata.every(({ leader }) => leader >= 0),
      );
      if (ready && metadata.length === names.length) return;
      if (performance.now() > limit) {
        throw new KafkaError('TIMEOUT', `no leader for ${names.join(', ')} in time`, true);
      }
      await delay(leaderPollMs);
    }
  }
}
