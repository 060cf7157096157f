import { createTopicsV4, fetchV11, initProducerIdV1, listOffsetsV5 } from '@platformatic/kafka';
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
import type { ConnectionOptions } from './connection-options.ts';
import { PlatformaticConnections } from './platformatic-connections.ts';
import { errorOfCode, throwIfFailed, toKafkaError } from './platformatic-errors.ts';
import { toFetchedPartitions } from './platformatic-fetch.ts';
import { PlatformaticGroup } from './platformatic-group.ts';
import { encodeTopics, produceEncoded } from './platformatic-produce.ts';
import { outcomes, produceByLeader, TopicLeaders } from './topic-leaders.ts';

const createLimitMs = 10_000;
const transactionTimeoutMs = 60_000;
const readCommitted = 1;
const offsetKeys = { earliest: -2n, latest: -1n } as const;
const consumer = -1;
const noEpoch = -1;
const noSession = 0;

/**
 * The Kafka requests on the connections and wire formats of `@platformatic/kafka`.
 *
 * Of the library only its connection and its functions of single requests are used, all of them exported. One version
 * of each request, of those that every broker speaks from Kafka 2.3 on.
 */
export class PlatformaticClient implements KafkaClient {
  readonly #connections: PlatformaticConnections;
  readonly #requestTimeoutMs: number;
  readonly #leaders: TopicLeaders;

  constructor(options: ConnectionOptions) {
    this.#connections = new PlatformaticConnections(options);
    this.#requestTimeoutMs = options.requestTimeoutMs;
    this.#leaders = new TopicLeaders((topics) => this.#connections.topics(topics));
  }

  async partitionCounts(topics?: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return await this.#leaders.partitionCounts(topics);
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    const asked = topics.map(({ name, partitions, replicas, config }) => ({
      name,
      numPartitions: partitions,
      replicationFactor: replicas,
      assignments: [],
      configs: Object.entries(config).map(([key, value]) => ({ name: key, value })),
    }));
    const parameters: Parameters<typeof createTopicsV4.createRequest> = [
      asked,
      createLimitMs,
      false,
    ];
    const answer = await this.#connections.controller(
      createTopicsV4.api,
      parameters,
      createLimitMs,
    );
    for (const { name, errorCode, errorMessage } of answer.topics) {
      const error = errorOfCode(errorCode, `CreateTopics ${name} ${errorMessage ?? ''}`.trim());
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
      const asked = group.map((partition) => ({
        partitionIndex: partition,
        currentLeaderEpoch: noEpoch,
        timestamp: offsetKeys[end],
      }));
      const answer = await this.#connections.node(node, listOffsetsV5.api, [
        consumer,
        readCommitted,
        [{ name: topic, partitions: asked }],
      ]);
      for (const part of answer.topics.flatMap((response) => response.partitions)) {
        throwIfFailed(part.errorCode, `ListOffsets of ${topic}/${part.partitionIndex}`);
        found.set(part.partitionIndex, Number(part.offset));
      }
    }
    return found;
  }

  async initProducer(): Promise<ProducerIdentity> {
    const answer = await this.#connections.anywhere(initProducerIdV1.api, [
      null,
      transactionTimeoutMs,
    ]);
    throwIfFailed(answer.errorCode, 'InitProducerId');
    return { producerId: answer.producerId, epoch: answer.producerEpoch };
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
    const topics = [...byTopic].map(([topic, parts]) => ({
      topicId: topic,
      partitions: parts.map(({ partition, offset }) => ({
        partition,
        currentLeaderEpoch: noEpoch,
        fetchOffset: BigInt(offset),
        lastFetchedEpoch: noEpoch,
        partitionMaxBytes: limits.maxBytesPerPartition,
      })),
    }));
    const { maxWaitMs, maxBytes } = limits;
    const answer = await this.#connections.node(
      node,
      fetchV11.api,
      [maxWaitMs, 1, maxBytes, readCommitted, noSession, noEpoch, topics, [], ''],
      maxWaitMs,
    );
    return toFetchedPartitions(answer, asked);
  }

  group(group: string): GroupRequests {
    return new PlatformaticGroup(this.#connections, group);
  }

  close(): void {
    this.#connections.close();
  }

  async #produceTo(
    node: number,
    identity: ProducerIdentity,
    batches: readonly ProduceBatch[],
  ): Promise<readonly (KafkaError | undefined)[]> {
    try {
      const topics = encodeTopics(identity, batches);
      // The broker gets less time for its replicas than we wait, so that its answer still comes.
      const timeoutMs = Math.ceil(this.#requestTimeoutMs * 0.8);
      const answer = await this.#connections.node(node, produceEncoded, [timeoutMs, topics]);
      const codes = new Map(
        answer.responses.flatMap(({ name, partitionResponses }) =>
          partitionResponses.map((part) => [`${name}/${part.index}`, part.errorCode]),
        ),
      );
      return outcomes(batches, codes, errorOfCode);
    } catch (error) {
      const failure = toKafkaError(error, 'Produce');
      return batches.map(() => failure);
    }
  }
}
