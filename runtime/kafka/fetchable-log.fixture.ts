import type { FetchedRecord, PartitionOffset } from '../transport.ts';
import { type FetchedPartition, type KafkaClient, KafkaError } from './client.ts';
import type { Pace } from './pace.ts';

/** Time that passes as fast as it is waited for. */
export class FastPace implements Pace {
  #nowMs = 0;
  nowMs(): number {
    return this.#nowMs;
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted !== true) this.#nowMs += ms;
    await nextTurn();
  }
}

/** A record at an offset, its value the offset as text. */
export function recordAt(offset: number): FetchedRecord {
  const value = Buffer.from(String(offset));
  return { offset, key: null, value, headers: {}, timestampMs: offset };
}

/** Lets everything that is due happen. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Partitions of topic `t` that a client can fetch from, two records at a time, led by nodes that can change.
 *
 * Offsets from `low` to `high`, without the compacted ones; `faults` are thrown by fetches, one each.
 */
export class FetchableLog {
  low = 0;
  high = 0;
  leader: number | KafkaError = 1;
  readonly compacted = new Set<number>();
  readonly faults: KafkaError[] = [];
  readonly fetches: { readonly node: number; readonly offset: number }[] = [];
  refusal: KafkaError | undefined;

  client(): KafkaClient {
    const used: Partial<KafkaClient> = {
      leader: async () => {
        if (this.leader instanceof KafkaError) throw this.leader;
        return this.leader;
      },
      forgetLeaders: () => undefined,
      offsetsAt: async (_, __, partitions) =>
        new Map(partitions.map((partition) => [partition, this.low])),
      fetch: (node, positions) => this.#fetch(node, positions),
      close: () => undefined,
    };
    return used as KafkaClient;
  }

  async #fetch(
    node: number,
    positions: readonly PartitionOffset[],
  ): Promise<readonly FetchedPartition[]> {
    await nextTurn();
    const fault = this.faults.shift();
    if (fault !== undefined) throw fault;
    return positions.map((position) => this.#part(node, position));
  }

  #part(node: number, { topic, partition, offset }: PartitionOffset): FetchedPartition {
    this.fetches.push({ node, offset });
    const place = { topic, partition, high: this.high, records: [], nextOffset: offset };
    if (this.refusal !== undefined) return { ...place, error: this.refusal };
    if (node !== this.leader) {
      return { ...place, error: new KafkaError('NOT_LEADER_OR_FOLLOWER', 'moved', true) };
    }
    if (offset < this.low || offset > this.high) {
      return { ...place, error: new KafkaError('OFFSET_OUT_OF_RANGE', 'gone', false) };
    }
    const nextOffset = Math.min(offset + 2, this.high);
    const records: FetchedRecord[] = [];
    for (let at = offset; at < nextOffset; at += 1) {
      if (!this.compacted.has(at)) records.push(recordAt(at));
    }
    return { ...place, records, nextOffset };
  }
}
