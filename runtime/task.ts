import { merge, type Observable, Subject } from 'rxjs';
import { batchWhileBusy } from './batch-while-busy.ts';
import type { KernelAnswer, TaskAddress } from './kernel-call.ts';
import { SlotReader, SlotWriter } from './slot.ts';
import type { StageSpec } from './stage-spec.ts';
import { type CheckpointPart, TaskCheckpoint } from './task-checkpoint.ts';
import { chunks, isReplay, packCall, size, type TaskItem, takeCall } from './task-item.ts';
import { TaskRestore, type TaskServices } from './task-restore.ts';
import type { FetchedRecord, OutboundRecord, PartitionOffset, TopicRecord } from './transport.ts';

/** What one kernel call left behind, to be written, and then to be acknowledged to the task. */
export interface TaskResult {
  readonly task: Task;
  /**
   * `replay`: outputs were acknowledged in an earlier life and are left out. `checkpoint` ends one, of which any number
   * of `part` may have come before.
   */
  readonly kind: 'outputs' | 'part' | 'checkpoint' | 'replay';
  readonly output: SharedArrayBuffer;
  readonly answer: KernelAnswer;
  /** Next input offset per topic (full name) after this result. */
  readonly positions: ReadonlyMap<string, number>;
  /** Input bytes and items that this result settles. */
  readonly settledBytes: number;
  readonly settledItems: number;
}

/**
 * One (stage, partition): the unit of order, state and commit.
 *
 * Feeds its kernel batch by batch, one call at a time, and yields the results in order on `results`. After `open`, the
 * input is read from the saved state’s stamp; what lies below the committed offset only rebuilds state.
 */
export class Task {
  readonly partition: number;
  readonly results: Observable<TaskResult>;
  readonly #spec: StageSpec;
  readonly #services: TaskServices;
  readonly #address: TaskAddress;
  readonly #lane: number;
  readonly #inbox = new Subject<TaskItem>();
  readonly #positions = new Map<string, number>();
  readonly #replayUntil = new Map<string, number>();
  /** Broadcast records that wait for the end of the replay. */
  readonly #held: TaskItem[] = [];
  readonly #waiters: (() => void)[] = [];
  readonly #restore: TaskRestore;
  readonly #changes: TaskCheckpoint;
  /** Parts of a checkpoint behind which nothing is processed before its end. */
  readonly #parts = new Subject<TaskResult>();
  /** What follows on the writing of a part. */
  readonly #written = new Map<TaskResult, () => void>();
  #hasState = false;
  #pendingItems = 0;
  #pendingBytes = 0;

  /** @param restore where the task has been followed from, if it has. */
  constructor(
    spec: StageSpec,
    partition: number,
    services: TaskServices,
    restore: TaskRestore = new TaskRestore(spec, partition, services),
  ) {
    this.partition = partition;
    this.#spec = spec;
    this.#services = services;
    this.#address = { stage: spec.name, partition };
    this.#lane = services.lanes.laneOf(partition);
    this.#restore = restore;
    const { lanes, slots, checkpointPartBytes: partBytes } = services;
    this.#changes = new TaskCheckpoint({ lanes, slots, task: this.#address, partBytes });
    const calls = this.#inbox.pipe(
      batchWhileBusy({ take: takeCall, project: (items) => this.#call(items) }),
    );
    this.results = merge(this.#parts, calls);
  }

  /** Input bytes offered and not yet settled. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Items offered and not yet settled. */
  get pendingItems(): number {
    return this.#pendingItems;
  }

  /** How far reading the saved state has come. */
  get restoring(): { readonly recordsRead: number; readonly behind: number } {
    return this.#restore.state.progress;
  }

  /**
   * Opens the kernel in its thread and restores its state.
   * @returns where to start reading, per input topic (full name).
   */
  async open(committed: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> {
    const { prefix } = this.#services;
    const { inputs } = this.#spec;
    const stamp = await this.#restore.own();
    this.#hasState = stamp.size > 0;
    for (const input of inputs) {
      const topic = prefix + input;
      const until = committed.get(topic) ?? 0;
      this.#positions.set(topic, Math.min(stamp.get(topic) ?? 0, until));
      this.#replayUntil.set(topic, until);
    }
    for (const [topic, position] of this.#positions) this.#done.set(topic, position);
    return new Map(this.#positions);
  }

  /** Takes fetched records of an input topic, in order; those below the task’s position are repeats of a fetch. */
  offer(topic: string, fetched: readonly FetchedRecord[]): void {
    const number = this.#spec.inputs.indexOf(topic.slice(this.#services.prefix.length));
    const position = this.#positions.get(topic) ?? 0;
    const records = fetched.filter((record) => record.offset >= position);
    const last = records.at(-1);
    if (number < 0 || last === undefined) return;
    this.#positions.set(topic, last.offset + 1);
    const until = this.#replayUntil.get(topic) ?? 0;
    const replayed = records.filter((record) => record.offset < until);
    const fresh = replayed.length === 0 ? records : records.slice(replayed.length);
    for (const part of chunks(replayed))
      this.#put({ kind: 'records', topic: number, replay: true, ...part });
    this.#broadcastHeld();
    for (const part of chunks(fresh))
      this.#put({ kind: 'records', topic: number, replay: false, ...part });
  }

  /**
   * Takes records of a partition of a broadcast topic, or of a local one.
   *
   * What is broadcast acts on the input behind it, in a replay as in the first run: the kernel keeps it in its state,
   * the state is saved where it came in, and none is taken in while older input is replayed.
   */
  broadcast(topic: string, records: readonly TopicRecord[], partition = 0): void {
    if (records.length === 0) return;
    const { inputs, broadcast, local } = this.#spec;
    const number = inputs.length + [...broadcast, ...local].indexOf(topic);
    const bytes = size(records);
    const item: TaskItem = { kind: 'broadcast', topic: number, partition, records, bytes };
    if (!broadcast.includes(topic)) return this.#put(item);
    this.#held.push(item);
    this.#broadcastHeld();
  }

  /**
   * Asks for a checkpoint at the next batch boundary.
   *
   * @param how `spread`: batches may be processed between its parts, and are among what it saves; if one is being spread,
   *   it is brought to its end instead. `whole`: it saves the state as it is at that boundary.
   */
  checkpoint(how: 'spread' | 'whole' = 'whole'): void {
    this.#put({ kind: 'checkpoint', spread: how === 'spread' && this.#changes.choose(), bytes: 0 });
  }

  /** Makes the records that save the entries of a checkpoint or part of one; they count once its end is settled. */
  stateRecords({ kind, output, answer, positions }: TaskResult): OutboundRecord[] {
    const { state } = this.#restore;
    const entries = new SlotReader(output, answer.bytes);
    return kind === 'part' ? state.part(entries) : state.records(entries, positions);
  }

  /** The offsets that may be committed with a result: a topic that is still being replayed keeps its own. */
  commits({ positions }: TaskResult): PartitionOffset[] {
    const { partition } = this;
    return [...positions]
      .filter(([topic, offset]) => offset >= (this.#replayUntil.get(topic) ?? 0))
      .map(([topic, offset]) => ({ topic, partition, offset }));
  }

  /** Acknowledges that a result was written (or needed no writing): its buffer is free again. */
  settle(result: TaskResult): void {
    if (result.kind === 'checkpoint') this.#restore.state.acknowledged();
    this.#written.get(result)?.();
    this.#written.delete(result);
    this.#services.slots.release(result.output);
    this.#pendingBytes -= result.settledBytes;
    this.#pendingItems -= result.settledItems;
    if (this.#pendingItems > 0) return;
    for (const wake of this.#waiters.splice(0)) wake();
  }

  /** Resolves when everything offered so far is settled. */
  async settled(): Promise<void> {
    if (this.#pendingItems === 0) return;
    await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** Ends the results and drops the kernel. */
  async close(): Promise<void> {
    this.#inbox.complete();
    await this.#services.lanes.run(this.#lane, { op: 'close', task: this.#address });
  }

  #broadcastHeld(): void {
    const isReplaying = [...this.#replayUntil].some(
      ([topic, until]) => (this.#positions.get(topic) ?? 0) < until,
    );
    if (this.#held.length === 0 || (this.#hasState && isReplaying)) return;
    for (const item of this.#held.splice(0)) this.#put(item);
    this.checkpoint();
  }

  #put(item: TaskItem): void {
    this.#pendingItems += 1;
    this.#pendingBytes += item.bytes;
    this.#inbox.next(item);
  }

  async #call(items: readonly TaskItem[]): Promise<TaskResult> {
    const settledItems = items.length;
    const settledBytes = items.reduce((sum, item) => sum + item.bytes, 0);
    const [first] = items;
    const { lanes, slots } = this.#services;
    const task = this.#address;
    if (first?.kind === 'checkpoint')
      return await (first.spread ? this.#spreadPart() : this.#endCheckpoint());
    const input = this.#pack(items);
    const output = slots.acquire(settledBytes);
    const answer = await lanes.run(this.#lane, {
      op: 'process',
      task,
      input: input.buffer,
      bytes: input.byteLength,
      output,
    });
    slots.release(input.buffer);
    const replay = items.some(isReplay);
    return this.#result(
      replay ? 'replay' : 'outputs',
      answer,
      output,
      settledBytes,
      settledItems,
      items,
    );
  }

  /** The next part goes behind what waits by then; after the last one, the end of the checkpoint does. */
  async #spreadPart(): Promise<TaskResult> {
    const part = await this.#changes.next();
    if (!this.#changes.isSpread) return this.#saved('checkpoint', part, 1);
    const result = this.#saved('part', part, 1);
    const spread = part.answer.more === true;
    this.#written.set(result, () => {
      if (this.#changes.isSpread) this.#put({ kind: 'checkpoint', spread, bytes: 0 });
    });
    return result;
  }

  async #endCheckpoint(): Promise<TaskResult> {
    let written: Promise<void> | undefined;
    for (;;) {
      const part = await this.#changes.last();
      // While one part is written the next is made, and no more: what is taken out lies in memory.
      await written;
      if (part.answer.more !== true) return this.#saved('checkpoint', part, 1);
      const result = this.#saved('part', part, 0);
      written = new Promise((resolve) => this.#written.set(result, resolve));
      this.#parts.next(result);
    }
  }

  #saved(
    kind: 'part' | 'checkpoint',
    { answer, output }: CheckpointPart,
    settledItems: number,
  ): TaskResult {
    return this.#result(kind, answer, output, 0, settledItems);
  }

  #result(
    kind: TaskResult['kind'],
    answer: KernelAnswer,
    lent: SharedArrayBuffer,
    settledBytes: number,
    settledItems: number,
    items: readonly TaskItem[] = [],
  ): TaskResult {
    for (const item of items) {
      if (item.kind !== 'records') continue;
      const last = item.records.at(-1);
      const topic = this.#services.prefix + (this.#spec.inputs[item.topic] ?? '');
      if (last !== undefined) this.#done.set(topic, last.offset + 1);
    }
    const output = answer.output ?? lent;
    return {
      task: this,
      kind,
      output,
      answer,
      positions: new Map(this.#done),
      settledBytes,
      settledItems,
    };
  }

  /** Next input offset per topic behind the kernel, unlike `#positions`, which is behind the inbox. */
  readonly #done = new Map<string, number>();

  #pack(items: readonly TaskItem[]): SlotWriter {
    const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
    const slot = new SlotWriter(this.#services.slots.acquire(bytes));
    packCall(slot, this.partition, items);
    return slot;
  }
}
