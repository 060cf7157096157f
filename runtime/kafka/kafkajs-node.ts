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
import { decodeFetch, fetchVersion } from './kafkajs-fetch.ts';
import { type KafkajsLink, KafkajsLinks, type KafkajsOptions } from './kafkajs-link.ts';
import { produceParameters } from './kafkajs-produce.ts';
import type {
  ClusterAnswer,
  Coded,
  FetchAnswer,
  JoinedGroup,
  NodeAddress,
  OpenWireNode,
  WireNode,
} from './wire-node.ts';

const readCommitted = 1;
const offsetKeys = { earliest: -2, latest: -1 } as const;
const transactionTimeoutMs = 60_000;
const groupCoordinator = 0;
const protocolType = 'consumer';

interface WithCode {
  readonly errorCode: number;
}
interface PartCode extends WithCode {
  readonly partition: number;
}
interface TopicParts<Part> {
  readonly topic: string;
  readonly partitions: readonly Part[];
}
type Parts<Part> = readonly TopicParts<Part>[];

/** Makes nodes that are spoken to through the connections and wire formats of kafkajs; see `kafkajs-internals.ts`. */
export function kafkajsNodes(options: KafkajsOptions): OpenWireNode {
  const links = new KafkajsLinks(options);
  return (address) => new KafkajsNode(links.open(address), links.open(address));
}

class KafkajsNode implements WireNode {
  /** A broker answers the requests of a connection one after the other: what waits for something has its own. */
  readonly #link: KafkajsLink;
  readonly #waiting: KafkajsLink;

  constructor(link: KafkajsLink, waiting: KafkajsLink) {
    this.#link = link;
    this.#waiting = waiting;
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  async cluster(topics: readonly string[] | undefined): Promise<ClusterAnswer> {
    const answer = (await this.#link.send('Metadata', {
      topics: topics ?? [],
      allowAutoTopicCreation: false,
    })) as {
      readonly brokers: readonly NodeAddress[];
      readonly controllerId: number;
      readonly topicMetadata: readonly {
        readonly topicErrorCode: number;
        readonly topic: string;
        readonly partitionMetadata: readonly {
          readonly partitionId: number;
          readonly leader: number;
        }[];
      }[];
    };
    return {
      nodes: answer.brokers,
      controller: answer.controllerId,
      topics: answer.topicMetadata.map(({ topic, topicErrorCode, partitionMetadata }) => {
        const led = partitionMetadata.filter(({ leader }) => leader >= 0);
        const leaders = new Map(led.map(({ partitionId, leader }) => [partitionId, leader]));
        return { topic, code: topicErrorCode, partitions: partitionMetadata.length, leaders };
      }),
    };
  }

  async createTopics(topics: readonly NewTopic[], limitMs: number) {
    const answer = (await this.#link.send('CreateTopics', {
      topics: topics.map(({ name, partitions, replicas, config }) => ({
        topic: name,
        numPartitions: partitions,
        replicationFactor: replicas,
        replicaAssignment: [],
        configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
      })),
      validateOnly: false,
      timeout: limitMs,
    })) as {
      readonly topicErrors: readonly (WithCode & {
        readonly topic: string;
        readonly errorMessage?: string | null;
      })[];
    };
    return answer.topicErrors.map(({ topic, errorCode, errorMessage }) => ({
      topic,
      code: errorCode,
      message: errorMessage ?? '',
    }));
  }

  async offsets(end: 'earliest' | 'latest', topic: string, partitions: readonly number[]) {
    const asked = partitions.map((partition) => ({ partition, timestamp: offsetKeys[end] }));
    const answer = (await this.#link.send('ListOffsets', {
      isolationLevel: readCommitted,
      topics: [{ topic, partitions: asked }],
    })) as { readonly responses: Parts<PartCode & { readonly offset: string }> };
    return flat(answer.responses, ({ offset }) => ({ offset: Number(offset) }));
  }

  async initProducer() {
    const answer = (await this.#link.send('InitProducerId', {
      transactionTimeout: transactionTimeoutMs,
    })) as WithCode & {
      readonly producerId: { toString(): string };
      readonly producerEpoch: number;
    };
    const producerId = BigInt(answer.producerId.toString());
    return { code: answer.errorCode, producerId, epoch: answer.producerEpoch };
  }

  async produce(identity: ProducerIdentity, batches: readonly ProduceBatch[], limitMs: number) {
    const parameters = produceParameters(identity, batches, limitMs);
    const answer = (await this.#link.send('Produce', parameters)) as {
      readonly topics: readonly {
        readonly topicName: string;
        readonly partitions: readonly PartCode[];
      }[];
    };
    return flat(
      answer.topics.map(({ topicName, partitions }) => ({ topic: topicName, partitions })),
      () => ({}),
    );
  }

  async fetch(positions: readonly PartitionOffset[], limits: FetchLimits): Promise<FetchAnswer> {
    const parameters = {
      isolationLevel: readCommitted,
      maxWaitTime: limits.maxWaitMs,
      minBytes: 1,
      maxBytes: limits.maxBytes,
      topics: byTopic(positions, ({ partition, offset }) => ({
        partition,
        fetchOffset: offset,
        maxBytes: limits.maxBytesPerPartition,
      })),
    };
    const reader = { version: fetchVersion, read: decodeFetch };
    return (await this.#waiting.send('Fetch', parameters, reader)) as FetchAnswer;
  }

  async coordinator(group: string): Promise<Coded & NodeAddress> {
    const answer = (await this.#link.send('GroupCoordinator', {
      groupId: group,
      coordinatorType: groupCoordinator,
    })) as WithCode & { readonly coordinator: NodeAddress };
    return { code: answer.errorCode, ...answer.coordinator };
  }

  async join(group: string, request: JoinRequest): Promise<JoinedGroup> {
    const answer = (await this.#waiting.send('JoinGroup', {
      groupId: group,
      memberId: request.memberId,
      sessionTimeout: request.sessionTimeoutMs,
      rebalanceTimeout: request.rebalanceTimeoutMs,
      protocolType,
      groupProtocols: [{ name: request.protocol, metadata: Buffer.from(request.metadata) }],
    })) as WithCode & {
      readonly memberId: string;
      readonly leaderId: string;
      readonly generationId: number;
      readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
    };
    return {
      code: answer.errorCode,
      memberId: answer.memberId,
      leader: answer.leaderId,
      generation: answer.generationId,
      members: answer.members.map(({ memberId, memberMetadata }) => ({
        memberId,
        metadata: memberMetadata,
      })),
    };
  }

  async sync(group: string, member: MemberIdentity, assignment: ReadonlyMap<string, Uint8Array>) {
    const answer = (await this.#waiting.send('SyncGroup', {
      groupId: group,
      generationId: member.generation,
      memberId: member.memberId,
      groupAssignment: [...assignment].map(([memberId, part]) => ({
        memberId,
        memberAssignment: Buffer.from(part),
      })),
    })) as WithCode & { readonly memberAssignment: Buffer | null };
    return { code: answer.errorCode, part: answer.memberAssignment ?? Buffer.alloc(0) };
  }

  async heartbeat(group: string, member: MemberIdentity): Promise<Coded> {
    const answer = (await this.#link.send('Heartbeat', {
      groupId: group,
      groupGenerationId: member.generation,
      memberId: member.memberId,
    })) as WithCode;
    return { code: answer.errorCode };
  }

  async leave(group: string, memberId: string): Promise<Coded> {
    const answer = (await this.#link.send('LeaveGroup', { groupId: group, memberId })) as WithCode;
    return { code: answer.errorCode };
  }

  async commit(group: string, member: MemberIdentity, offsets: readonly PartitionOffset[]) {
    const answer = (await this.#link.send('OffsetCommit', {
      groupId: group,
      groupGenerationId: member.generation,
      memberId: member.memberId,
      topics: byTopic(offsets, ({ partition, offset }) => ({
        partition,
        offset: String(offset),
        metadata: null,
      })),
    })) as { readonly responses: Parts<PartCode> };
    return flat(answer.responses, () => ({}));
  }

  async committed(group: string, partitions: readonly TopicPartition[]) {
    const answer = (await this.#link.send('OffsetFetch', {
      groupId: group,
      topics: byTopic(partitions, ({ partition }) => ({ partition })),
    })) as WithCode & { readonly responses: Parts<PartCode & { readonly offset: string }> };
    const offsets = flat(answer.responses, ({ offset }) => ({ offset: Number(offset) }));
    return { code: answer.errorCode, offsets };
  }

  close(): void {
    this.#link.close();
    this.#waiting.close();
  }
}

function byTopic<At extends TopicPartition, Part>(
  all: readonly At[],
  toPart: (at: At) => Part,
): Parts<Part> {
  return [...Map.groupBy(all, ({ topic }) => topic)].map(([topic, parts]) => ({
    topic,
    partitions: parts.map(toPart),
  }));
}

/** The parts of an answer with topic, partition and code, and what else is taken of each. */
function flat<Part extends PartCode, More extends object>(
  topics: Parts<Part>,
  more: (part: Part) => More,
): (TopicPartition & Coded & More)[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map((part) => ({
      ...more(part),
      topic,
      partition: part.partition,
      code: part.errorCode,
    })),
  );
}
