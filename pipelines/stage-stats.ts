import type { FetchedRecord, PartitionRange } from '../runtime/transport.ts';

/** What a stage has done and what waits for it. Counters and gauges are by name, labels included. */
export interface StageFigures {
  readonly name: string;
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
  /** Records between the position and the end of the inputs, over all partitions of this worker. */
  readonly lagRecords: number;
}

/** How far a stage has come in its inputs, over the partitions of this worker. */
export interface StageProgress {
  readonly lagRecords: number;
  /** Time stamp of the oldest record not yet settled, epoch ms; `undefined` without lag or when none is known. */
  readonly waitingSinceMs: number | undefined;
  /** Records settled so far. */
  readonly settledRecords: number;
  /** Committed records still to be read again, and all that ever had to be. */
  readonly replayRecords: number;
  readonly replayedRecords: number;
}

/** Where an input partition of this worker stands. */
export interface InputHead {
  readonly topic: string;
  readonly partition: number;
  /** End of the partition as far as it is known. */
  readonly high: number;
  /** Whether everything up to there has gone through. */
  readonly isSettled: boolean;
}

interface Fetch {
  readonly last: number;
  readonly oldestMs: number;
  readonly newestMs: number;
}

interface InputProgress {
  readonly topic: string;
  readonly partition: number;
  position: number;
  high: number;
  replayUntil: number;
  /** Fetches that are not settled, oldest first. */
  readonly fetches: Fetch[];
  settledMs: number;
}

/** Gathers the figures of one stage on this worker; counters move only when the results they belong to are acknowledged. */
export class StageStats {
  readonly #name: string;
  readonly #counters: Record<string, number> = {};
  readonly #gauges = new Map<number, Record<string, number>>();
  readonly #progress = new Map<string, InputProgress>();
  #settledRecords = 0;
  #replayedRecords = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Notes where a partition begins: at `from`, of which what lies below `committed` is read again. */
  assigned(partition: number, topic: string, from: number, committed: number): void {
    this.#progress.set(`${topic}/${partition}`, {
      topic,
      partition,
      position: from,
      high: Math.max(from, committed),
      replayUntil: committed,
      fetches: [],
      settledMs: 0,
    });
    this.#replayedRecords += Math.max(0, committed - from);
  }

  /** Forgets a partition: its lag and gauges are its next owner’s. */
  released(partition: number): void {
    this.#gauges.delete(partition);
    for (const [key, progress] of this.#progress) {
      if (progress.partition === partition) this.#progress.delete(key);
    }
  }

  /** Forgets all partitions: the stage joins its group anew. */
  restarted(): void {
    this.#gauges.clear();
    this.#progress.clear();
  }

  /** Notes a fetch, and the end of its partition as of then; one that comes late, after the release, is not ours. */
  fetched(partition: number, topic: string, records: readonly FetchedRecord[], high: number): void {
    const first = records[0];
    const last = records.at(-1);
    if (first === undefined || last === undefined) return;
    const progress = this.#progress.get(`${topic}/${partition}`);
    if (progress === undefined) return;
    progress.high = Math.max(progress.high, high, last.offset + 1);
    progress.fetches.push({
      last: last.offset,
      oldestMs: first.timestampMs,
      newestMs: last.timestampMs,
    });
  }

  /** Notes the ends of a topic’s partitions, so that lag is seen even while nothing is fetched. */
  ends(topic: string, ranges: readonly PartitionRange[]): void {
    for (const { partition, low, high } of ranges) {
      const progress = this.#progress.get(`${topic}/${partition}`);
      if (progress === undefined) continue;
      progress.high = Math.max(progress.high, high);
      // What retention took away is no longer waiting.
      progress.position = Math.max(progress.position, low);
    }
  }

  /**
   * Notes the next input offset behind acknowledged outputs.
   * @returns the time stamps of the newest records of the fetches that this settles, epoch ms.
   */
  position(partition: number, topic: string, offset: number): readonly number[] {
    const progress = this.#progress.get(`${topic}/${partition}`);
    if (progress === undefined) return [];
    this.#settledRecords += Math.max(0, offset - progress.position);
    progress.position = offset;
    const settled: number[] = [];
    for (let [fetch] = progress.fetches; fetch !== undefined && fetch.last < offset; ) {
      progress.settledMs = fetch.newestMs;
      settled.push(fetch.newestMs);
      progress.fetches.shift();
      [fetch] = progress.fetches;
    }
    return settled;
  }

  /** Adds the counters of an acknowledged result and takes over the task’s gauges. */
  settled(
    partition: number,
    counters: Readonly<Record<string, number>>,
    gauges: Readonly<Record<string, number>>,
  ): void {
    for (const name in counters)
      this.#counters[name] = (this.#counters[name] ?? 0) + (counters[name] ?? 0);
    this.#gauges.set(partition, { ...this.#gauges.get(partition), ...gauges });
  }

  figures(): StageFigures {
    const gauges: Record<string, number> = {};
    for (const task of this.#gauges.values()) {
      for (const name in task) gauges[name] = (gauges[name] ?? 0) + (task[name] ?? 0);
    }
    const { lagRecords } = this.progress();
    return { name: this.#name, counters: { ...this.#counters }, gauges, lagRecords };
  }

  /** Where the assigned input partitions stand. */
  heads(): readonly InputHead[] {
    return Array.from(this.#progress.values(), ({ topic, partition, position, high, fetches }) => {
      return { topic, partition, high, isSettled: position >= high && fetches.length === 0 };
    });
  }

  progress(): StageProgress {
    let lagRecords = 0;
    let replayRecords = 0;
    let waitingSinceMs: number | undefined;
    for (const { position, high, replayUntil, fetches, settledMs } of this.#progress.values()) {
      lagRecords += Math.max(0, high - position);
      replayRecords += Math.max(0, replayUntil - position);
      const sinceMs = fetches[0]?.oldestMs ?? settledMs;
      if (high > position && sinceMs > 0)
        waitingSinceMs = Math.min(waitingSinceMs ?? sinceMs, sinceMs);
    }
    const settledRecords = this.#settledRecords;
    const replayedRecords = this.#replayedRecords;
    return { lagRecords, waitingSinceMs, settledRecords, replayRecords, replayedRecords };
  }
}
