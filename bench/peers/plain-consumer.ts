import type { PartitionRange, Transport } from '../../runtime/transport.ts';
import type { Codec } from '../../schemas/codec.ts';
import { ColumnMemory, readPackedBatch } from '../../schemas/read-packed-batch.ts';

/** A topic to be read by a plain consumer. */
export interface PlainInput {
  readonly transport: Transport;
  readonly codec: Codec;
  readonly topic: string;
  /** Is told the number of points decoded so far, after each delivery. */
  readonly decoded: (points: number) => void;
}

/**
 * The floor of any stage: a consumer that fetches every batch of a topic and decodes it, on one thread, and does no more.
 *
 * Values are summed up, so that no column stays unread. Ends at what is on the topic when it begins.
 */
export async function consumePlainly(input: PlainInput): Promise<number> {
  const { transport, topic } = input;
  const reading = new PlainReading(input);
  const parts = (await transport.ranges(topic)).filter(({ low, high }) => high > low);
  await Promise.all(parts.map((part) => reading.read(part)));
  return reading.sum;
}

class PlainReading {
  sum = 0;
  readonly #input: PlainInput;
  readonly #memory = new ColumnMemory();
  #points = 0;

  constructor(input: PlainInput) {
    this.#input = input;
  }

  async read({ partition, low, high }: PartitionRange): Promise<void> {
    const { transport, topic, decoded } = this.#input;
    for await (const records of transport.read(topic, partition, low, { to: high })) {
      for (const { value } of records) if (value !== null) this.#take(value);
      decoded(this.#points);
    }
  }

  #take(value: Uint8Array): void {
    const { codec } = this.#input;
    const decoded = codec.decode(value, ['SeriesBatch', 'Tick']);
    if (decoded.name === 'Tick') return;
    const batch = readPackedBatch(decoded.value, this.#memory);
    if ('code' in batch) throw new Error(batch.detail);
    for (const each of batch.values) this.sum += each;
    this.#points += batch.pointCount;
  }
}
