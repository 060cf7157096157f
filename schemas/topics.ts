import { PipelineError } from '../runtime/errors.ts';
import type { TopicSpec } from '../runtime/transport.ts';
import type { RecordName } from './generated/record-types.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** Largest value on `metrics.raw`, bytes. */
export const maxRawRecordBytes = 16 * MIB;

/** Largest value on every other topic but `dead-letter`, bytes: a raw record, packed again with definitions. */
const maxInnerRecordBytes = 16 * MIB;

/** Largest value on `dead-letter`, bytes: a raw record of the limit with its key and headers. */
const maxDeadLetterRecordBytes = 17 * MIB;

/** What decides the partition of a record; always an explicit number. */
export type PartitionedBy = 'producer' | 'shard' | 'tenant' | 'single' | 'source';

/** A topic of the product, without prefix. */
export interface TopicEntry {
  readonly name: string;
  /** Record types that may stand on it; empty where the value is not a record of ours. */
  readonly records: readonly RecordName[];
  /** What the key holds. */
  readonly key: string;
  readonly partitionedBy: PartitionedBy;
  readonly cleanup: 'delete' | 'compact';
  /** How long records stay, ms; for compacted topics how long tombstones may be read. */
  readonly retentionMs: number;
  /** Size per partition above which the oldest records go, bytes. */
  readonly retentionBytes: number;
  readonly maxRecordBytes: number;
  /** How far a record’s own time stamp may lie ahead of the clock of the broker or of the embedded log, ms; absent: any. */
  readonly maxAheadMs?: number;
}

/** Stages that keep state pages, in the order of the graph. */
export const statefulStages = ['validate', 'enrich', 'detect', 'correlate', 'route'] as const;

/** Name of the topic with the state pages of a stage, without prefix. */
export function stateTopic(stage: string): string {
  return `${stage}.state`;
}

const day30 = { cleanup: 'delete', retentionMs: 30 * DAY_MS, retentionBytes: 4 * GIB } as const;
const inner = { maxRecordBytes: maxInnerRecordBytes } as const;

/**
 * Every topic of the product: what stands on it, how it is placed and how long it stays.
 *
 * Partitioned by `tenant` means hash of the tenant and its `correlateBy` labels.
 */
export const topics = [
  {
    name: 'metrics.raw',
    records: ['MetricPoint', 'MetricBatch', 'Tick'],
    key: 'the choice of the producer, not read; `tick` for a tick',
    partitionedBy: 'producer',
    cleanup: 'delete',
    retentionMs: 6 * HOUR_MS,
    retentionBytes: 16 * GIB,
    maxRecordBytes: maxRawRecordBytes,
    maxAheadMs: HOUR_MS,
  },
  {
    name: 'metrics.validated',
    records: ['SeriesBatch', 'Tick'],
    key: 'none',
    partitionedBy: 'shard',
    cleanup: 'delete',
    retentionMs: 6 * HOUR_MS,
    retentionBytes: 8 * GIB,
    ...inner,
  },
  {
    name: 'metrics.enriched',
    records: ['SeriesBatch', 'Tick'],
    key: 'none',
    partitionedBy: 'shard',
    cleanup: 'delete',
    retentionMs: DAY_MS,
    retentionBytes: 16 * GIB,
    ...inner,
  },
  {
    name: 'series',
    records: ['SeriesDefinition'],
    key: 'series id, 8 bytes',
    partitionedBy: 'shard',
    cleanup: 'compact',
    retentionMs: 7 * DAY_MS,
    retentionBytes: 16 * GIB,
    ...inner,
  },
  {
    name: 'scores',
    records: ['ScoreBatch'],
    key: 'none',
    partitionedBy: 'shard',
    cleanup: 'delete',
    retentionMs: DAY_MS,
    retentionBytes: 16 * GIB,
    ...inner,
  },
  {
    name: 'catalog',
    records: [
      'MetricDefinition',
      'TenantDefinition',
      'ServiceDefinition',
      'ReceiverDefinition',
      'RouteDefinition',
    ],
    key: 'tenant/kind/name, UTF-8',
    partitionedBy: 'single',
    cleanup: 'compact',
    retentionMs: 7 * DAY_MS,
    retentionBytes: 4 * GIB,
    ...inner,
  },
  {
    name: 'anomalies',
    records: ['Anomaly', 'Tick'],
    key: 'anomaly id, 16 bytes; none for a tick',
    partitionedBy: 'tenant',
    ...day30,
    ...inner,
  },
  {
    name: 'alerts',
    records: ['Alert'],
    key: 'alert id, 16 bytes',
    partitionedBy: 'tenant',
    cleanup: 'compact',
    retentionMs: 7 * DAY_MS,
    retentionBytes: 4 * GIB,
    ...inner,
  },
  {
    name: 'incidents',
    records: ['Incident', 'Tick'],
    key: 'incident id, 16 bytes; `tick` for a tick',
    partitionedBy: 'tenant',
    cleanup: 'compact',
    retentionMs: 7 * DAY_MS,
    retentionBytes: 4 * GIB,
    ...inner,
  },
  {
    name: 'alerts.history',
    records: ['Alert', 'Incident'],
    key: 'alert or incident id, 16 bytes',
    partitionedBy: 'tenant',
    cleanup: 'delete',
    retentionMs: 400 * DAY_MS,
    retentionBytes: 16 * GIB,
    ...inner,
  },
  {
    name: 'notifications',
    records: ['Notification'],
    key: 'notification id, 16 bytes',
    partitionedBy: 'tenant',
    ...day30,
    ...inner,
  },
  {
    name: 'commands',
    records: ['Command'],
    key: 'command id, 16 bytes',
    partitionedBy: 'tenant',
    ...day30,
    ...inner,
  },
  {
    name: 'events',
    records: ['Event'],
    key: 'entity, UTF-8',
    partitionedBy: 'tenant',
    ...day30,
    ...inner,
  },
  {
    name: 'decisions',
    records: ['Decision'],
    key: 'subject id, UTF-8',
    partitionedBy: 'tenant',
    cleanup: 'delete',
    retentionMs: 365 * DAY_MS,
    retentionBytes: 16 * GIB,
    ...inner,
  },
  {
    name: 'dead-letter',
    records: [],
    key: 'the key of the rejected record',
    partitionedBy: 'source',
    ...day30,
    maxRecordBytes: maxDeadLetterRecordBytes,
  },
  ...statefulStages.map(stateEntry),
] as const satisfies readonly TopicEntry[];

function stateEntry(stage: string): TopicEntry {
  return {
    name: stateTopic(stage),
    records: [],
    key: 'shard and page, as the stage has it',
    partitionedBy: 'source',
    cleanup: 'compact',
    retentionMs: 7 * DAY_MS,
    retentionBytes: 64 * GIB,
    ...inner,
  };
}

/** How the topics of one installation are made. */
export interface TopicPlan {
  /** Put before every name, with its own separator: `vigie.`. */
  readonly prefix: string;
  /** Partitions of every topic but `catalog`; a power of two, at most 4096. */
  readonly partitions: number;
  /** Retention by topic name (without prefix) where it differs from the catalogue, ms. */
  readonly retentionMs?: Readonly<Partial<Record<string, number>>>;
}

/**
 * Lists what the transport must hold before a worker starts.
 *
 * @throws PipelineError `OPTIONS_INVALID` (stop) when the partition count is no power of two up to 4096: a shard must
 *   lie in one partition for ever.
 */
export function topicSpecs(plan: TopicPlan): readonly TopicSpec[] {
  const { prefix, partitions } = plan;
  if (!isPowerOfTwo(partitions) || partitions > 4096) {
    throw new PipelineError(
      'OPTIONS_INVALID',
      `partitions: expected a power of two from 1 to 4096, received ${partitions}`,
    );
  }
  return topics.map((topic: TopicEntry) => ({
    name: prefix + topic.name,
    partitions: topic.partitionedBy === 'single' ? 1 : partitions,
    cleanup: topic.cleanup,
    retentionMs: plan.retentionMs?.[topic.name] ?? topic.retentionMs,
    retentionBytes: topic.retentionBytes,
    maxRecordBytes: topic.maxRecordBytes,
    ...(topic.maxAheadMs === undefined ? {} : { maxAheadMs: topic.maxAheadMs }),
  }));
}

/** Returns the record types that may stand on a topic (name without prefix); none for an unknown topic. */
export function recordsOn(topic: string): readonly RecordName[] {
  return topics.find((entry: TopicEntry) => entry.name === topic)?.records ?? [];
}

/** Lists the names of all records that stand on topics, sorted. */
export function recordsOfTopics(): readonly RecordName[] {
  return [...new Set(topics.flatMap((topic: TopicEntry) => topic.records))].sort();
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(value) && value > 0 && (value & (value - 1)) === 0;
}
