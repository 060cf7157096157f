import type { FetchedRecord, Transport } from '../runtime/transport.ts';

/** A topic of one partition that every task reads, and where its records go. */
export interface BroadcastFeed {
  readonly transport: Transport;
  /** Full name. */
  readonly topic: string;
  readonly feed: (records: readonly FetchedRecord[]) => void;
  /** Called once, if what comes later cannot be read. */
  readonly fail: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Feeds what is on a broadcast topic now, and when this has resolved, what comes later, until the signal aborts. */
export async function feedBroadcast(options: BroadcastFeed): Promise<void> {
  const { transport, topic, feed, fail, signal } = options;
  const [range] = await transport.ranges(topic);
  if (range === undefined) return;
  for await (const records of transport.read(topic, 0, range.low, { to: range.high }))
    feed(records);
  const rest = async (): Promise<void> => {
    for await (const records of transport.read(topic, 0, range.high, { signal })) feed(records);
  };
  rest().catch((error: unknown) => {
    if (!signal.aborted) fail(error);
  });
}
