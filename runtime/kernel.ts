import type { ErrorCode } from './errors.ts';
import type { SlotReader } from './slot.ts';
import type { StateEntry } from './state/state-entries.ts';
import type { RecordHeaders } from './transport.ts';

/** What a kernel is told when its task is created in a thread. `options` is the stage’s own, structured-cloned. */
export interface KernelContext<Options = unknown> {
  readonly stage: string;
  readonly partition: number;
  readonly partitions: number;
  readonly options: Options;
}

/** What a kernel gives up of an input record, and why. */
export interface KernelRejection {
  readonly code: ErrorCode;
  /** Points concerned. */
  readonly points: number;
  /** What was seen and what the limit is; never a payload. */
  readonly detail?: string;
  /** Replaces the record’s bytes in the dead letter, where only a part of the record was bad. */
  readonly value?: Uint8Array | undefined;
  /** Whose record it is, where that is known: dead letters are capped by tenant and code. */
  readonly tenant?: string;
}

/** What became of a rejection: a dead letter, none because there were too many, or dropped by its fate. */
export type RejectionOutcome = 'deadLetter' | 'leftOut' | 'drop';

/**
 * Where a kernel puts what it makes. All of it leaves the thread in one shared-memory slot.
 */
export interface KernelOutput {
  /** Emits a record to an output topic of the stage (name without prefix) and an explicit partition. */
  emit(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestampMs: number,
    headers?: RecordHeaders,
  ): void;
  /**
   * Gives up input record `index`, the current one, or a part of it. With fate `deadLetter` it goes to the dead-letter
   * topic, unless too many of its tenant and code went before; then its points count as dropped by the same code.
   */
  reject(index: number, rejection: KernelRejection): RejectionOutcome;
  /** Adds to a counter; names are `snake_case`, labels are part of the name as in `dropped{code="X"}`. */
  count(name: string, by: number): void;
  /** Sets a gauge of this task; the worker reports the sum over its tasks. */
  gauge(name: string, value: number): void;
}

/**
 * A stage’s work on one partition: a pure function of its input records and its own state.
 *
 * One call at a time; runs in a worker thread. It has no clock, no randomness, no I/O: whatever it needs comes in
 * records. A bad record is rejected, never thrown; a throw is a defect and stops the stage (`KERNEL_FAILED`).
 */
export interface Kernel {
  /** Processes consecutive records of the task’s input, in order. */
  process(input: SlotReader, output: KernelOutput): Promise<void> | void;
  /**
   * Yields every state entry that changed and was not yielded since; its bytes are good until the next is asked for.
   * Records may be processed between two entries: what changes by that must be yielded by the next call, if not by this
   * one. Each call’s entries are taken to the end before those of the next.
   */
  checkpoint(): Iterable<StateEntry>;
  /**
   * Puts state entries back, before the first `process`; a later entry of a key replaces an earlier, null removes it.
   * State outlives the call and its bytes do not: a kernel copies what it keeps of them.
   */
  restore(key: Uint8Array, value: Uint8Array | null): void;
  /** Gives back what does not go with its memory, such as an open file; nothing is called after it. */
  close?(): void;
}

/** Default export of a `*.kernel.ts` module. */
export type CreateKernel<Options> = (context: KernelContext<Options>) => Promise<Kernel>;
