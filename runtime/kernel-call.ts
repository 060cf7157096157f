import type { DeadLetterLimits } from './dead-letter-cap.ts';
import type { KernelContext } from './kernel.ts';

/** Names a task’s kernel within a thread. */
export interface TaskAddress {
  readonly stage: string;
  readonly partition: number;
}

/** What the main thread asks of a kernel thread; bytes are in the shared buffers, never in the message. */
export type KernelCall =
  /** Loads a kernel with all that it needs, and keeps nothing. */
  | {
      readonly op: 'warm';
      readonly task: TaskAddress;
      readonly kernel: string;
      readonly context: KernelContext;
    }
  | {
      readonly op: 'open';
      readonly task: TaskAddress;
      readonly kernel: string;
      readonly context: KernelContext;
      /** Names of the input topics (by slot topic number) and output topics (likewise; the last is the dead letter). */
      readonly inputs: readonly string[];
      readonly outputs: readonly string[];
      /** Begins the full name of every topic. */
      readonly prefix: string;
      readonly deadLetters: DeadLetterLimits;
    }
  | {
      readonly op: 'restore';
      readonly task: TaskAddress;
      readonly input: SharedArrayBuffer;
      readonly bytes: number;
    }
  | {
      readonly op: 'process';
      readonly task: TaskAddress;
      readonly input: SharedArrayBuffer;
      readonly bytes: number;
      readonly output: SharedArrayBuffer;
    }
  /**
   * Takes changed entries out, about `maxBytes` of them and at least one. With `last` the answers without `more` in front
   * of it and its own hold all that changed, if nothing is processed from the first of its kind on.
   */
  | {
      readonly op: 'checkpoint';
      readonly task: TaskAddress;
      readonly output: SharedArrayBuffer;
      readonly maxBytes: number;
      readonly last: boolean;
    }
  | { readonly op: 'close'; readonly task: TaskAddress };

/** A kernel thread’s answer. `output` may be a larger buffer than the one that was lent. */
export interface KernelAnswer {
  readonly output?: SharedArrayBuffer;
  readonly bytes: number;
  readonly records: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
  /** Of a checkpoint: whether there are more entries than it took out. */
  readonly more?: boolean;
  /** Time the call took within the thread. */
  readonly elapsedMs: number;
}
