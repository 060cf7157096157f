/** How far reading a task’s saved state has come, in records of its state topic. */
export interface RestoreProgress {
  readonly recordsRead: number;
  /** Offsets up to the topic’s end. */
  readonly behind: number;
}

/** What a stage stands by for; stays the same object and changes. */
export interface Standbys {
  readonly figures: { readonly partitions: number; readonly lagRecords: number };
}

/** How state gets to this worker, as shown. Records are those of the stage’s state topic. */
export interface HandoverFigures {
  readonly standbys: number;
  readonly standbyLagRecords: number;
  /** Still to be read by restores under way. */
  readonly restoring: number;
  /** Read between assignments and the end of their restores, in all. */
  readonly restored: number;
  /** Assignments that a standby was there for. */
  readonly takeOvers: number;
}

/** Watches how the state of one stage gets to this worker: restores after assignments, and standbys. */
export class HandoverMeter {
  readonly #underWay = new Set<RestoreProgress>();
  #standbys: Standbys | undefined;
  #restored = 0;
  #takeOvers = 0;

  get figures(): HandoverFigures {
    const { partitions: standbys = 0, lagRecords: standbyLagRecords = 0 } =
      this.#standbys?.figures ?? {};
    let restoring = 0;
    for (const { behind } of this.#underWay) restoring += behind;
    const restored = this.#restored;
    return { standbys, standbyLagRecords, restoring, restored, takeOvers: this.#takeOvers };
  }

  /** The stage has joined its group, for the first time or anew. */
  standsBy(standbys: Standbys): void {
    this.#standbys = standbys;
    this.#underWay.clear();
  }

  /** Follows a restore from the assignment of its partition to its end. */
  async restore<T>(progress: RestoreProgress, work: () => Promise<T>): Promise<T> {
    const before = progress.recordsRead;
    if (before > 0) this.#takeOvers += 1;
    this.#underWay.add(progress);
    try {
      return await work();
    } finally {
      this.#underWay.delete(progress);
      this.#restored += progress.recordsRead - before;
    }
  }
}
