import type { Observable } from 'rxjs';

/** Headers of a record: name to raw bytes, as Kafka has them. */
export type RecordHeaders = Readonly<Record<string, Uint8Array>>;

/** A record as a topic holds it: a null value is a tombstone. `timestampMs` is epoch milliseconds UTC. */
export interface TopicRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
  readonly timestampMs: number;
}

/** A record read from a partition. `offset` is a safe integer. */
export interface FetchedRecord extends TopicRecord {
  readonly offset: number;
}

/** A record to be written to an explicit partition of a topic (full topic name, prefix included). */
export interface OutboundRecord extends TopicRecord {
  readonly topic: string;
  readonly partition: number;
}

/** What a topic must be like when a worker starts. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly cleanup: 'delete' | 'compact';
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly maxRecordBytes: number;
  /** How far a record’s time stamp may lie ahead of the clock of whoever keeps the topic; absent: any time is taken. */
  readonly maxAheadMs?: number;
}

/** A partition’s readable range: offsets `[low, high)`. */
export interface PartitionRange {
  readonly partition: number;
  readonly low: number;
  readonly high: number;
}

/** The next offset to read of one partition. */
export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * What a subscription tells its stage.
 *
 * `assigned`: these partition numbers (of every topic of the subscription) are ours; nothing is delivered until `start`.
 * None, once, when the group has nothing for us.
 * `revoked`: they are to be given up; the stage finishes and commits, then calls `release`, before the transport’s limit.
 * `standby`: partitions that others work on and that we are to be ready for; they replace those told before.
 * `records`: consecutive records of one partition; `high` is the partition’s end when they were fetched, for lag.
 */
export type SubscriptionEvent =
  | { readonly kind: 'assigned'; readonly partitions: readonly number[] }
  | {
      readonly kind: 'revoked';
      readonly partitions: readonly number[];
      readonly release: () => void;
    }
  | { readonly kind: 'standby'; readonly partitions: readonly number[] }
  | {
      readonly kind: 'records';
      readonly topic: string;
      readonly partition: number;
      readonly records: readonly FetchedRecord[];
      readonly high: number;
    };

/** A stage’s membership in its consumer group. */
export interface Subscription {
  /** One subscriber; errors only with a `PipelineError` of fate `stop`; completes on `close`. */
  readonly events: Observable<SubscriptionEvent>;
  /** Starts delivery of an assigned partition from the given offset per topic (absent topic: its beginning). */
  start(partition: number, from: ReadonlyMap<string, number>): void;
  /** Stops fetching of these partitions until `resume`; what is on its way still arrives. */
  pause(partitions: readonly number[]): void;
  resume(partitions: readonly number[]): void;
  /** The committed next offset of the group, or `undefined` where it never committed. */
  committed(topic: string, partition: number): Promise<number | undefined>;
  /**
   * Writes the records and, only after every one is acknowledged, stores the offsets.
   * Embedded: one transaction. Resolves when both are done; rejects with a `PipelineError` (fate `retry` or `stop`).
   * Calls may overlap: records of a partition are stored in the order of the calls. `acknowledged` is called once the
   * records are; the offsets may then be stored a little later, with those of further calls.
   *
   * @param owned partitions on whose behalf this is written: when one of them is no longer ours, as after a lost
   *   session, nothing is written (`TRANSPORT_UNAVAILABLE`). Without it a former owner would write over the next one’s state.
   */
  write(
    records: readonly OutboundRecord[],
    offsets: readonly PartitionOffset[],
    owned?: readonly number[],
    acknowledged?: () => void,
  ): Promise<void>;
  /**
   * Has the group take all partitions away before `close`, so that others are ready for them while we still work: they
   * are `revoked` as at any rebalance. Resolves when they are released, or cannot be in time, or at once where nobody
   * else could have them.
   */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Where topics live: the embedded log or Kafka. Same semantics, one conformance suite.
 *
 * Order is kept per partition. An acknowledged record survives kill -9 of this process.
 */
export interface Transport {
  readonly name: 'embedded' | 'kafka';
  /** Creates what is missing. @throws PipelineError `PARTITIONS_CHANGED` when an existing topic has another partition count. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** Names of the existing topics. */
  listTopics(): Promise<readonly string[]>;
  /** The readable ranges of a topic’s partitions. */
  ranges(topic: string): Promise<readonly PartitionRange[]>;
  /** The committed next offsets of a group on a topic, by partition. */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>>;
  /** Writes records outside any group and resolves when all are acknowledged. One call at a time per `producer` name. */
  write(producer: string, records: readonly OutboundRecord[]): Promise<void>;
  /**
   * Joins a consumer group over co-partitioned topics: the same partition number of each topic goes to the same member.
   * With `standby`, the member may also be told to stand by for partitions of others.
   */
  subscribe(
    group: string,
    topics: readonly string[],
    options?: { readonly standby?: boolean },
  ): Promise<Subscription>;
  /**
   * Reads a partition without a group, from an offset to `to` (exclusive), or following the log for ever when `to` is absent.
   * Starts at the lowest readable offset when `from` lies below it.
   */
  read(
    topic: string,
    partition: number,
    from: number,
    options?: { readonly to?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<readonly FetchedRecord[]>;
  close(): Promise<void>;
}
