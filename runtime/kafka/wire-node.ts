import type { FetchedRecord, PartitionOffset } from '../transport.ts';
import type {
  FetchLimits,
  GroupMemberMetadata,
  JoinRequest,
  MemberIdentity,
  NewTopic,
  ProduceBatch,
  ProducerIdentity,
  TopicPartition,
} from './client.ts';
import type { Address } from './connection-options.ts';

/** An answer, or a part of one, with the error code that the broker gave it; 0 is success. */
export interface Coded {
  readonly code: number;
}

/** Where a node of the cluster listens. */
export interface NodeAddress extends Address {
  readonly nodeId: number;
}

/** What a node knows of the cluster. `leaders`: the node of each partition that has one. */
export interface ClusterAnswer {
  readonly nodes: readonly NodeAddress[];
  readonly controller: number;
  readonly topics: readonly (Coded & {
    readonly topic: string;
    readonly partitions: number;
    readonly leaders: ReadonlyMap<number, number>;
  })[];
}

/** A stored batch as decoded. Compaction may have left no record in it; `endOffset` is behind it all the same. */
export interface StoredBatch {
  readonly firstOffset: number;
  readonly endOffset: number;
  readonly producerId: bigint;
  readonly transactional: boolean;
  /** The mark at the end of a transaction. */
  readonly control: boolean;
  readonly records: readonly FetchedRecord[];
}

/** Where a transaction that was aborted begins. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** What was fetched of one partition. `stableEnd`: the end for readers of committed records. */
export interface FetchedBatches extends TopicPartition, Coded {
  readonly stableEnd: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly batches: readonly StoredBatch[];
}

/** The answer to a fetch. */
export interface FetchAnswer extends Coded {
  readonly partitions: readonly FetchedBatches[];
}

/** The answer to a join. */
export interface JoinedGroup extends Coded {
  readonly memberId: string;
  readonly leader: string;
  readonly generation: number;
  readonly members: readonly GroupMemberMetadata[];
}

/**
 * The connections to one node: encodes requests, sends them and decodes the answers. All that a client library does for us.
 *
 * Every call rejects with a `KafkaError` when there is no answer; error codes within an answer are left in it. A request
 * that waits on the broker (join, sync, fetch) may hold up others of its kind.
 */
export interface WireNode {
  /** Whether a request would go out without connecting first. */
  readonly connected: boolean;
  /** The named topics, or all. */
  cluster(topics: readonly string[] | undefined): Promise<ClusterAnswer>;
  createTopics(
    topics: readonly NewTopic[],
    limitMs: number,
  ): Promise<readonly (Coded & { readonly topic: string; readonly message: string })[]>;
  /** Offsets at the beginning or end, for readers of committed records. */
  offsets(
    end: 'earliest' | 'latest',
    topic: string,
    partitions: readonly number[],
  ): Promise<readonly (Coded & PartitionOffset)[]>;
  initProducer(): Promise<Coded & ProducerIdentity>;
  /** `limitMs`: how long the broker may wait for its replicas; all in sync must acknowledge. */
  produce(
    identity: ProducerIdentity,
    batches: readonly ProduceBatch[],
    limitMs: number,
  ): Promise<readonly (Coded & TopicPartition)[]>;
  fetch(positions: readonly PartitionOffset[], limits: FetchLimits): Promise<FetchAnswer>;
  coordinator(group: string): Promise<Coded & NodeAddress>;
  join(group: string, request: JoinRequest): Promise<JoinedGroup>;
  sync(
    group: string,
    member: MemberIdentity,
    assignment: ReadonlyMap<string, Uint8Array>,
  ): Promise<Coded & { readonly part: Uint8Array }>;
  heartbeat(group: string, member: MemberIdentity): Promise<Coded>;
  leave(group: string, memberId: string): Promise<Coded>;
  commit(
    group: string,
    member: MemberIdentity,
    offsets: readonly PartitionOffset[],
  ): Promise<readonly (Coded & TopicPartition)[]>;
  /** Committed next offsets; -1 where there is none. */
  committed(
    group: string,
    partitions: readonly TopicPartition[],
  ): Promise<Coded & { readonly offsets: readonly (Coded & PartitionOffset)[] }>;
  /** Closes the connections at once; requests under way reject. */
  close(): void;
}

/** Makes the connections to a node; they are opened when first needed and again after they were lost. */
export type OpenWireNode = (address: Address) => WireNode;
