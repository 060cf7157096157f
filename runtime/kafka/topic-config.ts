import type { TopicSpec } from '../transport.ts';
import type { NewTopic } from './client.ts';

const mebibyte = 1024 * 1024;
const largestSegmentBytes = 1024 * mebibyte;
const smallestSegmentBytes = 16 * mebibyte;
/** Retention works on whole segments: this many of them fit the limit. */
const segmentsPerRetention = 8;
const compactedSegmentBytes = 64 * mebibyte;
const noLimit = '9223372036854775807';

/**
 * Gives the Kafka topic for a topic of ours.
 *
 * A batch may hold one record of the greatest size: snappy lengthens what it cannot compress by up to a sixth, and
 * brokers count the batch’s own header. Record timestamps far in the future are taken, since what is wrong with a
 * record is for VALIDATE to say; Kafka refuses them above an hour otherwise. Segments are small enough that retention
 * by size and compaction, which work on closed segments only, do happen.
 */
export function toNewTopic(topic: TopicSpec, replicas: number): NewTopic {
  const batchBytes = Math.ceil((topic.maxRecordBytes * 7) / 6) + mebibyte;
  const unlimited = topic.retentionBytes < 0 ? largestSegmentBytes : topic.retentionBytes;
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
      'message.timestamp.after.max.ms': noLimit,
      ...(topic.cleanup === 'compact' ? { 'min.cleanable.dirty.ratio': '0.3' } : {}),
    },
  };
}

/** Kafka’s -1 for no limit. */
function limit(value: number): string {
  return Number.isSafeInteger(value) && value >= 0 ? String(value) : '-1';
}
