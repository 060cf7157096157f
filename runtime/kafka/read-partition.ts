import type { FetchedRecord } from '../transport.ts';
import { type FetchLimits, type KafkaClient, KafkaError } from './client.ts';
import { asKafkaError, backoffMs, mayPass, toPipelineError } from './kafka-fault.ts';
import type { Pace } from './pace.ts';

/** What to read of one partition. `to` absent: follows the log. The signal ends either. */
export interface PartitionRead {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to?: number;
  readonly signal: AbortSignal;
  readonly client: KafkaClient;
  readonly pace: Pace;
  readonly limits: FetchLimits;
  /** How long a bounded read waits for brokers; one that follows waits for ever. */
  readonly limitMs: number;
}

/**
 * Reads a partition outside any group, in order; ends at `to` even when compaction left no record there.
 *
 * Goes on at the lowest offset when the wanted one is gone, and waits for one that is not written yet.
 *
 * @throws PipelineError `TRANSPORT_REFUSED` (fate: stop), or `TRANSPORT_UNAVAILABLE` from a bounded read.
 */
export async function* readPartition(
  read: PartitionRead,
): AsyncGenerator<readonly FetchedRecord[]> {
  const { to = Number.POSITIVE_INFINITY, signal } = read;
  const stopped = (): boolean => signal.aborted;
  let offset = read.from;
  let failures = 0;
  let failingSinceMs = 0;
  while (offset < to && !stopped()) {
    let records: readonly FetchedRecord[] = [];
    try {
      ({ records, offset } = await fetchOnce(read, offset));
      failures = 0;
    } catch (thrown) {
      if (stopped()) return;
      failures += 1;
      if (failures === 1) failingSinceMs = read.pace.nowMs();
      giveUpUnlessPassing(read, thrown, read.pace.nowMs() - failingSinceMs);
      read.client.forgetLeaders();
      await read.pace.sleep(backoffMs(failures), signal);
    }
    const wanted = records.filter((record) => record.offset < to);
    if (wanted.length > 0 && !stopped()) yield wanted;
  }
}

async function fetchOnce(
  { client, topic, partition, limits }: PartitionRead,
  offset: number,
): Promise<{ records: readonly FetchedRecord[]; offset: number }> {
  const node = await client.leader(topic, partition);
  const [fetched] = await client.fetch(node, [{ topic, partition, offset }], limits);
  if (fetched === undefined) return { records: [], offset };
  if (fetched.error?.type === 'OFFSET_OUT_OF_RANGE') {
    const lowest = (await client.offsetsAt('earliest', topic, [partition])).get(partition) ?? 0;
    // Ahead of the end there is nothing to skip to: going back would give records that nobody asked for.
    if (lowest <= offset)
      throw new KafkaError('OFFSET_AHEAD', `${offset} is not written yet`, true);
    return { records: [], offset: lowest };
  }
  if (fetched.error !== undefined) throw fetched.error;
  return { records: fetched.records, offset: fetched.nextOffset };
}

function giveUpUnlessPassing(read: PartitionRead, thrown: unknown, failingMs: number): void {
  const error = asKafkaError(thrown);
  const waiting = read.to === undefined || failingMs < read.limitMs;
  if (mayPass(error, failingMs) && waiting) return;
  throw toPipelineError(error, `read ${read.topic}/${read.partition}`, read.client.principal);
}
