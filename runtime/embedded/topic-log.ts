import type { Clock } from '../clock.ts';
import { PipelineError } from '../errors.ts';
import { SlotWriter } from '../slot.ts';
import { SlotPool } from '../slot-pool.ts';
import type { OutboundRecord, PartitionOffset, TopicSpec } from '../transport.ts';
import { ColdReader } from './cold-reader.ts';
import type {
  GroupOffset,
  LogFileOptions,
  LogResults,
  PartitionTruncation,
  TopicState,
} from './log-call.ts';
import { LogThread } from './log-thread.ts';
import { PartitionLog } from './partition-log.ts';
import { type Batch, type BatchLimit, RecentBudget } from './recent-records.ts';
import { type RecordRun, recordBytes, slotEnds, slotRecords } from './slot-records.ts';

/** A topic as the main thread knows it, partitions by number. */
export interface KnownTopic {
  readonly spec: TopicSpec;
  readonly partitions: readonly PartitionLog[];
}

/** What the log tells of its own accord. */
export interface TopicLogEvents {
  /** Retention removed records: `unread` of them lay before the committed offset of the group furthest behind. */
  readonly truncated: (log: PartitionLog, truncation: PartitionTruncation, unread: number) => void;
  readonly ended: (error: PipelineError) => void;
}

/** How a log is opened. */
export interface TopicLogOptions extends LogFileOptions {
  readonly recentBytes: number;
  readonly clock: Clock;
}

/**
 * The log on the main thread: a mirror of topics, ranges and group offsets, kept true by the log thread’s answers, and
 * the recent records. Only writes, cold reads and retention cross to the thread.
 */
export class TopicLog {
  readonly #thread: LogThread;
  readonly #clock: Clock;
  readonly #events: TopicLogEvents;
  readonly #slots = new SlotPool();
  readonly #recent: RecentBudget;
  readonly #cold: ColdReader;
  readonly #topics = new Map<string, KnownTopic>();
  readonly #partitions = new Map<number, PartitionLog>();
  readonly #offsets = new Map<string, Map<number, number>>();
  #extended = new Set<PartitionLog>();

  constructor(options: TopicLogOptions, events: TopicLogEvents) {
    const { folder, synchronous, maxBytes } = options;
    this.#clock = options.clock;
    this.#events = events;
    this.#recent = new RecentBudget(options.recentBytes);
    this.#thread = new LogThread(
      { folder, synchronous, maxBytes },
      { truncated: (truncation) => this.#truncate(truncation), ended: events.ended },
    );
    this.#cold = new ColdReader(this.#thread, this.#slots);
  }

  /** @throws PipelineError `LOG_IN_USE` or `LOG_UNREADABLE`. */
  async open(): Promise<void> {
    try {
      const { topics, offsets } = await this.#thread.call({ op: 'open' });
      this.#learn(topics);
      this.#storeOffsets(offsets);
    } catch (error) {
      await this.#thread.abandon();
      throw error;
    }
  }

  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    const topics = specs.map((spec) => ({
      ...spec,
      retentionMs: Number.isFinite(spec.retentionMs) ? spec.retentionMs : -1,
      retentionBytes: Number.isFinite(spec.retentionBytes) ? spec.retentionBytes : -1,
    }));
    this.#learn((await this.#thread.call({ op: 'ensure', topics })).topics);
  }

  names(): string[] {
    return [...this.#topics.keys()];
  }

  /** @throws PipelineError `TRANSPORT_REFUSED` when there is no such topic. */
  topic(name: string): KnownTopic {
    const topic = this.#topics.get(name);
    if (topic === undefined)
      throw new PipelineError('TRANSPORT_REFUSED', `there is no topic ${name}`);
    return topic;
  }

  /** @throws PipelineError `TRANSPORT_REFUSED` when there is no such topic or partition. */
  partition(name: string, partition: number): PartitionLog {
    const log = this.topic(name).partitions[partition];
    if (log === undefined)
      throw new PipelineError('TRANSPORT_REFUSED', `${name} has no partition ${partition}`);
    return log;
  }

  committed(group: string, log: PartitionLog): number | undefined {
    return this.#offsets.get(group)?.get(log.id);
  }

  /**
   * Writes records and a group’s offsets in one transaction; readers see them once it is committed.
   *
   * @throws PipelineError `TRANSPORT_REFUSED`, with nothing written, when a record names no partition, is too large, has
   *   no key on a compact topic or a timestamp that is no whole number or too far ahead.
   */
  async write(
    records: readonly OutboundRecord[],
    group: string,
    offsets: readonly PartitionOffset[],
  ): Promise<void> {
    const groupOffsets = offsets.map(({ topic, partition, offset }) => ({
      group,
      id: this.partition(topic, partition).id,
      offset,
    }));
    if (records.length + offsets.length === 0) return;
    const { buffer, byteLength } = this.#pack(records);
    try {
      const nowMs = this.#clock.nowMs();
      const call = { op: 'write', buffer, byteLength, offsets: groupOffsets, nowMs } as const;
      const { bases } = await this.#thread.call(call);
      this.#storeOffsets(groupOffsets);
      this.#publish(buffer, byteLength, bases);
    } finally {
      this.#slots.release(buffer);
    }
  }

  /** Reads from memory what is recent, else from the file; `from` lies within the readable range. */
  fetch(log: PartitionLog, from: number, to: number, limit: BatchLimit): Batch | Promise<Batch> {
    return log.recent.from(from, to, limit) ?? this.#cold.fetch(log, from, to, limit);
  }

  /** Applies retention now and resolves when nothing is due any more. */
  async trim(): Promise<void> {
    await this.#thread.call({ op: 'trim', nowMs: this.#clock.nowMs() });
  }

  /** Closes the file; wakes whoever waits for records, to see that there will be none. */
  async close(): Promise<void> {
    await this.#thread.close();
    this.announce();
  }

  /** Wakes all who wait for records. */
  announce(): void {
    for (const log of this.#partitions.values()) log.announce();
  }

  #pack(records: readonly OutboundRecord[]): { buffer: SharedArrayBuffer; byteLength: number } {
    const logs = records.map((record) => this.#accept(record));
    const bytes = records.reduce((sum, { key, value }) => sum + recordBytes(key, value), 0);
    const writer = new SlotWriter(this.#slots.acquire(bytes));
    records.forEach((record, index) => {
      writer.append(0, logs[index]?.id ?? 0, 0, record);
    });
    return writer;
  }

  #accept(record: OutboundRecord): PartitionLog {
    const { spec } = this.topic(record.topic);
    const log = this.partition(record.topic, record.partition);
    const where = `${record.topic}/${record.partition}`;
    const bytes = payloadBytes(record);
    if (bytes > spec.maxRecordBytes) {
      const detail = `${where}: the record has ${bytes} bytes, the topic takes ${spec.maxRecordBytes}`;
      throw new PipelineError('TRANSPORT_REFUSED', detail);
    }
    if (spec.cleanup === 'compact' && record.key === null) {
      throw new PipelineError(
        'TRANSPORT_REFUSED',
        `${where}: a record of a compact topic needs a key`,
      );
    }
    const aheadMs = record.timestampMs - this.#clock.nowMs();
    if (aheadMs > (spec.maxAheadMs ?? Number.POSITIVE_INFINITY)) {
      const detail = `${where}: the time stamp is ${aheadMs} ms ahead of the clock, the topic takes ${spec.maxAheadMs}`;
      throw new PipelineError('TRANSPORT_REFUSED', detail);
    }
    if (!Number.isSafeInteger(record.timestampMs)) {
      throw new PipelineError(
        'TRANSPORT_REFUSED',
        `${where}: the timestamp is not a whole number of milliseconds`,
      );
    }
    return log;
  }

  /** Moves the partitions on; what nobody follows, such as saved state, is not kept in memory. */
  #publish(
    buffer: SharedArrayBuffer,
    byteLength: number,
    bases: LogResults['write']['bases'],
  ): void {
    const isFollowed = bases.some(([id]) => this.#partitions.get(id)?.isWatched);
    if (isFollowed) this.#publishRecords(slotRecords(buffer, byteLength, bases));
    else this.#publishEnds(slotEnds(buffer, byteLength, bases));
  }

  #publishRecords(runs: readonly RecordRun[]): void {
    for (const run of runs) {
      const log = this.#partitions.get(run.id);
      const last = run.records.at(-1);
      if (log === undefined || last === undefined) continue;
      this.#recent.push(log.recent, run);
      this.#extend(log, last.offset + 1);
    }
  }

  #publishEnds(ends: ReadonlyMap<number, number>): void {
    for (const [id, end] of ends) {
      const log = this.#partitions.get(id);
      if (log !== undefined) this.#extend(log, end);
    }
  }

  #extend(log: PartitionLog, high: number): void {
    log.extend(high);
    if (this.#extended.size === 0) queueMicrotask(() => this.#announceExtended());
    this.#extended.add(log);
  }

  /** Runs after all writes of one commit are published, so that readers get them in one batch. */
  #announceExtended(): void {
    const extended = this.#extended;
    this.#extended = new Set();
    for (const log of extended) log.announce();
  }

  #learn(topics: readonly TopicState[]): void {
    for (const { spec, partitions } of topics) {
      const known = this.#topics.get(spec.name)?.partitions;
      const logs = known ?? partitions.map((state) => new PartitionLog(spec.name, state));
      this.#topics.set(spec.name, { spec, partitions: logs });
      for (const log of logs) this.#partitions.set(log.id, log);
    }
  }

  #storeOffsets(offsets: readonly GroupOffset[]): void {
    for (const { group, id, offset } of offsets) {
      let stored = this.#offsets.get(group);
      if (stored === undefined) {
        stored = new Map();
        this.#offsets.set(group, stored);
      }
      stored.set(id, offset);
    }
  }

  #truncate(truncation: PartitionTruncation): void {
    const log = this.#partitions.get(truncation.id);
    if (log === undefined) return;
    let unread = 0;
    for (const offsets of this.#offsets.values()) {
      const next = offsets.get(log.id);
      if (next !== undefined) unread = Math.max(unread, truncation.low - Math.max(next, log.low));
    }
    log.truncate(truncation.low);
    this.#events.truncated(log, truncation, unread);
  }
}

/** Bytes by which a topic’s `maxRecordBytes` is measured. */
function payloadBytes({ key, value, headers }: OutboundRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) bytes += Buffer.byteLength(name) + (headers[name]?.length ?? 0);
  return bytes;
}
