import type { Clock } from './clock.ts';
import { PipelineError } from './errors.ts';
import type { TaskAddress } from './kernel-call.ts';
import type { SlotReader } from './slot.ts';
import { stateTopic } from './stage-spec.ts';
import type {
  FetchedRecord,
  OutboundRecord,
  RecordHeaders,
  TopicRecord,
  Transport,
} from './transport.ts';

/** Key of the record that ends a checkpoint: its number, and the input offsets that the state includes. */
const STAMP_KEY = Buffer.from('~stamp');
const NO_HEADERS: RecordHeaders = Object.freeze({});
const DELETED: RecordHeaders = Object.freeze({ deleted: Buffer.from('1') });
/** How far before the end the newest stamp is looked for, in turn, before the whole topic is. */
const STAMP_PROBES = [1, 64, 4096];

/** Where a task’s state is kept. */
export interface TaskStateSetup {
  readonly transport: Pick<Transport, 'ranges' | 'read' | 'write'>;
  readonly prefix: string;
  readonly task: TaskAddress;
  /** Entries are handed to the kernel in chunks of about this size. */
  readonly chunkBytes: number;
  /** Dates the records: brokers judge a producer’s age by its records’ times. */
  readonly clock: Clock;
}

interface Stamp {
  readonly checkpoint: number;
  readonly positions: Readonly<Record<string, number>>;
}

/**
 * Keeps a task’s saved state on its state topic, so that a checkpoint counts as a whole or not at all.
 *
 * A compacted topic holds the newest record of a key, also of a checkpoint that a crash cut off. So each entry has two
 * keys, its sides, as shadow pages have: a checkpoint writes the side that does not hold the last complete version, and
 * its stamp comes last. Restoring takes, per entry, the newest side that a stamp covers; sides of a checkpoint without
 * stamp are removed before anything else is written. At most twice the state is on the topic.
 */
export class TaskState {
  readonly #setup: TaskStateSetup;
  readonly #topic: string;
  /** Side with the last complete version, by entry key (binary text). */
  readonly #sides = new Map<string, number>();
  /** Number of the newest checkpoint made, and of the newest acknowledged. */
  #checkpoint = 0;
  #complete = 0;
  #stamped = '{}';
  #written = new Map<string, number>();
  #deleted = new Set<string>();
  #toPurge = new Set<string>();

  constructor(setup: TaskStateSetup) {
    this.#setup = setup;
    this.#topic = setup.prefix + stateTopic(setup.task.stage);
  }

  /**
   * Reads the last complete checkpoint and hands its entries over, newest last; a null value removes an entry.
   *
   * @returns the next input offset, per topic, that the state includes; empty for a task without state.
   */
  async restore(
    hand: (records: readonly TopicRecord[]) => Promise<void>,
  ): Promise<ReadonlyMap<string, number>> {
    const { transport, task, chunkBytes } = this.#setup;
    const range = (await transport.ranges(this.#topic)).find(
      ({ partition }) => partition === task.partition,
    );
    if (range === undefined || range.high === range.low) return new Map();
    const stamp = await this.#newestStamp(range.low, range.high);
    this.#checkpoint = stamp?.checkpoint ?? 0;
    const torn = new Map<string, Uint8Array>();
    let chunk: TopicRecord[] = [];
    let bytes = 0;
    for await (const record of this.#records(range.low, range.high)) {
      const entry = this.#entry(record, stamp?.checkpoint ?? 0, torn);
      if (entry === undefined) continue;
      chunk.push(entry);
      bytes += 128 + (entry.value?.length ?? 0);
      if (bytes < chunkBytes) continue;
      await hand(chunk);
      chunk = [];
      bytes = 0;
    }
    if (chunk.length > 0) await hand(chunk);
    if (torn.size > 0)
      await transport.write(
        `${this.#topic}/${task.partition}`,
        [...torn.values()].map((key) => this.#record(key, null)),
      );
    this.#complete = this.#checkpoint;
    return new Map(Object.entries(stamp?.positions ?? {}));
  }

  /** Makes the records of a checkpoint: the changed entries (null removes one), then the stamp; none without change. */
  records(entries: SlotReader, positions: ReadonlyMap<string, number>): OutboundRecord[] {
    const stampedPositions = JSON.stringify(Object.fromEntries(positions));
    this.#written = new Map();
    this.#deleted = new Set();
    if (!entries.next()) {
      if (stampedPositions === this.#stamped) return [];
    } else {
      entries.rewind();
    }
    this.#stamped = stampedPositions;
    this.#checkpoint += 1;
    const records = [...this.#changes(entries), ...this.#purges()];
    const stamp: Stamp = { checkpoint: this.#checkpoint, positions: Object.fromEntries(positions) };
    records.push(this.#record(STAMP_KEY, Buffer.from(JSON.stringify(stamp))));
    return records;
  }

  *#changes(entries: SlotReader): Iterable<OutboundRecord> {
    const checkpoint = Buffer.from(String(this.#checkpoint));
    while (entries.next()) {
      const { key, value } = entries;
      if (key === null) continue;
      const name = key.toString('latin1');
      const side = 1 - (this.#sides.get(name) ?? 1);
      this.#written.set(name, side);
      if (value === null) this.#deleted.add(name);
      const headers = { checkpoint, ...(value === null ? DELETED : NO_HEADERS) };
      yield this.#record(sideKey(name, side), value ?? new Uint8Array(0), headers);
    }
  }

  *#purges(): Iterable<OutboundRecord> {
    for (const name of this.#toPurge) {
      if (this.#written.has(name)) continue;
      // The side that says "removed" goes last: without it the other one would be back.
      const mark = this.#sides.get(name) ?? 0;
      for (const side of [1 - mark, mark]) yield this.#record(sideKey(name, side), null);
    }
  }

  /** Tells that the records of the last checkpoint were acknowledged. */
  acknowledged(): void {
    if (this.#checkpoint === this.#complete) return;
    this.#complete = this.#checkpoint;
    for (const [name, side] of this.#written) this.#sides.set(name, side);
    for (const name of this.#toPurge) if (!this.#written.has(name)) this.#sides.delete(name);
    // A removed entry’s sides go with the next checkpoint: until this one’s stamp stands they may still be needed.
    this.#toPurge = this.#deleted;
    this.#written = new Map();
  }

  /** Takes in a record of the topic; returns it for the kernel when a stamp covers it. */
  #entry(
    record: FetchedRecord,
    complete: number,
    torn: Map<string, Uint8Array>,
  ): TopicRecord | undefined {
    const { key, value, headers } = record;
    if (key === null || STAMP_KEY.equals(key)) return undefined;
    const full = Buffer.from(key).toString('latin1');
    torn.delete(full);
    if (value === null) return undefined;
    const checkpoint = Number(Buffer.from(headers.checkpoint ?? new Uint8Array(0)).toString());
    this.#checkpoint = Math.max(this.#checkpoint, checkpoint);
    if (checkpoint > complete) {
      torn.set(full, key);
      return undefined;
    }
    const name = full.slice(0, -1);
    this.#sides.set(name, full.charCodeAt(full.length - 1) - SIDE_BASE);
    const isDeleted = headers.deleted !== undefined;
    if (isDeleted) this.#toPurge.add(name);
    else this.#toPurge.delete(name);
    return {
      key: Buffer.from(name, 'latin1'),
      value: isDeleted ? null : value,
      headers: NO_HEADERS,
      timestampMs: 0,
    };
  }

  async #newestStamp(low: number, high: number): Promise<Stamp | undefined> {
    for (const back of [...STAMP_PROBES, high - low]) {
      let found: Stamp | undefined;
      for await (const { key, value } of this.#records(Math.max(low, high - back), high)) {
        if (key !== null && value !== null && STAMP_KEY.equals(key)) found = this.#parse(value);
      }
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async *#records(from: number, to: number): AsyncIterable<FetchedRecord> {
    const { transport, task } = this.#setup;
    for await (const records of transport.read(this.#topic, task.partition, from, { to }))
      yield* records;
  }

  #parse(value: Uint8Array): Stamp {
    try {
      return JSON.parse(Buffer.from(value).toString()) as Stamp;
    } catch (cause) {
      const { stage, partition } = this.#setup.task;
      throw new PipelineError('STATE_LAYOUT', `stamp of ${stage}/${partition}`, { cause });
    }
  }

  #record(
    key: Uint8Array,
    value: Uint8Array | null,
    headers: RecordHeaders = NO_HEADERS,
  ): OutboundRecord {
    return {
      topic: this.#topic,
      partition: this.#setup.task.partition,
      key,
      value,
      headers,
      timestampMs: this.#setup.clock.nowMs(),
    };
  }
}

/** Last byte of a key on the topic: the character `a` or `b`. */
const SIDE_BASE = 97;

function sideKey(name: string, side: number): Uint8Array {
  return Buffer.from(name + String.fromCharCode(SIDE_BASE + side), 'latin1');
}
