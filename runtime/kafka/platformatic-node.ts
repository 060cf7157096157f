import {
  createTopicsV4,
  FindCoordinatorKeyTypes,
  fetchV11,
  findCoordinatorV2,
  heartbeatV3,
  initProducerIdV1,
  joinGroupV5,
  leaveGroupV2,
  listOffsetsV5,
  metadataV8,
  offsetCommitV7,
  offsetFetchV5,
  syncGroupV3,
} from '@platformatic/kafka';
import type { PartitionOffset } from '../transport.ts';
import type {
  FetchLimits,
  JoinRequest,
  MemberIdentity,
  NewTopic,
  ProduceBatch,
  ProducerIdentity,
  TopicPartition,
} from './client.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { decodeFetch } from './platformatic-fetch.ts';
import { PlatformaticLinks, toLinkOptions } from './platformatic-links.ts';
import { encodeTopics, produceEncoded } from './platformatic-produce.ts';
import type {
  ClusterAnswer,
  Coded,
  FetchAnswer,
  JoinedGroup,
  NodeAddress,
  OpenWireNode,
  WireNode,
} from './wire-node.ts';

const transactionTimeoutMs = 60_000;
const readCommitted = 1;
const offsetKeys = { earliest: -2n, latest: -1n } as const;
const consumer = -1;
const noEpoch = -1;
const noSession = 0;
const protocolType = 'consumer';
/** A member that is not the leader waits for the leader’s assignment. */
const syncWaitMs = 5000;

/**
 * Makes nodes that are spoken to through the connections and wire formats of `@platformatic/kafka`.
 *
 * Of the library only its connection and its functions of single requests are used, all of them exported. One version
 * of each request, of those that every broker speaks from Kafka 2.3 on.
 */
export function platformaticNodes(options: ConnectionOptions): OpenWireNode {
  const linkOptions = toLinkOptions(options);
  return (address) => new PlatformaticNode(new PlatformaticLinks(address, linkOptions));
}

class PlatformaticNode implements WireNode {
  readonly #links: PlatformaticLinks;

  constructor(links: PlatformaticLinks) {
    this.#links = links;
  }

  get connected(): boolean {
    return this.#links.connected;
  }

  async cluster(names: readonly string[] | undefined): Promise<ClusterAnswer> {
    const answer = await this.#links.send(metadataV8.api, [names?.slice() ?? null, false]);
    return {
      nodes: answer.brokers,
      controller: answer.controllerId,
      topics: answer.topics.map(({ name, errorCode, partitions }) => {
        const led = partitions.filter(({ leaderId }) => leaderId >= 0);
        const leaders = new Map(led.map((part) => [part.partitionIndex, part.leaderId]));
        return { topic: name, code: errorCode, partitions: partitions.length, leaders };
      }),
    };
  }

  async createTopics(topics: readonly NewTopic[], limitMs: number) {
    const asked = topics.map(({ name, partitions, replicas, config }) => ({
      name,
      numPartitions: partitions,
      replicationFactor: replicas,
      assignments: [],
      configs: Object.entries(config).map(([key, value]) => ({ name: key, value })),
    }));
    const parameters: Parameters<typeof createTopicsV4.createRequest> = [asked, limitMs, false];
    const answer = await this.#links.send(createTopicsV4.api, parameters, limitMs);
    return answer.topics.map(({ name, errorCode, errorMessage }) => ({
      topic: name,
      code: errorCode,
      message: errorMessage ?? '',
    }));
  }

  async offsets(end: 'earliest' | 'latest', topic: string, partitions: readonly number[]) {
    const asked = partitions.map((partition) => ({
      partitionIndex: partition,
      currentLeaderEpoch: noEpoch,
      timestamp: offsetKeys[end],
    }));
    const answer = await this.#links.send(listOffsetsV5.api, [
      consumer,
      readCommitted,
      [{ name: topic, partitions: asked }],
    ]);
    return flat(answer.topics, ({ offset }) => ({ offset: Number(offset) }));
  }

  async initProducer() {
    const noTransaction = null;
    const parameters: Parameters<typeof initProducerIdV1.createRequest> = [
      noTransaction,
      transactionTimeoutMs,
    ];
    const answer = await this.#links.send(initProducerIdV1.api, parameters);
    const { errorCode, producerId, producerEpoch } = answer;
    return { code: errorCode, producerId, epoch: producerEpoch };
  }

  async produce(identity: ProducerIdentity, batches: readonly ProduceBatch[], limitMs: number) {
    const topics = encodeTopics(identity, batches);
    const answer = await this.#links.send(produceEncoded, [limitMs, topics]);
    return answer.responses.flatMap(({ name, partitionResponses }) =>
      partitionResponses.map(({ index, errorCode }) => ({
        topic: name,
        partition: index,
        code: errorCode,
      })),
    );
  }

  async fetch(positions: readonly PartitionOffset[], limits: FetchLimits): Promise<FetchAnswer> {
    const topics = [...Map.groupBy(positions, ({ topic }) => topic)].map(([topicId, parts]) => ({
      topicId,
      partitions: parts.map(({ partition, offset }) => ({
        partition,
        currentLeaderEpoch: noEpoch,
        fetchOffset: BigInt(offset),
        lastFetchedEpoch: noEpoch,
        partitionMaxBytes: limits.maxBytesPerPartition,
      })),
    }));
    const { maxWaitMs, maxBytes } = limits;
    const answer = await this.#links.send(
      fetchV11.api,
      [maxWaitMs, 1, maxBytes, readCommitted, noSession, noEpoch, topics, [], ''],
      maxWaitMs,
    );
    return decodeFetch(answer);
  }

  async coordinator(group: string): Promise<Coded & NodeAddress> {
    const { GROUP } = FindCoordinatorKeyTypes;
    const { coordinators } = await this.#links.send(findCoordinatorV2.api, [GROUP, [group]]);
    const [found] = coordinators;
    if (found === undefined) throw new TypeError('FindCoordinator named nobody');
    const { errorCode, nodeId, host, port } = found;
    return { code: errorCode, nodeId, host, port };
  }

  async join(group: string, request: JoinRequest): Promise<JoinedGroup> {
    const { sessionTimeoutMs, rebalanceTimeoutMs, protocol, memberId, metadata } = request;
    const protocols = [{ name: protocol, metadata: Buffer.from(metadata) }];
    const answer = await this.#links.send(
      joinGroupV5.api,
      [group, sessionTimeoutMs, rebalanceTimeoutMs, memberId, null, protocolType, protocols],
      rebalanceTimeoutMs,
    );
    return {
      code: answer.errorCode,
      memberId: answer.memberId,
      leader: answer.leader,
      generation: answer.generationId,
      members: answer.members,
    };
  }

  async sync(group: string, member: MemberIdentity, assignment: ReadonlyMap<string, Uint8Array>) {
    const { memberId, generation } = member;
    const parts = [...assignment].map(([id, bytes]) => ({
      memberId: id,
      assignment: Buffer.from(bytes),
    }));
    const answer = await this.#links.send(
      syncGroupV3.api,
      [group, generation, memberId, null, null, null, parts],
      syncWaitMs,
    );
    return { code: answer.errorCode, part: answer.assignment };
  }

  async heartbeat(group: string, { memberId, generation }: MemberIdentity): Promise<Coded> {
    const answer = await this.#links.send(heartbeatV3.api, [group, generation, memberId, null]);
    return { code: answer.errorCode };
  }

  async leave(group: string, memberId: string): Promise<Coded> {
    const answer = await this.#links.send(leaveGroupV2.api, [group, [{ memberId }]]);
    return { code: answer.errorCode };
  }

  async commit(group: string, member: MemberIdentity, offsets: readonly PartitionOffset[]) {
    const { memberId, generation } = member;
    const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, parts]) => ({
      name,
      partitions: parts.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: noEpoch,
        committedMetadata: null,
      })),
    }));
    const answer = await this.#links.send(offsetCommitV7.api, [
      group,
      generation,
      memberId,
      null,
      topics,
    ]);
    return flat(answer.topics, () => ({}));
  }

  async committed(group: string, partitions: readonly TopicPartition[]) {
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, parts]) => ({
      name,
      partitionIndexes: parts.map(({ partition }) => partition),
    }));
    const answer = await this.#links.send(offsetFetchV5.api, [[{ groupId: group, topics }], false]);
    const offsets = flat(answer.topics, ({ committedOffset }) => ({
      offset: Number(committedOffset),
    }));
    return { code: answer.errorCode, offsets };
  }

  close(): void {
    this.#links.close();
  }
}

/** The parts of an answer with topic, partition and code, and what else is taken of each. */
function flat<
  Part extends { readonly partitionIndex: number; readonly errorCode: number },
  More extends object,
>(
  topics: readonly { readonly name: string; readonly partitions: readonly Part[] }[],
  more: (part: Part) => More,
): (TopicPartition & Coded & More)[] {
  return topics.flatMap(({ name, partitions }) =>
    partitions.map((part) => ({
      ...more(part),
      topic: name,
      partition: part.partitionIndex,
      code: part.errorCode,
    })),
  );
}
