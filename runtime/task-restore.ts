import type { Clock } from './clock.ts';
import { DEAD_LETTER_TOPIC } from './dead-letter.ts';
import type { DeadLetterLimits } from './dead-letter-cap.ts';
import { failPoint } from './fail-point.ts';
import type { TaskAddress } from './kernel-call.ts';
import type { Lanes } from './lanes.ts';
import { SlotWriter } from './slot.ts';
import type { SlotPool } from './slot-pool.ts';
import type { StageSpec } from './stage-spec.ts';
import { size } from './task-item.ts';
import { TaskState } from './task-state.ts';
import type { PartitionRange, TopicRecord, Transport } from './transport.ts';

const STATE_CHUNK_BYTES = 8 * 1024 * 1024;
/** A follower’s chunks are small: tasks that work share its thread. */
const FOLLOWED_CHUNK_BYTES = 512 * 1024;

/** What a task needs of its surroundings. */
export interface TaskServices {
  readonly transport: Transport;
  readonly lanes: Lanes;
  readonly slots: SlotPool;
  readonly prefix: string;
  readonly partitions: number;
  readonly options: unknown;
  readonly deadLetters: DeadLetterLimits;
  readonly clock: Clock;
  /** Changed state that leaves a kernel in one slot; a checkpoint of more has several parts. */
  readonly checkpointPartBytes: number;
}

/**
 * A task’s kernel before it works: opened in its thread and brought up to its saved state.
 *
 * For a task that another worker owns it follows what that one saves, as far as complete; taking over then needs only
 * what was saved since. One call at a time; after a call has failed, only `drop` makes sense.
 */
export class TaskRestore {
  readonly state: TaskState;
  readonly #spec: StageSpec;
  readonly #partition: number;
  readonly #services: TaskServices;
  readonly #task: TaskAddress;
  readonly #lane: number;
  #turn: Promise<unknown> = Promise.resolve();
  #opened = false;

  constructor(
    spec: StageSpec,
    partition: number,
    services: TaskServices,
    purpose: 'own' | 'follow' = 'own',
  ) {
    this.#spec = spec;
    this.#partition = partition;
    this.#services = services;
    this.#task = { stage: spec.name, partition };
    this.#lane = services.lanes.laneOf(partition);
    const { transport, prefix, clock } = services;
    const chunkBytes = purpose === 'own' ? STATE_CHUNK_BYTES : FOLLOWED_CHUNK_BYTES;
    this.state = new TaskState({ transport, prefix, task: this.#task, chunkBytes, clock });
  }

  /** Takes in what its owner has saved so far. `range`: that of its partition of the state topic. */
  async follow(range: PartitionRange): Promise<void> {
    await this.#inTurn(async () => {
      await this.#open();
      await this.state.follow((entries) => this.#hand(entries), range);
    });
  }

  /** Takes in what is missing and makes the state ours. @returns next input offset per topic (full name). */
  async own(): Promise<ReadonlyMap<string, number>> {
    return await this.#inTurn(async () => {
      await this.#open();
      return await this.state.restore((entries) => this.#hand(entries));
    });
  }

  /** Drops the kernel. */
  async drop(): Promise<void> {
    await this.#turn.catch(() => undefined);
    await this.#services.lanes.run(this.#lane, { op: 'close', task: this.#task });
  }

  /** Runs a call behind the one under way, and not at all behind one that failed. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn;
    return await turn;
  }

  async #open(): Promise<void> {
    if (this.#opened) return;
    this.#opened = true;
    const { lanes, prefix, partitions, options, deadLetters } = this.#services;
    const { name, inputs, broadcast, local, outputs, kernel } = this.#spec;
    await lanes.run(this.#lane, {
      op: 'open',
      task: this.#task,
      kernel,
      context: { stage: name, partition: this.#partition, partitions, options },
      inputs: [...inputs, ...broadcast, ...local],
      outputs: [...outputs, DEAD_LETTER_TOPIC],
      prefix,
      deadLetters,
    });
  }

  async #hand(entries: readonly TopicRecord[]): Promise<void> {
    const { slots, lanes } = this.#services;
    const slot = new SlotWriter(slots.acquire(size(entries)));
    for (const entry of entries) slot.append(0, 0, 0, entry);
    await lanes.run(this.#lane, {
      op: 'restore',
      task: this.#task,
      input: slot.buffer,
      bytes: slot.byteLength,
    });
    slots.release(slot.buffer);
    failPoint('restoring', `${this.#task.stage}/${this.#partition}`);
  }
}
