import type { Clock } from '../clock.ts';
import { PipelineError } from '../errors.ts';
import type {
  FetchedRecord,
  OutboundRecord,
  PartitionOffset,
  PartitionRange,
  Subscription,
  TopicSpec,
  Transport,
} from '../transport.ts';
import { EmbeddedSubscription } from './embedded-subscription.ts';
import type { TruncationReason } from './log-call.ts';
import type { PartitionLog } from './partition-log.ts';
import type { Batch, BatchLimit } from './recent-records.ts';
import { TopicLog } from './topic-log.ts';

/** How the embedded log is opened. */
export interface EmbeddedTransportOptions {
  /** Folder of `log.db`; created when missing. One process at a time may have it open. */
  readonly folder: string;
  /** The clock that retention goes by. */
  readonly clock: Clock;
  /**
   * `full` (default): an acknowledged record survives a power cut. `normal`: it survives kill -9; a power cut may take
   * the last commits, never a part of one.
   */
  readonly synchronous?: 'full' | 'normal';
  /** Cap of the folder in bytes (default 2 GiB): at it, the oldest records of `delete` topics go. */
  readonly maxBytes?: number;
  /** Bytes of recent records held in memory for readers who keep up (default 32 MiB, 0 for none). */
  readonly recentBytes?: number;
  /** Most bytes and records of one delivered batch (defaults 1 MiB and 1,000); a larger record comes alone. */
  readonly fetchBytes?: number;
  readonly fetchRecords?: number;
  /** How often retention is applied (default 1,000 ms; 0: only by `trim`). */
  readonly trimIntervalMs?: number;
  /** Told of every truncation. */
  readonly onTruncated?: (truncation: Truncation) => void;
  /** Told when retention could not be applied; it is tried again at the next interval. */
  readonly onTrimFailed?: (error: PipelineError) => void;
}

/** Records `[low - records, low)` of a partition that retention removed. */
export interface Truncation {
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
  readonly bytes: number;
  /** The lowest readable offset from now on. */
  readonly low: number;
  readonly reason: TruncationReason;
  /** How many of them the group furthest behind had not committed: records that it will never see. */
  readonly unread: number;
}

const DEFAULTS = {
  synchronous: 'full',
  maxBytes: 2 * 1024 ** 3,
  recentBytes: 32 * 1024 ** 2,
  fetchBytes: 1024 ** 2,
  fetchRecords: 1_000,
  trimIntervalMs: 1_000,
} as const;

type Defaulted = keyof typeof DEFAULTS;
type CompleteOptions = EmbeddedTransportOptions &
  Required<Pick<EmbeddedTransportOptions, Defaulted>>;

/**
 * Topics in one file on this machine, for one process: `Transport` without a broker.
 *
 * Writes of all stages that arrive while a commit is being synced form the next one (group commit); records and offsets
 * are one transaction. Readers who keep up are served from memory right after the commit, others from the file.
 * Limits: one member per group; 2 GiB by default; at most `maxRecordBytes` of its topic per record.
 */
export class EmbeddedTransport implements Transport {
  readonly name = 'embedded';
  readonly #log: TopicLog;
  readonly #limit: BatchLimit;
  readonly #subscriptions = new Map<string, EmbeddedSubscription>();
  readonly #writes = new Set<Promise<void>>();
  #trimTimer: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;
  #fault: PipelineError | undefined;

  private constructor(options: CompleteOptions) {
    this.#limit = { maxBytes: options.fetchBytes, maxRecords: options.fetchRecords };
    this.#log = new TopicLog(options, {
      truncated: ({ topic, partition }, { records, bytes, low, reason }, unread) => {
        options.onTruncated?.({ topic, partition, records, bytes, low, reason, unread });
      },
      ended: (error) => this.#abort(error),
    });
  }

  /** @throws PipelineError `LOG_IN_USE` when another process has the folder open, `LOG_UNREADABLE` for a damaged file. */
  static async open(options: EmbeddedTransportOptions): Promise<EmbeddedTransport> {
    const complete = { ...DEFAULTS, ...options };
    const transport = new EmbeddedTransport(complete);
    await transport.#log.open();
    if (complete.trimIntervalMs > 0) transport.#trimEvery(complete);
    return transport;
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    this.#assertOpen();
    await this.#log.ensure(topics);
  }

  async listTopics(): Promise<readonly string[]> {
    return this.#log.names();
  }

  async ranges(topic: string): Promise<readonly PartitionRange[]> {
    return this.#log
      .topic(topic)
      .partitions.map(({ partition, low, high }) => ({ partition, low, high }));
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    const offsets = new Map<number, number>();
    for (const log of this.#log.topic(topic).partitions) {
      const offset = this.#log.committed(group, log);
      if (offset !== undefined) offsets.set(log.partition, offset);
    }
    return offsets;
  }

  /** `producer` makes no difference here: every write is a transaction of its own. */
  async write(_producer: string, records: readonly OutboundRecord[]): Promise<void> {
    await this.#write(records, '', []);
  }

  /**
   * @throws PipelineError `TRANSPORT_REFUSED` when the group has a member already or a topic is missing;
   *   `PARTITIONS_CHANGED` when the topics differ in their number of partitions.
   */
  async subscribe(group: string, topics: readonly string[]): Promise<Subscription> {
    this.#assertOpen();
    if (this.#subscriptions.has(group)) {
      const detail = `group ${group} has a member in this process already; the embedded log takes one per group`;
      throw new PipelineError('TRANSPORT_REFUSED', detail);
    }
    const subscription = new EmbeddedSubscription(this.#copartitioned(topics), this.#limit, {
      fetch: (log, from, limit) => this.#log.fetch(log, from, Infinity, limit),
      committed: (topic, partition) =>
        this.#log.committed(group, this.#log.partition(topic, partition)),
      write: (records, offsets) => this.#write(records, group, offsets),
      left: () => this.#subscriptions.delete(group),
    });
    this.#subscriptions.set(group, subscription);
    return subscription;
  }

  /** With `to` beyond the partition’s end, waits until the log has come that far. */
  async *read(
    topic: string,
    partition: number,
    from: number,
    options: { readonly to?: number; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<readonly FetchedRecord[]> {
    const { to = Infinity, signal } = options;
    const log = this.#log.partition(topic, partition);
    let next = from;
    while (next < to) {
      next = Math.max(next, log.low);
      while (next >= log.high && !this.#ended(signal)) await change(log, signal);
      if (this.#ended(signal) || next >= to) return;
      const batch = await this.#fetch(log, next, to, signal);
      if (batch === undefined) return;
      next = batch.next;
      if (batch.records.length > 0) yield batch.records;
    }
  }

  /** Applies retention now and resolves when nothing is due any more. */
  async trim(): Promise<void> {
    this.#assertOpen();
    await this.#log.trim();
  }

  /** Completes all subscriptions and readers, waits for pending writes, then closes the file. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    clearInterval(this.#trimTimer);
    for (const subscription of [...this.#subscriptions.values()]) subscription.end();
    await Promise.allSettled([...this.#writes]);
    await this.#log.close();
  }

  async #write(
    records: readonly OutboundRecord[],
    group: string,
    offsets: readonly PartitionOffset[],
  ): Promise<void> {
    this.#assertOpen();
    const write = this.#log.write(records, group, offsets);
    this.#writes.add(write);
    try {
      await write;
    } finally {
      this.#writes.delete(write);
    }
  }

  /** Undefined when reading is over; an error that only says so is none. */
  async #fetch(
    log: PartitionLog,
    from: number,
    to: number,
    signal?: AbortSignal,
  ): Promise<Batch | undefined> {
    try {
      const batch = await this.#log.fetch(log, from, to, this.#limit);
      return this.#ended(signal) ? undefined : batch;
    } catch (error) {
      if (this.#ended(signal)) return undefined;
      throw error;
    }
  }

  #copartitioned(topics: readonly string[]): PartitionLog[][] {
    const columns = topics.map((topic) => this.#log.topic(topic).partitions);
    const count = columns[0]?.length ?? 0;
    const odd = columns.findIndex((column) => column.length !== count);
    if (odd >= 0) {
      const detail = `${topics[0]} has ${count} partitions, ${topics[odd]} has ${columns[odd]?.length}`;
      throw new PipelineError('PARTITIONS_CHANGED', detail);
    }
    return Array.from({ length: count }, (_, partition) =>
      columns.flatMap((column) => column.slice(partition, partition + 1)),
    );
  }

  #trimEvery({ trimIntervalMs, onTrimFailed }: CompleteOptions): void {
    let trimming = false;
    this.#trimTimer = setInterval(() => {
      if (trimming) return;
      trimming = true;
      this.#log
        .trim()
        .catch((error: PipelineError) => onTrimFailed?.(error))
        .finally(() => {
          trimming = false;
        });
    }, trimIntervalMs);
    this.#trimTimer.unref();
  }

  #abort(error: PipelineError): void {
    this.#fault = error;
    clearInterval(this.#trimTimer);
    for (const subscription of [...this.#subscriptions.values()]) subscription.end(error);
    this.#log.announce();
  }

  /** @throws PipelineError when the log thread has died. */
  #ended(signal: AbortSignal | undefined): boolean {
    if (this.#fault !== undefined && this.#closed === undefined) throw this.#fault;
    return signal?.aborted === true || this.#closed !== undefined;
  }

  #assertOpen(): void {
    if (this.#closed !== undefined)
      throw new PipelineError('TRANSPORT_REFUSED', 'the transport is closed');
  }
}

/** Resolves when the partition has news, the transport closes or the signal aborts. */
function change(log: PartitionLog, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      unwatch();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const unwatch = log.watch(finish);
    signal?.addEventListener('abort', finish);
  });
}
