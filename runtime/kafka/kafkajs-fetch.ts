import { batchHeadBytes, readStoredBatch } from './kafkajs-batch.ts';
import { WireDecoder } from './kafkajs-internals.ts';
import type { FetchAnswer, FetchedBatches, StoredBatch } from './wire-node.ts';

/** The version of the fetch response that is read here; every broker since Kafka 2.3 speaks it. */
export const fetchVersion = 11;

/**
 * Reads a fetch response, version 11.
 *
 * kafkajs’s own reader drops where a batch ends, so that a reader stands still for ever before a batch that compaction
 * has emptied, and it fails the whole response for the error of one partition.
 */
export async function decodeFetch(bytes: Buffer): Promise<FetchAnswer> {
  const decoder = new WireDecoder(bytes);
  decoder.readInt32(); // throttle time: the broker has waited already
  const code = decoder.readInt16();
  decoder.readInt32(); // fetch session: not used
  const raw = decoder
    .readArray((topics) => {
      const topic = topics.readString();
      return topics.readArray((partitions) => readPartition(partitions, topic));
    })
    .flat();
  const partitions = await Promise.all(
    raw.map(async ({ stored, ...part }) => ({ ...part, batches: await readBatches(stored) })),
  );
  return { code, partitions };
}

function readPartition(
  decoder: WireDecoder,
  topic: string,
): Omit<FetchedBatches, 'batches'> & { readonly stored: Buffer | null } {
  const partition = decoder.readInt32();
  const code = decoder.readInt16();
  decoder.readInt64(); // high watermark: records above the last stable offset are not ours to read
  const stableEnd = Number(decoder.readInt64().toString());
  decoder.readInt64(); // log start offset
  const aborted = decoder.readArray((transactions) => ({
    producerId: BigInt(transactions.readInt64().toString()),
    firstOffset: Number(transactions.readInt64().toString()),
  }));
  decoder.readInt32(); // preferred read replica: followers are not read
  return { topic, partition, code, stableEnd, aborted, stored: decoder.readBytes() };
}

/** Reads whole batches; the broker may cut the last one short at the byte limit. */
async function readBatches(bytes: Buffer | null): Promise<readonly StoredBatch[]> {
  const batches: StoredBatch[] = [];
  if (bytes === null) return batches;
  for (let at = 0; at + batchHeadBytes <= bytes.length; ) {
    const end = at + 12 + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    batches.push(await readStoredBatch(bytes.subarray(at, end)));
    at = end;
  }
  return batches;
}
