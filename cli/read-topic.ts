import { nearestWord } from '../runtime/options/nearest-word.ts';
import type { FetchedRecord, PartitionRange, Transport } from '../runtime/transport.ts';
import { CommandFailure, exitCode } from './exit-code.ts';

/** A record with the partition it lies in. */
export interface PlacedRecord extends FetchedRecord {
  readonly partition: number;
}

/** Which records of a topic to read. */
export interface TopicSlice {
  /** Full name, prefix included. */
  readonly topic: string;
  /** One partition; absent: all. */
  readonly partition?: number | undefined;
  /** Offset to begin at, from a partition’s range. */
  readonly from: (range: PartitionRange) => number;
  /** Whether to go on with what is written later, until the signal. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/**
 * Reads partitions side by side and hands their records on: in order within a partition, in no order between them.
 *
 * Resolves when all that was there has been read, or, following, when the signal is given.
 */
export async function readTopic(
  transport: Transport,
  slice: TopicSlice,
  take: (records: readonly PlacedRecord[]) => void,
): Promise<void> {
  const ranges = await rangesOf(transport, slice.topic, slice.partition);
  const { topic, follow, signal } = slice;
  await Promise.all(
    ranges.map(async (range) => {
      const from = Math.max(range.low, slice.from(range));
      if (!follow && from >= range.high) return;
      const options = follow ? { signal } : { signal, to: range.high };
      for await (const records of transport.read(topic, range.partition, from, options)) {
        take(records.map((record) => ({ ...record, partition: range.partition })));
      }
    }),
  );
}

/** Reads a slice that has an end, ordered by the time of the records. */
export async function collectTopic(
  transport: Transport,
  slice: TopicSlice,
): Promise<PlacedRecord[]> {
  const found: PlacedRecord[] = [];
  await readTopic(transport, { ...slice, follow: false }, (records) => found.push(...records));
  return found.sort(
    (a, b) => a.timestampMs - b.timestampMs || a.partition - b.partition || a.offset - b.offset,
  );
}

/**
 * The readable ranges of a topic, or of one of its partitions.
 *
 * @throws CommandFailure (exit 2) when there is no such topic or partition.
 */
export async function rangesOf(
  transport: Transport,
  topic: string,
  partition?: number,
): Promise<readonly PartitionRange[]> {
  const names = await transport.listTopics();
  if (!names.includes(topic))
    throw new CommandFailure(`there is no topic ${topic}`, exitCode.usage, topicHint(topic, names));
  const ranges = await transport.ranges(topic);
  if (partition === undefined) return ranges;
  const one = ranges.filter((range) => range.partition === partition);
  if (one.length === 0)
    throw new CommandFailure(`${topic} has partitions 0 to ${ranges.length - 1}`, exitCode.usage);
  return one;
}

function topicHint(topic: string, names: readonly string[]): string {
  const nearest = nearestWord(topic, names);
  return nearest === undefined
    ? '`vigie topics list` shows those there are.'
    : `Did you mean ${nearest}?`;
}
