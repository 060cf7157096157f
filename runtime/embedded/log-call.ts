import type { ErrorCode } from '../errors.ts';
import type { TopicSpec } from '../transport.ts';

/** How the log thread opens its file. */
export interface LogFileOptions {
  readonly folder: string;
  /** `full`: fsync at every commit. `normal`: a power cut may take the last commits; a kill -9 takes none. */
  readonly synchronous: 'full' | 'normal';
  /** Cap of the folder’s files together; the oldest records of `delete` topics go before it is passed. */
  readonly maxBytes: number;
}

/** A partition as the log knows it: `id` names it between the threads, readable offsets are `[low, high)`. */
export interface PartitionState {
  readonly id: number;
  readonly partition: number;
  readonly low: number;
  readonly high: number;
}

/** A topic with its partitions in order. */
export interface TopicState {
  readonly spec: TopicSpec;
  readonly partitions: readonly PartitionState[];
}

/** The committed next offset of a group, by partition id. */
export interface GroupOffset {
  readonly group: string;
  readonly id: number;
  readonly offset: number;
}

/** What the main thread asks of the log thread; bytes are in the shared buffers, never in the message. */
export type LogCall =
  | { readonly op: 'open' }
  | { readonly op: 'ensure'; readonly topics: readonly TopicSpec[] }
  | {
      readonly op: 'write';
      /** Entries hold the partition id in `partition`; `topic` and `offset` are unused. */
      readonly buffer: SharedArrayBuffer;
      readonly byteLength: number;
      readonly offsets: readonly GroupOffset[];
      readonly nowMs: number;
    }
  | {
      readonly op: 'read';
      readonly id: number;
      readonly from: number;
      readonly to: number;
      readonly maxBytes: number;
      readonly maxRecords: number;
      readonly buffer: SharedArrayBuffer;
    }
  | { readonly op: 'trim'; readonly nowMs: number }
  | { readonly op: 'close' };

/** What each call is answered with. */
export interface LogResults {
  readonly open: {
    readonly topics: readonly TopicState[];
    readonly offsets: readonly GroupOffset[];
  };
  readonly ensure: { readonly topics: readonly TopicState[] };
  /** First offset given to the records of each partition id that the write touched. */
  readonly write: { readonly bases: readonly (readonly [id: number, base: number])[] };
  /** `buffer` may be a larger one than was lent; `next` is where the next read goes on. */
  readonly read: {
    readonly buffer: SharedArrayBuffer;
    readonly byteLength: number;
    readonly next: number;
  };
  readonly trim: undefined;
  readonly close: undefined;
}

/** Records of a partition that retention removed. */
export interface PartitionTruncation {
  readonly id: number;
  readonly low: number;
  readonly records: number;
  readonly bytes: number;
  readonly reason: TruncationReason;
}

/** Why records went: older than `retentionMs`, above `retentionBytes`, or the file was at its cap. */
export type TruncationReason = 'age' | 'partitionBytes' | 'fileBytes';

/** The answer to the call with this number. */
export type LogAnswer =
  | { readonly call: number; readonly result: LogResults[keyof LogResults] }
  | { readonly call: number; readonly code: ErrorCode; readonly detail: string };

/** One message from the log thread: truncations first, then answers in the order the calls were carried out. */
export interface LogReport {
  readonly truncations: readonly PartitionTruncation[];
  readonly answers: readonly LogAnswer[];
}
