import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { PipelineError } from '../errors.ts';
import { SlotReader, SlotWriter } from '../slot.ts';
import type { TopicSpec } from '../transport.ts';
import type {
  LogCall,
  LogFileOptions,
  LogResults,
  PartitionTruncation,
  TopicState,
} from './log-call.ts';
import {
  closeLogFile,
  createPartitionTable,
  openLogFile,
  PAGE_BYTES,
  shareCap,
} from './log-file.ts';
import { LogPartition, type PartitionMark } from './log-partition.ts';
import { LogRetention } from './log-retention.ts';

type WriteCall = LogCall & { op: 'write' };
type ReadCall = LogCall & { op: 'read' };

interface Topic {
  readonly id: number;
  spec: TopicSpec;
  readonly partitions: LogPartition[];
}

/** Pages that a commit writes beside its records: the partition’s row, its tree’s upper pages, the group’s offset. */
const PAGES_PER_PARTITION = 3;

/**
 * The log in its file: topics, records, group offsets. Lives in the log thread, which alone calls it.
 *
 * Every change is one transaction; after a failed one, memory is as it was before it.
 */
export class LogStore {
  readonly #options: LogFileOptions;
  readonly #database: DatabaseSync;
  readonly #topics = new Map<string, Topic>();
  readonly #partitions = new Map<number, LogPartition>();
  readonly #retention: LogRetention;
  readonly #saveOffset: StatementSync;
  #journalBytes = 0;

  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#database = openLogFile(options);
    this.#retention = new LogRetention(this.#database, shareCap(options.maxBytes).fileBytes, () =>
      this.#partitions.values(),
    );
    this.#saveOffset = this.#database.prepare(`
      INSERT INTO group_offsets VALUES (?, ?, ?)
      ON CONFLICT (consumer_group, partition) DO UPDATE SET next = excluded.next`);
    this.#load();
  }

  /** Bytes that commits have put into the write-ahead log since the last checkpoint, about. */
  get journalBytes(): number {
    return this.#journalBytes;
  }

  open(): LogResults['open'] {
    const rows = this.#database
      .prepare('SELECT consumer_group, partition, next FROM group_offsets')
      .all();
    const offsets = rows.map((row) => ({
      group: String(row.consumer_group),
      id: Number(row.partition),
      offset: Number(row.next),
    }));
    return { topics: [...this.#topics.values()].map(topicState), offsets };
  }

  /** Creates missing topics and gives existing ones their new limits; all or none. */
  ensure(specs: readonly TopicSpec[]): LogResults['ensure'] {
    for (const spec of specs) this.#check(spec);
    this.#transaction(() => {
      for (const spec of specs) this.#ensureOne(spec);
    });
    for (const spec of specs) this.#loadTopic(spec.name);
    return { topics: specs.map((spec) => topicState(this.#topic(spec.name))) };
  }

  /** Carries out writes in one transaction, in order; the answers are true once it returns. */
  write(calls: readonly WriteCall[]): {
    results: LogResults['write'][];
    truncations: PartitionTruncation[];
  } {
    const marks = new Map<LogPartition, PartitionMark>();
    try {
      return this.#transaction(() => {
        const incomingBytes = calls.reduce((sum, call) => sum + call.byteLength, 0);
        for (const partition of this.#partitions.values()) marks.set(partition, partition.mark());
        const { touched, truncations } = this.#makeRoom(incomingBytes);
        const results = calls.map((call) => this.#apply(call, touched));
        for (const partition of touched) partition.save();
        this.#journalBytes += incomingBytes + touched.size * PAGES_PER_PARTITION * PAGE_BYTES;
        return { results, truncations };
      });
    } catch (error) {
      for (const [partition, mark] of marks) partition.restore(mark);
      throw error;
    }
  }

  read(call: ReadCall): LogResults['read'] {
    const writer = new SlotWriter(call.buffer);
    const next = this.#partition(call.id).read(writer, call);
    return { buffer: writer.buffer, byteLength: writer.byteLength, next };
  }

  /** Removes one bite of records that retention lets go; undefined when nothing is due. */
  trim(nowMs: number): { truncation: PartitionTruncation | undefined } | undefined {
    const due = this.#retention.due(nowMs);
    if (due === undefined) return undefined;
    const mark = due.partition.mark();
    try {
      return this.#transaction(() => {
        const truncation = this.#retention.bite(due, nowMs);
        due.partition.save();
        this.#journalBytes += (truncation?.records ?? 1) * PAGE_BYTES;
        return { truncation };
      });
    } catch (error) {
      due.partition.restore(mark);
      throw error;
    }
  }

  /** Moves the write-ahead log into the file. Takes as long as writing and syncing those pages. */
  checkpoint(): void {
    this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    this.#journalBytes = 0;
  }

  close(): void {
    closeLogFile(this.#database, this.#options.folder);
  }

  #makeRoom(incomingBytes: number): {
    touched: Set<LogPartition>;
    truncations: PartitionTruncation[];
  } {
    // Offsets alone replace rows; they must pass even when the log is full, or nothing could be acknowledged again.
    return incomingBytes === 0
      ? { touched: new Set(), truncations: [] }
      : this.#retention.makeRoom(incomingBytes);
  }

  #apply(call: WriteCall, touched: Set<LogPartition>): LogResults['write'] {
    const bases = new Map<number, number>();
    const record = new SlotReader(call.buffer, call.byteLength);
    while (record.next()) {
      const partition = this.#partition(record.partition);
      if (!bases.has(partition.id)) bases.set(partition.id, partition.high);
      partition.append(record, call.nowMs);
      touched.add(partition);
    }
    for (const { group, id, offset } of call.offsets) this.#saveOffset.run(group, id, offset);
    return { bases: [...bases] };
  }

  #transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #check(spec: TopicSpec): void {
    const existing = this.#topics.get(spec.name)?.spec;
    if (existing === undefined) return;
    if (existing.partitions !== spec.partitions) {
      const detail = `${spec.name} has ${existing.partitions} partitions, ${spec.partitions} are asked for`;
      throw new PipelineError('PARTITIONS_CHANGED', detail);
    }
    if (existing.cleanup !== spec.cleanup) {
      throw new PipelineError(
        'TRANSPORT_REFUSED',
        `${spec.name} has cleanup ${existing.cleanup}, not ${spec.cleanup}`,
      );
    }
  }

  #ensureOne(spec: TopicSpec): void {
    const text = JSON.stringify(spec);
    const existing = this.#topics.get(spec.name);
    if (existing !== undefined) {
      this.#database.prepare('UPDATE topics SET spec = ? WHERE id = ?').run(text, existing.id);
      return;
    }
    const topic = this.#database
      .prepare('INSERT INTO topics (name, spec) VALUES (?, ?)')
      .run(spec.name, text);
    const insert = this.#database.prepare(
      'INSERT INTO partitions (topic, partition) VALUES (?, ?)',
    );
    for (let partition = 0; partition < spec.partitions; partition += 1) {
      const { lastInsertRowid } = insert.run(topic.lastInsertRowid, partition);
      createPartitionTable(this.#database, Number(lastInsertRowid), spec.cleanup);
    }
  }

  #load(): void {
    for (const row of this.#database.prepare('SELECT name FROM topics ORDER BY id').all()) {
      this.#loadTopic(String(row.name));
    }
  }

  #loadTopic(name: string): void {
    const row = this.#database.prepare('SELECT id, spec FROM topics WHERE name = ?').get(name);
    const spec = JSON.parse(String(row?.spec)) as TopicSpec;
    const known = this.#topics.get(name);
    if (known !== undefined) {
      known.spec = spec;
      for (const partition of known.partitions) partition.spec = spec;
      return;
    }
    const rows = this.#database
      .prepare(
        'SELECT id, partition AS number, low, high, bytes FROM partitions WHERE topic = ? ORDER BY partition',
      )
      .all(Number(row?.id)) as unknown as ConstructorParameters<typeof LogPartition>[2][];
    const partitions = rows.map((entry) => new LogPartition(this.#database, spec, entry));
    this.#topics.set(name, { id: Number(row?.id), spec, partitions });
    for (const partition of partitions) this.#partitions.set(partition.id, partition);
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined)
      throw new PipelineError('TRANSPORT_REFUSED', `there is no topic ${name}`);
    return topic;
  }

  #partition(id: number): LogPartition {
    const partition = this.#partitions.get(id);
    if (partition === undefined)
      throw new PipelineError('TRANSPORT_REFUSED', `there is no partition with id ${id}`);
    return partition;
  }
}

function topicState({ spec, partitions }: Topic): TopicState {
  return {
    spec,
    partitions: partitions.map(({ id, number, low, high }) => ({
      id,
      partition: number,
      low,
      high,
    })),
  };
}
