import type { PartitionOffset } from '../transport.ts';
import type {
  FetchedPartition,
  FetchLimits,
  GroupRequests,
  KafkaClient,
  NewTopic,
  ProduceBatch,
  ProducerIdentity,
} from './client.ts';
import { KafkaError } from './client.ts';
import { ClusterNodes } from './cluster-nodes.ts';
import { CoordinatedGroup } from './coordinated-group.ts';
import { errorOfCode, throwIfFailed } from './error-of-code.ts';
import { asKafkaError } from './kafka-fault.ts';
import { toFetchedPartition } from './stored-batches.ts';
import { outcomes, produceByLeader, TopicLeaders } from './topic-leaders.ts';
import type { OpenWireNode } from './wire-node.ts';

const createLimitMs = 10_000;
/** The broker gets less time for its replicas than we wait, so that its answer still comes. */
const replicaShare = 0.8;

/** What a client is made of: where to begin, how to speak to a node, and how long one request may take. */
export interface ClusterClientOptions {
  /** Who we are to the brokers. */
  readonly principal: string;
  readonly brokers: readonly string[];
  readonly open: OpenWireNode;
  readonly requestTimeoutMs: number;
}

/** The Kafka requests, each sent to the node that answers it: a leader, the controller, a coordinator, or any. */
export class ClusterClient implements KafkaClient {
  readonly principal: string;
  readonly #nodes: ClusterNodes;
  readonly #leaders: TopicLeaders;
  readonly #replicaLimitMs: number;

  constructor({ principal, brokers, open, requestTimeoutMs }: ClusterClientOptions) {
    this.principal = principal;
    this.#nodes = new ClusterNodes(brokers, open);
    this.#replicaLimitMs = Math.ceil(requestTimeoutMs * replicaShare);
    this.#leaders = new TopicLeaders(async (names) => {
      const { topics } = await this.#nodes.cluster(names);
      return topics.map(({ code, ...state }) => ({
        ...state,
        error: errorOfCode(code, { api: 'Metadata', topic: state.topic }),
      }));
    });
  }

  async partitionCounts(topics?: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return await this.#leaders.partitionCounts(topics);
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    const created = await this.#nodes.atController((node) =>
      node.createTopics(topics, createLimitMs),
    );
    for (const { topic, code, message } of created) {
      throwUnlessCreated(errorOfCode(code, { api: 'CreateTopics', topic }), message);
    }
    const names = topics.map(({ name }) => name);
    await this.#leaders.awaitLeaders(names, createLimitMs);
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
    for (const [id, led] of await this.#leaders.byLeader(topic, partitions)) {
      const offsets = await this.#nodes.at(id, (node) => node.offsets(end, topic, led));
      for (const { partition, code, offset } of offsets) {
        throwIfFailed(code, { api: 'ListOffsets', topic, partition });
        found.set(partition, offset);
      }
    }
    return found;
  }

  async initProducer(): Promise<ProducerIdentity> {
    const answer = await this.#nodes.anywhere((node) => node.initProducer());
    throwIfFailed(answer.code, { api: 'InitProducerId' });
    return { producerId: answer.producerId, epoch: answer.epoch };
  }

  async produce(
    identity: ProducerIdentity,
    batches: readonly ProduceBatch[],
  ): Promise<readonly (KafkaError | undefined)[]> {
    return await produceByLeader(this.#leaders, batches, async (id, part) => {
      try {
        const answers = await this.#nodes.at(id, (node) =>
          node.produce(identity, part, this.#replicaLimitMs),
        );
        return outcomes(part, answers);
      } catch (error) {
        return part.map(() => asKafkaError(error));
      }
    });
  }

  async fetch(
    node: number,
    positions: readonly PartitionOffset[],
    limits: FetchLimits,
  ): Promise<readonly FetchedPartition[]> {
    const asked = new Map(positions.map((at) => [`${at.topic}/${at.partition}`, at.offset]));
    const { code, partitions } = await this.#nodes.at(node, (at) => at.fetch(positions, limits));
    throwIfFailed(code, { api: 'Fetch' });
    return partitions.map((fetched) =>
      toFetchedPartition(fetched, asked.get(`${fetched.topic}/${fetched.partition}`) ?? 0),
    );
  }

  group(group: string): GroupRequests {
    return new CoordinatedGroup(this.#nodes, group);
  }

  close(): void {
    this.#nodes.close();
  }
}

/** Throws what kept a topic from being created, with the broker’s own words; that it exists already did not. */
function throwUnlessCreated(error: KafkaError | undefined, words: string): void {
  if (error === undefined || error.type === 'TOPIC_ALREADY_EXISTS') return;
  const text = words === '' ? error.message : `${error.message} (${words})`;
  const { type, retriable, missing } = error;
  throw new KafkaError(type, text, retriable, { cause: error, missing });
}
