import type { PartitionOffset } from '../transport.ts';
import type { Asked } from './asked.ts';
import type {
  GroupRequests,
  JoinAnswer,
  JoinRequest,
  KafkaError,
  MemberIdentity,
  TopicPartition,
} from './client.ts';
import type { ClusterNodes } from './cluster-nodes.ts';
import { errorOfCode, throwIfFailed } from './error-of-code.ts';
import { asKafkaError } from './kafka-fault.ts';
import type { WireNode } from './wire-node.ts';

/** After these the coordinator is another node, or its connection is broken. */
const coordinatorGone: ReadonlySet<string> = new Set([
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'CONNECTION',
  'TIMEOUT',
]);

/** The requests of one consumer group; the coordinator is looked up when first needed and whenever it has moved. */
export class CoordinatedGroup implements GroupRequests {
  readonly #nodes: ClusterNodes;
  readonly #group: string;
  #coordinator: number | undefined;

  constructor(nodes: ClusterNodes, group: string) {
    this.#nodes = nodes;
    this.#group = group;
  }

  async join(request: JoinRequest): Promise<JoinAnswer> {
    const answer = await this.#ask((node) => node.join(this.#group, request));
    const { code, memberId, generation, members } = answer;
    const error = errorOfCode(code, this.#asked('JoinGroup'));
    if (error?.type === 'MEMBER_ID_REQUIRED') return { memberId, leader: false, members: [] };
    this.#throw(error);
    return { memberId, generation, leader: answer.leader === memberId, members };
  }

  async sync(
    member: MemberIdentity,
    assignment: ReadonlyMap<string, Uint8Array>,
  ): Promise<Uint8Array> {
    const { code, part } = await this.#ask((node) => node.sync(this.#group, member, assignment));
    this.#throw(errorOfCode(code, this.#asked('SyncGroup')));
    return part;
  }

  async heartbeat(member: MemberIdentity): Promise<void> {
    const { code } = await this.#ask((node) => node.heartbeat(this.#group, member));
    this.#throw(errorOfCode(code, this.#asked('Heartbeat')));
  }

  async leave(memberId: string): Promise<void> {
    const { code } = await this.#ask((node) => node.leave(this.#group, memberId));
    this.#throw(errorOfCode(code, this.#asked('LeaveGroup')));
  }

  async commit(member: MemberIdentity, offsets: readonly PartitionOffset[]): Promise<void> {
    const answers = await this.#ask((node) => node.commit(this.#group, member, offsets));
    for (const { topic, partition, code } of answers) {
      this.#throw(errorOfCode(code, { ...this.#asked('OffsetCommit'), topic, partition }));
    }
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    const answer = await this.#ask((node) => node.committed(this.#group, partitions));
    this.#throw(errorOfCode(answer.code, this.#asked('OffsetFetch')));
    const found: PartitionOffset[] = [];
    for (const { topic, partition, offset, code } of answer.offsets) {
      this.#throw(errorOfCode(code, { ...this.#asked('OffsetFetch'), topic, partition }));
      if (offset >= 0) found.push({ topic, partition, offset });
    }
    return found;
  }

  #asked(api: string): Asked {
    return { api, group: this.#group };
  }

  async #ask<T>(ask: (node: WireNode) => Promise<T>): Promise<T> {
    try {
      return await this.#nodes.at(await this.#findCoordinator(), ask);
    } catch (error) {
      const failure = asKafkaError(error);
      this.#throw(failure);
      throw failure;
    }
  }

  async #findCoordinator(): Promise<number> {
    if (this.#coordinator !== undefined) return this.#coordinator;
    const found = await this.#nodes.anywhere((node) => node.coordinator(this.#group));
    throwIfFailed(found.code, this.#asked('FindCoordinator'));
    this.#nodes.learn([found]);
    this.#coordinator = found.nodeId;
    return found.nodeId;
  }

  #throw(error: KafkaError | undefined): void {
    if (error === undefined) return;
    if (coordinatorGone.has(error.type)) this.#coordinator = undefined;
    throw error;
  }
}
