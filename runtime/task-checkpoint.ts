import type { KernelAnswer, TaskAddress } from './kernel-call.ts';
import type { Lanes } from './lanes.ts';
import type { SlotPool } from './slot-pool.ts';

/** Checkpoints made in one go after one that gained nothing by being spread. */
const UNSPREAD = 7;

/** What the checkpoints of a task are made with. */
export interface TaskCheckpointSetup {
  readonly lanes: Lanes;
  readonly slots: SlotPool;
  readonly task: TaskAddress;
  /** Changed state that leaves the kernel in one slot. */
  readonly partBytes: number;
}

/** Changed state as it left the kernel. */
export interface CheckpointPart {
  readonly output: SharedArrayBuffer;
  readonly answer: KernelAnswer;
}

/**
 * Takes the changed state of a task out of its kernel, part by part.
 *
 * A checkpoint may be *spread*: its parts are taken out while records are processed in between. What such records change
 * again is taken out a second time at the end, in one go, so that in the end all is as of one place of the input. Where
 * that is most of it, as with series that all get points all the time, the next checkpoints are not spread.
 */
export class TaskCheckpoint {
  readonly #setup: TaskCheckpointSetup;
  #spread = false;
  #spreadBytes = 0;
  #lastBytes = 0;
  #unspread = 0;
  #expectedBytes = 0;

  constructor(setup: TaskCheckpointSetup) {
    this.#setup = setup;
  }

  /** Whether parts of a checkpoint were taken out and its end was not. */
  get isSpread(): boolean {
    return this.#spread;
  }

  /** Says whether the next checkpoint is to be spread. */
  choose(): boolean {
    if (this.#spread) return false;
    if (this.#unspread === 0) return true;
    this.#unspread -= 1;
    return false;
  }

  /** Takes a part out between records; there is no more to spread when its answer says so. */
  async next(): Promise<CheckpointPart> {
    const part = await this.#take(false);
    // All in the first part: nothing was processed since, so it is the end as well.
    this.#spread ||= part.answer.more === true;
    this.#spreadBytes = this.#spread ? this.#spreadBytes + part.answer.bytes : 0;
    return part;
  }

  /** Takes a part of the end out; nothing may be processed until an answer says that there is no more. */
  async last(): Promise<CheckpointPart> {
    const part = await this.#take(true);
    this.#lastBytes += part.answer.bytes;
    if (part.answer.more !== true) this.#ended();
    return part;
  }

  #ended(): void {
    if (this.#spread && this.#lastBytes * 2 > this.#spreadBytes) this.#unspread = UNSPREAD;
    this.#spread = false;
    this.#spreadBytes = 0;
    this.#lastBytes = 0;
  }

  async #take(last: boolean): Promise<CheckpointPart> {
    const { lanes, slots, task, partBytes: maxBytes } = this.#setup;
    const output = slots.acquire(this.#expectedBytes);
    const lane = lanes.laneOf(task.partition);
    const answer = await lanes.run(lane, { op: 'checkpoint', task, output, maxBytes, last });
    this.#expectedBytes = answer.bytes;
    return { output: answer.output ?? output, answer };
  }
}
