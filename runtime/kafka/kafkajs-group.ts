import type { PartitionOffset } from '../transport.ts';
import type {
  GroupRequests,
  JoinAnswer,
  JoinRequest,
  KafkaError,
  MemberIdentity,
  TopicPartition,
} from './client.ts';
import { type KafkajsConnections, throwIfFailed } from './kafkajs-connections.ts';
import { errorOfCode, toKafkaError } from './kafkajs-errors.ts';

/** After these the coordinator is another node, or its connection is broken. */
const coordinatorGone: ReadonlySet<string> = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'CONNECTION',
  'TIMEOUT',
]);
const groupCoordinator = 0;
const protocolType = 'consumer';

interface Coded {
  readonly errorCode: number;
}

/** The requests of one consumer group; the coordinator is looked up when first needed and whenever it has moved. */
export class KafkajsGroup implements GroupRequests {
  readonly #connections: KafkajsConnections;
  readonly #group: string;
  #coordinator: number | undefined;

  constructor(connections: KafkajsConnections, group: string) {
    this.#connections = connections;
    this.#group = group;
  }

  async join(request: JoinRequest): Promise<JoinAnswer> {
    const parameters = {
      memberId: request.memberId,
      sessionTimeout: request.sessionTimeoutMs,
      rebalanceTimeout: request.rebalanceTimeoutMs,
      protocolType,
      groupProtocols: [{ name: request.protocol, metadata: Buffer.from(request.metadata) }],
    };
    const answer = (await this.#send('JoinGroup', parameters)) as Coded & {
      readonly memberId: string;
      readonly leaderId: string;
      readonly generationId: number;
      readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
    };
    const { memberId } = answer;
    const error = errorOfCode(answer.errorCode, `JoinGroup ${this.#group}`);
    if (error?.type === 'MEMBER_ID_REQUIRED') return { memberId, leader: false, members: [] };
    this.#throw(error);
    return {
      memberId,
      generation: answer.generationId,
      leader: answer.leaderId === memberId,
      members: answer.members.map((member) => ({
        memberId: member.memberId,
        metadata: member.memberMetadata,
      })),
    };
  }

  async sync(
    member: MemberIdentity,
    assignment: ReadonlyMap<string, Uint8Array>,
  ): Promise<Uint8Array> {
    const parameters = {
      generationId: member.generation,
      memberId: member.memberId,
      groupAssignment: [...assignment].map(([memberId, part]) => ({
        memberId,
        memberAssignment: Buffer.from(part),
      })),
    };
    const answer = (await this.#send('SyncGroup', parameters)) as Coded & {
      readonly memberAssignment: Buffer | null;
    };
    this.#throw(errorOfCode(answer.errorCode, `SyncGroup ${this.#group}`));
    return answer.memberAssignment ?? Buffer.alloc(0);
  }

  async heartbeat(member: MemberIdentity): Promise<void> {
    const parameters = { groupGenerationId: member.generation, memberId: member.memberId };
    const answer = (await this.#send('Heartbeat', parameters)) as Coded;
    this.#throw(errorOfCode(answer.errorCode, `Heartbeat ${this.#group}`));
  }

  async leave(memberId: string): Promise<void> {
    const answer = (await this.#send('LeaveGroup', { memberId })) as Coded;
    this.#throw(errorOfCode(answer.errorCode, `LeaveGroup ${this.#group}`));
  }

  async commit(member: MemberIdentity, offsets: readonly PartitionOffset[]): Promise<void> {
    const parameters = {
      groupGenerationId: member.generation,
      memberId: member.memberId,
      topics: [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topic, parts]) => ({
        topic,
        partitions: parts.map(({ partition, offset }) => ({
          partition,
          offset: String(offset),
          metadata: null,
        })),
      })),
    };
    const answer = (await this.#send('OffsetCommit', parameters)) as {
      readonly responses: readonly {
        readonly topic: string;
        readonly partitions: readonly Coded[];
      }[];
    };
    for (const { topic, partitions } of answer.responses) {
      for (const { errorCode } of partitions) {
        this.#throw(errorOfCode(errorCode, `OffsetCommit ${this.#group} ${topic}`));
      }
    }
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    const parameters = {
      topics: [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, parts]) => ({
        topic,
        partitions: parts.map(({ partition }) => ({ partition })),
      })),
    };
    const answer = (await this.#send('OffsetFetch', parameters)) as Coded & {
      readonly responses: readonly {
        readonly topic: string;
        readonly partitions: readonly (Coded & {
          readonly partition: number;
          readonly offset: string;
        })[];
      }[];
    };
    this.#throw(errorOfCode(answer.errorCode, `OffsetFetch ${this.#group}`));
    const offsets: PartitionOffset[] = [];
    for (const { topic, partitions: parts } of answer.responses) {
      for (const { partition, offset, errorCode } of parts) {
        this.#throw(errorOfCode(errorCode, `OffsetFetch ${this.#group} ${topic}/${partition}`));
        if (Number(offset) >= 0) offsets.push({ topic, partition, offset: Number(offset) });
      }
    }
    return offsets;
  }

  async #send(api: string, parameters: object): Promise<unknown> {
    try {
      const node = await this.#findCoordinator();
      return await this.#connections.node(node, api, { groupId: this.#group, ...parameters });
    } catch (error) {
      const failure = toKafkaError(error, `${api} ${this.#group}`);
      this.#throw(failure);
      throw failure;
    }
  }

  async #findCoordinator(): Promise<number> {
    if (this.#coordinator !== undefined) return this.#coordinator;
    const parameters = { groupId: this.#group, coordinatorType: groupCoordinator };
    const answer = (await this.#connections.anywhere('GroupCoordinator', parameters)) as Coded & {
      readonly coordinator: {
        readonly nodeId: number;
        readonly host: string;
        readonly port: number;
      };
    };
    throwIfFailed(answer.errorCode, `FindCoordinator ${this.#group}`);
    this.#connections.learn([answer.coordinator]);
    this.#coordinator = answer.coordinator.nodeId;
    return this.#coordinator;
  }

  #throw(error: KafkaError | undefined): void {
    if (error === undefined) return;
    if (coordinatorGone.has(error.type)) this.#coordinator = undefined;
    throw error;
  }
}
