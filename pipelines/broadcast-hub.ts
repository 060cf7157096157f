import type { FetchedRecord, PartitionRange, Transport } from '../runtime/transport.ts';

/** Takes records of one partition of a broadcast topic, in order. */
export type FeedBroadcast = (
  topic: string,
  records: readonly FetchedRecord[],
  partition: number,
) => void;

/** What every task of a stage reads, and how. */
export interface BroadcastHubSetup {
  readonly transport: Pick<Transport, 'ranges' | 'read'>;
  /** Put before each topic’s name. */
  readonly prefix: string;
  /** Without prefix. */
  readonly topics: readonly string[];
  /** Called if what comes later cannot be read. */
  readonly fail: (error: unknown) => void;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

interface Listener {
  readonly feed: FeedBroadcast;
  /** Next offset wanted, by topic and partition. */
  readonly next: Map<string, number>;
  /** What came in while the beginning was still being read; undefined from then on. */
  waiting: (() => void)[] | undefined;
}

/**
 * Reads the broadcast topics of a stage once for all its tasks.
 *
 * A task gets every partition from its beginning, then what comes later: each record once, in the order of its partition,
 * in no order between partitions. Cost: one read that follows per partition, however many tasks there are.
 */
export class BroadcastHub {
  readonly #setup: BroadcastHubSetup;
  readonly #listeners = new Map<number, Listener>();
  #following: Promise<void> | undefined;

  constructor(setup: BroadcastHubSetup) {
    this.#setup = setup;
  }

  /** Feeds a task all there is, and when this has resolved, what comes later. */
  async attach(task: number, feed: FeedBroadcast): Promise<void> {
    const { transport, prefix, topics } = this.#setup;
    if (topics.length === 0) return;
    const listener: Listener = { feed, next: new Map(), waiting: [] };
    this.#following ??= this.#follow();
    await this.#following;
    // Before the beginning is read: what is written meanwhile is either in that range or waits.
    this.#listeners.set(task, listener);
    for (const topic of topics) {
      for (const { partition, low, high } of await transport.ranges(prefix + topic)) {
        if (low === high) continue;
        const range = { to: high };
        for await (const records of transport.read(prefix + topic, partition, low, range))
          hand(listener, topic, partition, records);
      }
    }
    for (const late of listener.waiting ?? []) late();
    listener.waiting = undefined;
  }

  /** Ends what a task is fed. */
  detach(task: number): void {
    this.#listeners.delete(task);
  }

  async #follow(): Promise<void> {
    const { transport, prefix, topics, fail, signal } = this.#setup;
    for (const topic of topics) {
      for (const range of await transport.ranges(prefix + topic)) {
        this.#followOne(topic, range).catch((error: unknown) => {
          if (!signal.aborted) fail(error);
        });
      }
    }
  }

  async #followOne(topic: string, { partition, high }: PartitionRange): Promise<void> {
    const { transport, prefix, signal } = this.#setup;
    for await (const records of transport.read(prefix + topic, partition, high, { signal })) {
      for (const listener of this.#listeners.values()) {
        const late = (): void => hand(listener, topic, partition, records);
        if (listener.waiting === undefined) late();
        else listener.waiting.push(late);
      }
    }
  }
}

/** Feeds what the listener has not had yet. */
function hand(
  { feed, next }: Listener,
  topic: string,
  partition: number,
  records: readonly FetchedRecord[],
): void {
  const place = `${topic}/${partition}`;
  const wanted = next.get(place) ?? 0;
  const fresh = records.filter(({ offset }) => offset >= wanted);
  const last = fresh.at(-1);
  if (last === undefined) return;
  next.set(place, last.offset + 1);
  feed(topic, fresh, partition);
}
