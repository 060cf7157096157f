/** What a stage has done and what waits for it. Counters and gauges are by name, labels included. */
export interface StageFigures {
  readonly name: string;
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
  /** Records between the position and the end of the inputs, over all partitions of this worker. */
  readonly lagRecords: number;
}

interface InputProgress {
  position: number;
  high: number;
}

/** Gathers the figures of one stage on this worker; counters move only when the results they belong to are acknowledged. */
export class StageStats {
  readonly #name: string;
  readonly #counters: Record<string, number> = {};
  readonly #gauges = new Map<number, Record<string, number>>();
  readonly #progress = new Map<string, InputProgress>();

  constructor(name: string) {
    this.#name = name;
  }

  /** Notes the end of a partition as of a fetch. */
  fetched(partition: number, topic: string, last: number, high: number): void {
    const progress = this.#input(partition, topic);
    progress.high = Math.max(progress.high, high, last + 1);
  }

  /** Notes the next input offset behind acknowledged outputs. */
  position(partition: number, topic: string, offset: number): void {
    this.#input(partition, topic).position = offset;
  }

  /** Adds the counters of an acknowledged result and takes over the task’s gauges. */
  settled(
    partition: number,
    counters: Readonly<Record<string, number>>,
    gauges: Readonly<Record<string, number>>,
  ): void {
    for (const name in counters) this.#counters[name] = (this.#counters[name] ?? 0) + (counters[name] ?? 0);
    this.#gauges.set(partition, { ...this.#gauges.get(partition), ...gauges });
  }

  figures(): StageFigures {
    const gauges: Record<string, number> = {};
    for (const task of this.#gauges.values()) {
      for (const name in task) gauges[name] = (gauges[name] ?? 0) + (task[name] ?? 0);
    }
    let lagRecords = 0;
    for (const { position, high } of this.#progress.values()) lagRecords += Math.max(0, high - position);
    return { name: this.#name, counters: { ...this.#counters }, gauges, lagRecords };
  }

  #input(partition: number, topic: string): InputProgress {
    const key = `${topic}/${partition}`;
    const known = this.#progress.get(key);
    if (known !== undefined) return known;
    const created = { position: 0, high: 0 };
    this.#progress.set(key, created);
    return created;
  }
}
