import type { TopicSpec } from '../transport.ts';
import type { NewTopic } from './client.ts';

const mebibyte = 1024 * 1024;
const largestSegmentBytes = 1024 * mebibyte;
const smallestSegmentBytes = 16 * mebibyte;
/** Retention works on whole segments: this many of them fit the limit. */
const segmentsPerRetention = 8;
const compactedSegmentBytes = 64 * mebibyte;
const shortestSegmentMs = 600_000;
const longestSegmentMs = 604_800_000;
const compactedSegmentMs = 21_600_000;
const noLimit = '9223372036854775807';

/**
 * Gives the Kafka topic for a topic of ours.
 *
 * A batch may hold one record of the greatest size: snappy lengthens what it cannot compress by up to a sixth, and
 * brokers count the batch’s own header. Record timestamps far in the future are taken unless the topic says otherwise;
 * Kafka refuses them above an hour by default. Segments are small and short enough that
 * retention and compaction, which work on closed segments only, do happen.
 */
export function toNewTopic(topic: TopicSpec, replicas: number): NewTopic {
  const batchBytes = Math.ceil((topic.maxRecordBytes * 7) / 6) + mebibyte;
  const unlimited = topic.retentionBytes < 0 ? Number.POSITIVE_INFINITY : topic.retentionBytes;
  const wanted =
    topic.cleanup === 'compact' ? compactedSegmentBytes : unlimited / segmentsPerRetention;
  const segmentBytes = Math.min(largestSegmentBytes, Math.max(smallestSegmentBytes, wanted));
  return {
    name: topic.name,
    partitions: topic.partitions,
    replicas,
    config: {
      'cleanup.policy': topic.cleanup,
      'retention.ms': limit(topic.retentionMs),
      'retention.bytes': limit(topic.retentionBytes),
      'max.message.bytes': String(batchBytes),
      'segment.bytes': String(Math.ceil(Math.max(segmentBytes, batchBytes))),
      'segment.ms': String(segmentMs(topic)),
      'message.timestamp.after.max.ms': String(topic.maxAheadMs ?? noLimit),
      ...(topic.cleanup === 'compact' ? { 'min.cleanable.dirty.ratio': '0.3' } : {}),
    },
  };
}

/** A quarter of the retention, within ten minutes and a week; a compacted topic’s segment closes after six hours. */
function segmentMs({ cleanup, retentionMs }: TopicSpec): number {
  if (cleanup === 'compact') return compactedSegmentMs;
  if (!Number.isSafeInteger(retentionMs) || retentionMs < 0) return longestSegmentMs;
  return Math.min(longestSegmentMs, Math.max(shortestSegmentMs, Math.ceil(retentionMs / 4)));
}

/** Kafka’s -1 for no limit. */
function limit(value: number): string {
  return Number.isSafeInteger(value) && value >= 0 ? String(value) : '-1';
}
