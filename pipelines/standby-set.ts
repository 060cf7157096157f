import { exhaustMap, type Subscription as Running, timer } from 'rxjs';
import type { Log } from '../runtime/log.ts';
import { type StageSpec, stateTopic } from '../runtime/stage-spec.ts';
import { TaskRestore, type TaskServices } from '../runtime/task-restore.ts';
import type { PartitionRange } from '../runtime/transport.ts';

/** How often the state topic is looked at: so much of what was saved is left to read at a take-over. */
const LOOK_MS = 1000;

/** What a set of standbys needs. */
export interface StandbyServices extends TaskServices {
  readonly log: Log;
}

/** How far the standbys of a stage are. */
export interface StandbyFigures {
  /** Partitions stood by for. */
  readonly partitions: number;
  /** Offsets of the state topic not yet taken in, as of the last look. */
  readonly lagRecords: number;
}

/**
 * Stands by for partitions of one stage that other workers work on: keeps a kernel for each, at what was saved last.
 *
 * The state topic is looked at every second, all its partitions at once, and read where something is new. The input is
 * not followed: what came since the last checkpoint is replayed at a take-over, and doing so beforehand would cost what
 * scoring costs. A standby that fails is dropped and made anew; the stage does not suffer from it.
 */
export class StandbySet {
  readonly #spec: StageSpec;
  readonly #services: StandbyServices;
  readonly #standbys = new Map<number, TaskRestore>();
  /** The last drop of a partition: another kernel may be opened in its place only after it. */
  readonly #dropping = new Map<number, Promise<void>>();
  #wanted: readonly number[] = [];
  #looking: Running | undefined;

  constructor(spec: StageSpec, services: StandbyServices) {
    this.#spec = spec;
    this.#services = services;
  }

  get figures(): StandbyFigures {
    const all = [...this.#standbys.values()];
    const lagRecords = all.reduce((sum, { state }) => sum + state.progress.behind, 0);
    return { partitions: all.length, lagRecords };
  }

  /** Stands by for these partitions and no others. */
  follow(partitions: readonly number[]): void {
    this.#wanted = partitions;
    for (const partition of this.#standbys.keys())
      if (!partitions.includes(partition)) this.#drop(partition);
    if (partitions.length === 0) return;
    this.#looking ??= timer(0, LOOK_MS)
      .pipe(exhaustMap(() => this.#look()))
      .subscribe();
  }

  /** Hands over what stands by for a partition, which is ours now; `undefined` when nothing does. */
  async take(partition: number): Promise<TaskRestore | undefined> {
    const standby = this.#standbys.get(partition);
    this.#wanted = this.#wanted.filter((each) => each !== partition);
    this.#standbys.delete(partition);
    await this.#dropping.get(partition);
    return standby;
  }

  /** Drops every standby. */
  async close(): Promise<void> {
    this.follow([]);
    this.#looking?.unsubscribe();
    await Promise.all(this.#dropping.values());
  }

  async #look(): Promise<void> {
    const { transport, prefix, log } = this.#services;
    try {
      const ranges = await transport.ranges(prefix + stateTopic(this.#spec.name));
      for (const range of ranges)
        if (this.#wanted.includes(range.partition)) await this.#catchUp(range);
    } catch (error) {
      log.warn(
        { stage: this.#spec.name, err: error },
        'standbys could not look at the state topic',
      );
    }
  }

  async #catchUp(range: PartitionRange): Promise<void> {
    const { partition } = range;
    await this.#dropping.get(partition);
    if (!this.#wanted.includes(partition)) return;
    const known = this.#standbys.get(partition);
    const standby = known ?? new TaskRestore(this.#spec, partition, this.#services, 'follow');
    this.#standbys.set(partition, standby);
    try {
      await standby.follow(range);
    } catch (error) {
      const { log } = this.#services;
      log.warn({ stage: this.#spec.name, partition, err: error }, 'a standby failed; made anew');
      // One that was taken over meanwhile is its task’s to close.
      if (this.#standbys.get(partition) === standby) this.#drop(partition);
    }
  }

  #drop(partition: number): void {
    const standby = this.#standbys.get(partition);
    this.#standbys.delete(partition);
    if (standby === undefined) return;
    const dropping = standby.drop().catch(() => undefined);
    this.#dropping.set(partition, dropping);
    void dropping.then(() => {
      if (this.#dropping.get(partition) === dropping) this.#dropping.delete(partition);
    });
  }
}
