import type { Clock } from './clock.ts';
import type { TaskAddress } from './kernel-call.ts';
import type { SlotReader } from './slot.ts';
import { stateTopic } from './stage-spec.ts';
import { EntrySides } from './state/entry-sides.ts';
import { type HandEntries, SavedState } from './state/saved-state.ts';
import { purgeRecord, type Stamp, sideRecord, stampRecord } from './state/state-record.ts';
import type { OutboundRecord, PartitionRange, TopicRecord, Transport } from './transport.ts';

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
  readonly #saved: SavedState;
  /** Number of the newest checkpoint made, and of the newest acknowledged. */
  #checkpoint = 0;
  #acknowledged = 0;
  #torn: readonly number[] = [];
  #stamped = '{}';
  #written = new EntrySides();
  #deleted = new Set<string>();
  #toPurge = new Set<string>();
  /** Whether parts of a checkpoint were made and its end was not. */
  #begun = false;

  constructor(setup: TaskStateSetup) {
    const { transport, prefix, task, chunkBytes } = setup;
    const { partition } = task;
    this.#setup = setup;
    this.#topic = prefix + stateTopic(task.stage);
    this.#saved = new SavedState({ transport, topic: this.#topic, partition, chunkBytes });
  }

  /** How far reading the saved state has come. */
  get progress(): Pick<SavedState, 'recordsRead' | 'behind'> {
    return this.#saved;
  }

  /**
   * Hands over the entries of complete checkpoints so far, newest last, without owning the state: another worker still
   * writes it. Goes on where the last call ended.
   */
  async follow(hand: HandEntries, range: PartitionRange): Promise<void> {
    await this.#saved.catchUp(hand, range);
  }

  /**
   * Hands over the entries of complete checkpoints, newest last, from where `follow` ended; from then on the state is
   * this task’s to write.
   *
   * @returns the next input offset, per topic, that the state includes; empty for a task without state.
   */
  async restore(hand: HandEntries): Promise<ReadonlyMap<string, number>> {
    const saved = this.#saved;
    await saved.catchUp(hand);
    this.#torn = saved.torn;
    const purges = [...saved.unstamped].map((side) => this.#record(purgeRecord(side)));
    const producer = `${this.#topic}/${this.#setup.task.partition}`;
    if (purges.length > 0) await this.#setup.transport.write(producer, purges);
    this.#toPurge = new Set(saved.removed);
    this.#checkpoint = saved.newest;
    this.#acknowledged = saved.newest;
    return saved.positions;
  }

  /** Makes records of changed entries (null removes one) that the next call of `records` completes. */
  part(entries: SlotReader): OutboundRecord[] {
    this.#begin();
    return [...this.#changes(entries)];
  }

  /**
   * Makes the records that complete a checkpoint: the changed entries, then the stamp; none without change.
   *
   * An entry that was in a part before is there a second time, on the same side: only the later one counts.
   */
  records(entries: SlotReader, positions: ReadonlyMap<string, number>): OutboundRecord[] {
    const stampedPositions = JSON.stringify(Object.fromEntries(positions));
    const isChanged = entries.next();
    entries.rewind();
    if (!isChanged && !this.#begun && stampedPositions === this.#stamped) return [];
    this.#begin();
    this.#begun = false;
    this.#stamped = stampedPositions;
    const stamp: Stamp = {
      checkpoint: this.#checkpoint,
      positions: Object.fromEntries(positions),
      ...(this.#torn.length > 0 ? { torn: this.#torn } : {}),
    };
    return [...this.#changes(entries), ...this.#purges(), this.#record(stampRecord(stamp))];
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#checkpoint += 1;
    this.#written = new EntrySides();
    this.#deleted = new Set();
  }

  *#changes(entries: SlotReader): Iterable<OutboundRecord> {
    const checkpoint = this.#checkpoint;
    while (entries.next()) {
      const { key, value } = entries;
      if (key === null) continue;
      const name = key.toString('latin1');
      const side = 1 - (this.#saved.sides.get(name) ?? 1);
      this.#written.set(name, side);
      if (value === null) this.#deleted.add(name);
      else this.#deleted.delete(name);
      yield this.#record(sideRecord({ name, side, checkpoint, value }));
    }
  }

  *#purges(): Iterable<OutboundRecord> {
    for (const name of this.#toPurge) {
      if (this.#written.get(name) !== undefined) continue;
      // The side that says "removed" goes last: without it the other one would be back.
      const mark = this.#saved.sides.get(name) ?? 0;
      for (const side of [1 - mark, mark]) yield this.#record(purgeRecord({ name, side }));
    }
  }

  /** Tells that the records of the last checkpoint were acknowledged. */
  acknowledged(): void {
    if (this.#checkpoint === this.#acknowledged) return;
    this.#acknowledged = this.#checkpoint;
    const { sides } = this.#saved;
    sides.assign(this.#written);
    for (const name of this.#toPurge) {
      if (this.#written.get(name) === undefined) sides.delete(name);
    }
    // A removed entry’s sides go with the next checkpoint: until this one’s stamp stands they may still be needed.
    this.#toPurge = this.#deleted;
    this.#written = new EntrySides();
  }

  #record(record: Omit<TopicRecord, 'timestampMs'>): OutboundRecord {
    const { partition } = this.#setup.task;
    const timestampMs = this.#setup.clock.nowMs();
    return { topic: this.#topic, partition, timestampMs, ...record };
  }
}
