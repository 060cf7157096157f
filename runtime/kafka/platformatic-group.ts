import {
  type API,
  FindCoordinatorKeyTypes,
  findCoordinatorV2,
  heartbeatV3,
  joinGroupV5,
  leaveGroupV2,
  offsetCommitV7,
  offsetFetchV5,
  syncGroupV3,
} from '@platformatic/kafka';
import type { PartitionOffset } from '../transport.ts';
import type {
  GroupRequests,
  JoinAnswer,
  JoinRequest,
  KafkaError,
  MemberIdentity,
  TopicPartition,
} from './client.ts';
import type { PlatformaticConnections } from './platformatic-connections.ts';
import { errorOfCode, throwIfFailed, toKafkaError } from './platformatic-errors.ts';

/** After these the coordinator is another node, or its connection is broken. */
const coordinatorGone: ReadonlySet<string> = new Set([
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'CONNECTION',
  'TIMEOUT',
]);
const protocolType = 'consumer';
const noLeaderEpoch = -1;
/** A member that is not the leader waits for the leader’s assignment. */
const syncWaitMs = 5000;

/** The requests of one consumer group; the coordinator is looked up when first needed and whenever it has moved. */
export class PlatformaticGroup implements GroupRequests {
  readonly #connections: PlatformaticConnections;
  readonly #group: string;
  #coordinator: number | undefined;

  constructor(connections: PlatformaticConnections, group: string) {
    this.#connections = connections;
    this.#group = group;
  }

  async join(request: JoinRequest): Promise<JoinAnswer> {
    const { sessionTimeoutMs, rebalanceTimeoutMs, protocol } = request;
    const protocols = [{ name: protocol, metadata: Buffer.from(request.metadata) }];
    const answer = await this.#send(
      joinGroupV5.api,
      [
        this.#group,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        request.memberId,
        null,
        protocolType,
        protocols,
      ],
      rebalanceTimeoutMs,
    );
    const { memberId } = answer;
    const error = errorOfCode(answer.errorCode, `JoinGroup ${this.#group}`);
    if (error?.type === 'MEMBER_ID_REQUIRED') return { memberId, leader: false, members: [] };
    this.#throw(error);
    return {
      memberId,
      generation: answer.generationId,
      leader: answer.leader === memberId,
      members: answer.members.map((member) => ({
        memberId: member.memberId,
        metadata: member.metadata,
      })),
    };
  }

  async sync(
    { memberId, generation }: MemberIdentity,
    assignment: ReadonlyMap<string, Uint8Array>,
  ): Promise<Uint8Array> {
    const parts = [...assignment].map(([member, bytes]) => ({
      memberId: member,
      assignment: Buffer.from(bytes),
    }));
    const answer = await this.#send(
      syncGroupV3.api,
      [this.#group, generation, memberId, null, null, null, parts],
      syncWaitMs,
    );
    this.#throw(errorOfCode(answer.errorCode, `SyncGroup ${this.#group}`));
    return answer.assignment;
  }

  async heartbeat({ memberId, generation }: MemberIdentity): Promise<void> {
    const answer = await this.#send(heartbeatV3.api, [this.#group, generation, memberId, null]);
    this.#throw(errorOfCode(answer.errorCode, `Heartbeat ${this.#group}`));
  }

  async leave(memberId: string): Promise<void> {
    const answer = await this.#send(leaveGroupV2.api, [this.#group, [{ memberId }]]);
    this.#throw(errorOfCode(answer.errorCode, `LeaveGroup ${this.#group}`));
  }

  async commit(
    { memberId, generation }: MemberIdentity,
    offsets: readonly PartitionOffset[],
  ): Promise<void> {
    const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, parts]) => ({
      name,
      partitions: parts.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: noLeaderEpoch,
        committedMetadata: null,
      })),
    }));
    const answer = await this.#send(offsetCommitV7.api, [
      this.#group,
      generation,
      memberId,
      null,
      topics,
    ]);
    for (const { name, partitions } of answer.topics) {
      for (const { errorCode } of partitions) {
        this.#throw(errorOfCode(errorCode, `OffsetCommit ${this.#group} ${name}`));
      }
    }
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, parts]) => ({
      name,
      partitionIndexes: parts.map(({ partition }) => partition),
    }));
    const asked = [{ groupId: this.#group, topics }];
    const answer = await this.#send(offsetFetchV5.api, [asked, false]);
    this.#throw(errorOfCode(answer.errorCode, `OffsetFetch ${this.#group}`));
    const offsets: PartitionOffset[] = [];
    for (const { name, partitions: parts } of answer.topics) {
      for (const { partitionIndex, committedOffset, errorCode } of parts) {
        const what = `OffsetFetch ${this.#group} ${name}/${partitionIndex}`;
        this.#throw(errorOfCode(errorCode, what));
        const offset = Number(committedOffset);
        if (offset >= 0) offsets.push({ topic: name, partition: partitionIndex, offset });
      }
    }
    return offsets;
  }

  async #send<Parameters extends unknown[], Answer>(
    api: API<Parameters, Answer>,
    parameters: Parameters,
    waitMs = 0,
  ): Promise<Answer> {
    try {
      const node = await this.#findCoordinator();
      return await this.#connections.node(node, api, parameters, waitMs);
    } catch (error) {
      const failure = toKafkaError(error, `group ${this.#group}`);
      this.#throw(failure);
      throw failure;
    }
  }

  async #findCoordinator(): Promise<number> {
    if (this.#coordinator !== undefined) return this.#coordinator;
    const { GROUP } = FindCoordinatorKeyTypes;
    const answer = await this.#connections.anywhere(findCoordinatorV2.api, [GROUP, [this.#group]]);
    const [found] = answer.coordinators;
    if (found === undefined) throw new TypeError('FindCoordinator named nobody');
    throwIfFailed(found.errorCode, `FindCoordinator ${this.#group}`);
    this.#connections.learn([found]);
    this.#coordinator = found.nodeId;
    return found.nodeId;
  }

  #throw(error: KafkaError | undefined): void {
    if (error === undefined) return;
    if (coordinatorGone.has(error.type)) this.#coordinator = undefined;
    throw error;
  }
}
