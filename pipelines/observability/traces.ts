import type { Clock, MonotonicClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { TaskResult } from '../../runtime/task.ts';
import type { FetchedRecord, RecordHeaders, Transport } from '../../runtime/transport.ts';
import type { ObservabilityOptions } from '../observability-options.ts';

/** Follows the batches of one stage from their fetch until their outputs are acknowledged. */
export interface StageTrace {
  fetched(partition: number, topic: string, records: readonly FetchedRecord[]): void;
  /** A kernel has answered; what it made is about to be written. */
  computed(result: TaskResult): void;
  /** Headers that the outputs of a result are to carry besides their own; `undefined` when there are none. */
  headersOf(result: TaskResult): RecordHeaders | undefined;
  settled(result: TaskResult): void;
  /** The partition is given up; its batches are all settled. */
  released(partition: number): void;
  /** Nothing that is under way will be settled any more. */
  abandoned(error: unknown): void;
}

/** Spans that a collector took, and spans that it did not. */
export interface SpanFigures {
  readonly exported: number;
  readonly failed: number;
}

/** Traces of a worker, on their way to a collector. */
export interface Traces {
  readonly figures: SpanFigures;
  /** Makes the trace of a stage, which reads as this consumer group. */
  stage(name: string, group: string): StageTrace;
  /** Sends what is left, for a few seconds at most; never rejects. */
  close(): Promise<void>;
}

/** What traces are opened with. */
export interface TracesSetup {
  readonly options: ObservabilityOptions['traces'];
  readonly transport: Transport['name'];
  readonly namespace?: string | undefined;
  readonly cluster?: string | undefined;
  readonly clock: Clock;
  readonly monotonic: MonotonicClock;
  readonly log: Log;
}
