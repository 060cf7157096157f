import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { PipelineError } from '../errors.ts';
import type { PartitionTruncation, TruncationReason } from './log-call.ts';
import { PAGE_BYTES } from './log-file.ts';
import type { LogPartition } from './log-partition.ts';

/** Records that one bite removes at most, so that a waiting commit waits a few milliseconds. */
const BITE_RECORDS = 256;
/** Bytes that making room may free beyond what it makes room for: lets a lowered cap be reached step by step. */
const BITE_BYTES = 4 * 1024 * 1024;
/** How long a tombstone stays readable in a compact topic; Kafka’s `delete.retention.ms` has the same default. */
const TOMBSTONE_MS = 24 * 60 * 60 * 1000;
/** What records take in the file beyond their own bytes: measured 1.05 to 1.20 at this page size. */
const FILE_FACTOR = 1.25;
const RESERVE_FRACTION = 1 / 16;
const RESERVE_BYTES = 16 * 1024 * 1024;

/** A bite that a partition is due for. */
interface DueBite {
  readonly partition: LogPartition;
  readonly reason: TruncationReason | 'tombstone';
}

/**
 * Decides which records go, and removes them in bites inside the caller’s transaction.
 *
 * Age counts from when the log took the record, not from its timestamp: back-filled points stay as long as live ones.
 * A retention of -1 is without limit. Compact topics lose superseded keys and day-old tombstones, nothing else.
 * The file keeps a reserve below its cap (a sixteenth, 16 MiB at most); pages of removed records are used again, the
 * file itself never shrinks.
 */
export class LogRetention {
  readonly #partitions: () => Iterable<LogPartition>;
  readonly #pageCount: StatementSync;
  readonly #freeCount: StatementSync;
  readonly #maxBytes: number;

  constructor(database: DatabaseSync, maxBytes: number, partitions: () => Iterable<LogPartition>) {
    this.#partitions = partitions;
    this.#maxBytes = maxBytes;
    this.#pageCount = database.prepare('PRAGMA page_count');
    this.#freeCount = database.prepare('PRAGMA freelist_count');
  }

  /** Bytes of the file’s pages that are in use. */
  get liveBytes(): number {
    const pages = Number(this.#pageCount.get()?.page_count);
    return (pages - Number(this.#freeCount.get()?.freelist_count)) * PAGE_BYTES;
  }

  /** Finds a partition with something to remove. Looks at memory only, except at the first call for a partition. */
  due(nowMs: number): DueBite | undefined {
    for (const partition of this.#partitions()) {
      const reason = this.#reason(partition, nowMs);
      if (reason !== undefined) return { partition, reason };
    }
    if (this.liveBytes <= this.#limitBytes) return undefined;
    const partition = this.#oldest();
    return partition === undefined ? undefined : { partition, reason: 'fileBytes' };
  }

  /** Removes one bite of what is due; returns what readers have lost by it. */
  bite({ partition, reason }: DueBite, nowMs: number): PartitionTruncation | undefined {
    if (reason === 'tombstone') {
      partition.removeTombstones(nowMs - TOMBSTONE_MS, BITE_RECORDS);
      return undefined;
    }
    const { retentionMs, retentionBytes } = partition.spec;
    const keptBytes = partition.bytes - retentionBytes;
    const goes: Record<TruncationReason, (writtenMs: number, removed: number) => boolean> = {
      age: (writtenMs) => writtenMs < nowMs - retentionMs,
      partitionBytes: (_, removed) => removed < Math.min(keptBytes, BITE_BYTES),
      fileBytes: (_, removed) => removed < BITE_BYTES,
    };
    return remove(partition, reason, goes[reason]);
  }

  /**
   * Frees pages for records of so many bytes before they are written, oldest first.
   *
   * @throws PipelineError `TRANSPORT_UNAVAILABLE` when the cap is reached and only compact topics are left.
   */
  makeRoom(incomingBytes: number): {
    touched: Set<LogPartition>;
    truncations: PartitionTruncation[];
  } {
    const touched = new Set<LogPartition>();
    const truncations: PartitionTruncation[] = [];
    const needBytes = incomingBytes * FILE_FACTOR;
    let budget = needBytes * 2 + BITE_BYTES;
    while (budget > 0 && this.liveBytes + needBytes > this.#limitBytes) {
      const partition = this.#oldest();
      if (partition === undefined) {
        if (this.liveBytes + needBytes <= this.#maxBytes) break;
        throw new PipelineError(
          'TRANSPORT_UNAVAILABLE',
          `the log is at its cap of ${this.#maxBytes} bytes; raise maxBytes`,
        );
      }
      const wanted = Math.min(budget, BITE_BYTES);
      const truncation = remove(partition, 'fileBytes', (_, removed) => removed < wanted);
      if (truncation === undefined) break;
      budget -= truncation.bytes;
      touched.add(partition);
      truncations.push(truncation);
    }
    return { touched, truncations };
  }

  get #limitBytes(): number {
    return this.#maxBytes - Math.min(this.#maxBytes * RESERVE_FRACTION, RESERVE_BYTES);
  }

  #reason(partition: LogPartition, nowMs: number): DueBite['reason'] | undefined {
    const { retentionMs, retentionBytes } = partition.spec;
    if (partition.isCompact) {
      return partition.tombstoneWrittenMs() < nowMs - TOMBSTONE_MS ? 'tombstone' : undefined;
    }
    if (partition.low === partition.high) return undefined;
    if (retentionMs >= 0 && partition.headWrittenMs() < nowMs - retentionMs) return 'age';
    if (retentionBytes >= 0 && partition.bytes > retentionBytes) return 'partitionBytes';
    return undefined;
  }

  #oldest(): LogPartition | undefined {
    let oldest: LogPartition | undefined;
    for (const partition of this.#partitions()) {
      if (partition.isCompact || partition.low === partition.high) continue;
      if (oldest === undefined || partition.headWrittenMs() < oldest.headWrittenMs())
        oldest = partition;
    }
    return oldest;
  }
}

function remove(
  partition: LogPartition,
  reason: TruncationReason,
  goes: (writtenMs: number, removedBytes: number) => boolean,
): PartitionTruncation | undefined {
  const { records, bytes } = partition.removeOldest(BITE_RECORDS, goes);
  return records === 0
    ? undefined
    : { id: partition.id, low: partition.low, records, bytes, reason };
}
