import { createAPI, ProduceAcks, produceV7, Writer } from '@platformatic/kafka';
import type { ProduceBatch, ProducerIdentity } from './client.ts';
import { encodeBatch } from './platformatic-batch.ts';

/** Encoded batches of one topic. */
export interface EncodedTopic {
  readonly topic: string;
  readonly parts: readonly { readonly partition: number; readonly bytes: Buffer }[];
}

/** A produce request, version 7, of batches that are encoded already: acknowledged by all in-sync replicas. */
export const produceEncoded = createAPI<
  [timeoutMs: number, topics: readonly EncodedTopic[]],
  produceV7.ProduceResponse
>(produceV7.api.key, produceV7.api.version, createRequest, produceV7.parseResponse, false, false);

function createRequest(timeoutMs: number, topics: readonly EncodedTopic[]): Writer {
  const noTransaction = null;
  return Writer.create()
    .appendString(noTransaction, false)
    .appendInt16(ProduceAcks.ALL)
    .appendInt32(timeoutMs)
    .appendArray(
      topics.slice(),
      (writer, { topic, parts }) => {
        writer.appendString(topic, false).appendArray(
          parts.slice(),
          (inner, { partition, bytes }) => {
            inner.appendInt32(partition).appendBytes(bytes, false);
          },
          false,
          false,
        );
      },
      false,
      false,
    );
}

/** Encodes batches for a produce request. */
export function encodeTopics(
  identity: ProducerIdentity,
  batches: readonly ProduceBatch[],
): readonly EncodedTopic[] {
  return [...Map.groupBy(batches, ({ topic }) => topic)].map(([topic, parts]) => ({
    topic,
    parts: parts.map(({ partition, firstSequence, records }) => ({
      partition,
      bytes: encodeBatch(identity, firstSequence, records),
    })),
  }));
}
