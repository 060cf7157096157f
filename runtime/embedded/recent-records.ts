import type { FetchedRecord } from '../transport.ts';
import { recordBytes } from './slot-records.ts';

/** How much one batch may hold: at least one record, then up to these. */
export interface BatchLimit {
  readonly maxBytes: number;
  readonly maxRecords: number;
}

/** Consecutive records, and where the next batch begins. */
export interface Batch {
  readonly records: readonly FetchedRecord[];
  readonly next: number;
}

interface Run {
  readonly records: readonly FetchedRecord[];
  readonly bytes: number;
}

/** Stands where a dropped run stood until the list is cut: the run itself would be held by it. */
const DROPPED: Run = { records: [], bytes: 0 };

/**
 * Keeps the last records of one partition in memory, so that readers who keep up never wait for the file.
 *
 * Holds ranges of offsets: what comes while nobody follows the partition is left out. `RecentBudget` drops the oldest.
 */
export class RecentRecords {
  #runs: Run[] = [];
  #first = 0;

  /** Appends records that follow the ones already here. */
  push(run: Run): void {
    this.#runs.push(run);
  }

  /** Drops the oldest run and returns its bytes. */
  shift(): number {
    const run = this.#runs[this.#first];
    if (run === undefined) return 0;
    this.#runs[this.#first] = DROPPED;
    this.#first += 1;
    if (this.#first >= 64 && this.#first * 2 >= this.#runs.length) {
      this.#runs = this.#runs.slice(this.#first);
      this.#first = 0;
    }
    return run.bytes;
  }

  /** The records from an offset on, below `to`; undefined when that offset is not here. */
  from(offset: number, to: number, limit: BatchLimit): Batch | undefined {
    let at = this.#find(offset);
    if (at === undefined) return undefined;
    const records: FetchedRecord[] = [];
    let next = offset;
    let bytes = 0;
    for (; at < this.#runs.length; at += 1) {
      const run = this.#runs[at]?.records ?? [];
      // Where something was left out there is no record, and the batch ends before it.
      for (let i = next - (run[0]?.offset ?? next); i < run.length; i += 1) {
        const record = run[i];
        if (record === undefined || record.offset >= to) return { records, next };
        records.push(record);
        next = record.offset + 1;
        bytes += recordBytes(record.key, record.value);
        if (bytes >= limit.maxBytes || records.length >= limit.maxRecords) return { records, next };
      }
    }
    return { records, next };
  }

  /** Index of the run that holds an offset. */
  #find(offset: number): number | undefined {
    let low = this.#first;
    let high = this.#runs.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const records = this.#runs[middle]?.records ?? [];
      const start = records[0]?.offset ?? 0;
      if (offset < start) high = middle - 1;
      else if (offset >= start + records.length) low = middle + 1;
      else return middle;
    }
    return undefined;
  }
}

/** Bounds the recent records of all partitions together, in bytes: what came first goes first. */
export class RecentBudget {
  readonly #maxBytes: number;
  #order: RecentRecords[] = [];
  #first = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Adds a run to a partition’s recent records and drops what no longer fits, that run itself if it must. */
  push(recent: RecentRecords, run: Run): void {
    recent.push(run);
    this.#order.push(recent);
    this.#bytes += run.bytes;
    while (this.#bytes > this.#maxBytes) this.#drop();
    if (this.#first >= 1024 && this.#first * 2 >= this.#order.length) {
      this.#order = this.#order.slice(this.#first);
      this.#first = 0;
    }
  }

  #drop(): void {
    this.#bytes -= this.#order[this.#first]?.shift() ?? this.#bytes;
    this.#first += 1;
  }
}
