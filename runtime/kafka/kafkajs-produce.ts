import kafkajs from 'kafkajs';
import type { TopicRecord } from '../transport.ts';
import type { ProduceBatch, ProducerIdentity } from './client.ts';
import { snappyCompress, snappyUncompress } from './snappy-codec.ts';

const { CompressionCodecs, CompressionTypes } = kafkajs;
const acknowledgedByAll = -1;

CompressionCodecs[CompressionTypes.Snappy] = () => ({
  compress: (encoder: { readonly buffer: Buffer }) => snappyCompress(encoder.buffer),
  decompress: snappyUncompress,
});

/**
 * Builds the parameters of a produce request: snappy, acknowledged by all in-sync replicas within `limitMs`.
 *
 * Loading this file puts the snappy codec in place, for reading too.
 */
export function produceParameters(
  identity: ProducerIdentity,
  batches: readonly ProduceBatch[],
  limitMs: number,
): object {
  return {
    producerId: identity.producerId.toString(),
    producerEpoch: identity.epoch,
    acks: acknowledgedByAll,
    timeout: limitMs,
    compression: CompressionTypes.Snappy,
    topicData: [...Map.groupBy(batches, ({ topic }) => topic)].map(([topic, parts]) => ({
      topic,
      partitions: parts.map(({ partition, firstSequence, records }) => ({
        partition,
        firstSequence,
        messages: records.map(toMessage),
      })),
    })),
  };
}

function toMessage(record: TopicRecord): object {
  return {
    key: record.key === null ? null : asBuffer(record.key),
    value: record.value === null ? null : asBuffer(record.value),
    headers: Object.fromEntries(
      Object.entries(record.headers).map(([name, bytes]) => [name, asBuffer(bytes)]),
    ),
    // A number 0 would be taken for "no timestamp".
    timestamp: String(record.timestampMs),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
