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
  | { readonly op: 'checkpoint'; readonly task: TaskAddress; readonly output: SharedArrayBuffer }
  | { readonly op: 'close'; readonly task: TaskAddress };

/** A kernel thread’s answer. `output` may be a larger buffer than the one that was lent. */
export interface KernelAnswer {
  readonly output?: SharedArrayBuffer;
  readonly bytes: number;
  readonly records: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
  /** Time the call took within the thread. */
  readonly elapsedMs: number;
}
