import type { PartitionOffset } from '../transport.ts';
import type {
  FetchedPartition,
  FetchLimits,
  GroupRequests,
  KafkaClient,
  KafkaError,
  NewTopic,
  ProduceBatch,
  ProducerIdentity,
} from './client.ts';
import {
  KafkajsConnections,
  type KafkajsOptions,
  type TopicMetadata,
  throwIfFailed,
} from './kafkajs-connections.ts';
import { errorOfCode, toKafkaError } from './kafkajs-errors.ts';
import { decodeFetch, fetchVersion } from './kafkajs-fetch.ts';
import { KafkajsGroup } from './kafkajs-group.ts';
import { produceParameters } from './kafkajs-produce.ts';
import { outcomes, produceByLeader, TopicLeaders, type TopicState } from './topic-leaders.ts';

const createLimitMs = 10_000;
const readCommitted = 1;
const offsetKeys = { earliest: -2, latest: -1 } as const;

/** The Kafka requests on the connections and wire formats of kafkajs; see `kafkajs-internals.ts` for why only those. */
export class KafkajsClient implements KafkaClient {
  readonly #connections: KafkajsConnections;
  readonly #requestTimeoutMs: number;
  readonly #leaders: TopicLeaders;

  constructor(options: KafkajsOptions) {
    this.#connections = new KafkajsConnections(options);
    this.#requestTimeoutMs = options.requestTimeoutMs;
    this.#leaders = new TopicLeaders(async (topics) =>
      (await this.#connections.metadata(topics)).map(toTopicState),
    );
  }

  async partitionCounts(topics?: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return await this.#leaders.partitionCounts(topics);
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
    await this.#leaders.awaitLeaders(
      topics.map(({ name }) => name),
      createLimitMs,
    );
  }

  async leader(topic: string, partition: number): Promise<number> {
    return await this.#leaders.leader(topic, partition);
  }

  forgetLeaders(): void {
    this.#leaders.forget();
  }

  async offsetsAt(
    end: 'earliest' | 'latest',
    topic: string,
    partitions: readonly number[],
  ): Promise<ReadonlyMap<number, number>> {
    const found = new Map<number, number>();
    for (const [node, group] of await this.#leaders.byLeader(topic, partitions)) {
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
    return await produceByLeader(this.#leaders, batches, toKafkaError, (node, part) =>
      this.#produceTo(node, identity, part),
    );
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
      return outcomes(batches, codes, errorOfCode);
    } catch (error) {
      const failure = toKafkaError(error, 'Produce');
      return batches.map(() => failure);
    }
  }
}

function toTopicState({ topic, topicErrorCode, partitionMetadata }: TopicMetadata): TopicState {
  const led = partitionMetadata.filter(({ leader }) => leader >= 0);
  return {
    topic,
    error: errorOfCode(topicErrorCode, `Metadata of ${topic}`),
    partitions: partitionMetadata.length,
    leaders: new Map(led.map(({ partitionId, leader }) => [partitionId, leader])),
  };
}
