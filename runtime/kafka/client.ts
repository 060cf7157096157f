import type { FetchedRecord, PartitionOffset, TopicRecord } from '../transport.ts';

/** What somebody must be allowed: an operation on a resource, in Kafka’s words (`Write` on topic `t`). */
export interface Permission {
  readonly operation: string;
  readonly resource: 'topic' | 'group' | 'cluster';
  readonly name: string;
}

/**
 * An error of a broker or of the way to it.
 *
 * `type` is Kafka’s own name of the error code, or `CONNECTION`, `TIMEOUT`, `AUTHENTICATION` for what happens before a
 * broker answers. `retriable`: the same request may succeed later, perhaps after fresh metadata. `missing`: what the
 * brokers would have to allow.
 */
export class KafkaError extends Error {
  readonly type: string;
  readonly retriable: boolean;
  readonly missing: Permission | undefined;

  constructor(
    type: string,
    message: string,
    retriable: boolean,
    options?: ErrorOptions & { readonly missing?: Permission | undefined },
  ) {
    super(message, options);
    this.name = 'KafkaError';
    this.type = type;
    this.retriable = retriable;
    this.missing = options?.missing;
  }
}

/** What a topic is created with; `config` holds Kafka’s topic settings by their own names. */
export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  /** Copies of each partition. */
  readonly replicas: number;
  readonly config: Readonly<Record<string, string>>;
}

/** A topic and one of its partitions. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What an idempotent producer is known by to the brokers. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly epoch: number;
}

/** Records of one partition that are stored together or not at all; `firstSequence` counts records per identity. */
export interface ProduceBatch extends TopicPartition {
  readonly firstSequence: number;
  readonly records: readonly TopicRecord[];
}

/** Records of one partition, as fetched. */
export interface FetchedPartition extends TopicPartition {
  readonly error?: KafkaError;
  readonly records: readonly FetchedRecord[];
  /** Where to fetch next: past the last stored batch, even when compaction or a transaction left no record in it. */
  readonly nextOffset: number;
  /** The partition’s end for a reader of committed records. */
  readonly high: number;
}

/** Limits of a fetch. A record larger than the byte limits is still delivered, alone. */
export interface FetchLimits {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
}

/** A member’s wish to join its group. An empty `memberId` asks for one. */
export interface JoinRequest {
  readonly memberId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocol: string;
  readonly metadata: Uint8Array;
}

/** A group member as the leader sees it. */
export interface GroupMemberMetadata {
  readonly memberId: string;
  readonly metadata: Uint8Array;
}

/** The answer to a join. `generation` is absent when the coordinator only gave a member id: join again with it. */
export interface JoinAnswer {
  readonly memberId: string;
  readonly generation?: number;
  readonly leader: boolean;
  /** All members, for the leader; empty for the others. */
  readonly members: readonly GroupMemberMetadata[];
}

/** Who speaks to the coordinator. */
export interface MemberIdentity {
  readonly memberId: string;
  readonly generation: number;
}

/** The requests of a consumer group; each finds the group’s coordinator by itself. */
export interface GroupRequests {
  join(request: JoinRequest): Promise<JoinAnswer>;
  /** Hands in the leader’s assignment (empty from others) and returns this member’s part. */
  sync(member: MemberIdentity, assignment: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array>;
  heartbeat(member: MemberIdentity): Promise<void>;
  leave(memberId: string): Promise<void>;
  commit(member: MemberIdentity, offsets: readonly PartitionOffset[]): Promise<void>;
  /** Committed next offsets; partitions without one are left out. */
  committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]>;
}

/**
 * The few Kafka requests the transport is made of, over one set of connections.
 *
 * Every call rejects with a `KafkaError`. A long request (join, fetch) holds up others of its kind on the same client,
 * so each membership, producer and reader has a client of its own.
 */
export interface KafkaClient {
  /** Who we are to the brokers, by their default rules: `User:name`. */
  readonly principal: string;
  /** Partition counts of the named topics, or of all; a missing topic is left out. */
  partitionCounts(topics?: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Creates topics and waits until each partition has a leader. A topic that exists is not an error. */
  createTopics(topics: readonly NewTopic[]): Promise<void>;
  /** The node that leads a partition, from cached metadata. */
  leader(topic: string, partition: number): Promise<number>;
  /** Forgets cached metadata, so that the next call that needs it asks. */
  forgetLeaders(): void;
  /** Offsets at the beginning or end of partitions of one topic. */
  offsetsAt(
    end: 'earliest' | 'latest',
    topic: string,
    partitions: readonly number[],
  ): Promise<ReadonlyMap<number, number>>;
  initProducer(): Promise<ProducerIdentity>;
  /** Stores each batch with all replicas’ acknowledgement. Results stand in the order of the batches. */
  produce(
    identity: ProducerIdentity,
    batches: readonly ProduceBatch[],
  ): Promise<readonly (KafkaError | undefined)[]>;
  /** Fetches from one node; waits up to `maxWaitMs` when there is nothing yet. */
  fetch(
    node: number,
    positions: readonly PartitionOffset[],
    limits: FetchLimits,
  ): Promise<readonly FetchedPartition[]>;
  group(group: string): GroupRequests;
  /** Closes the connections at once; what is under way rejects. */
  close(): void;
}

/** Opens clients; `purpose` shows in the client id that brokers log. */
export type OpenKafkaClient = (purpose: string) => KafkaClient;
