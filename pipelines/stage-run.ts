import {
  from,
  ignoreElements,
  merge,
  mergeMap,
  type Observable,
  Subject,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { failPoint } from '../runtime/fail-point.ts';
import type { Log } from '../runtime/log.ts';
import type { StageSpec } from '../runtime/stage-spec.ts';
import { Task, type TaskResult } from '../runtime/task.ts';
import type { TaskServices } from '../runtime/task-restore.ts';
import type {
  FetchedRecord,
  OutboundRecord,
  Subscription,
  SubscriptionEvent,
  TopicRecord,
} from '../runtime/transport.ts';
import { BroadcastHub } from './broadcast-hub.ts';
import type { StageTrace } from './observability/traces.ts';
import type { StageMeter } from './observability/worker-metrics-stage.ts';
import type { StageStats } from './stage-stats.ts';
import { isState, outboundRecords } from './stage-write.ts';
import { StageWriter } from './stage-writer.ts';
import { StandbySet } from './standby-set.ts';

/** What a stage needs besides its own description. */
export interface StageServices extends TaskServices {
  readonly stats: StageStats;
  readonly meter: StageMeter;
  /** Absent: nobody asked for traces. */
  readonly trace?: StageTrace | undefined;
  readonly log: Log;
  readonly checkpointIntervalMs: number;
  /** Workers that stand by for each task, 0 or 1. */
  readonly standbyReplicas: number;
  /** Resolves when the worker’s threads have loaded what its stages need; never rejects. Absent: they load it when it is needed. */
  readonly warmed?: Promise<unknown>;
  /** Input bytes in flight per task above which its partition is paused. */
  readonly maxBufferedBytes: number;
  /**
   * Sees raw records before the kernel does, and promises what the kernel must learn first; `undefined` when that is
   * nothing. The partition waits, paused, until the promise resolves.
   */
  readonly admit?: (
    records: readonly FetchedRecord[],
  ) => BroadcastRecords | Promise<BroadcastRecords> | undefined;
}

/** Records of one broadcast topic. */
export interface BroadcastRecords {
  readonly topic: string;
  readonly records: readonly TopicRecord[];
}

/** Most parts that the tasks are saved in, one after the other within an interval: all at once they would fill every queue. */
const CHECKPOINT_TURNS = 32;

/** One membership of a stage in its group, from subscribing until it is left. */
export class StageRun {
  /** Emits after every acknowledged write; errors with the fault that it cannot go on with. */
  readonly graph: Observable<void>;
  readonly #spec: StageSpec;
  readonly #services: StageServices;
  readonly #subscription: Subscription;
  readonly #tasks = new Map<number, Task>();
  readonly #results = new Subject<TaskResult>();
  readonly #assigning = new Map<number, Promise<void>>();
  readonly #left = new Subject<void>();
  readonly #admitted = new Map<number, Promise<void>>();
  readonly #abort = new AbortController();
  readonly #paused = new Set<number>();
  readonly #held = new Set<number>();
  readonly #broken = Promise.withResolvers<void>();
  readonly #standbys: StandbySet;
  readonly #broadcasts: BroadcastHub;

  constructor(spec: StageSpec, services: StageServices, subscription: Subscription) {
    this.#spec = spec;
    this.#services = services;
    this.#subscription = subscription;
    this.#standbys = new StandbySet(spec, services);
    this.#broadcasts = new BroadcastHub({
      ...services,
      topics: spec.broadcast,
      fail: (error) => this.#results.error(error),
      signal: this.#abort.signal,
    });
    services.stats.restarted();
    services.meter.subscribed(this.#tasks, this.#paused);
    services.meter.standsBy(this.#standbys);
    const intake = subscription.events.pipe(mergeMap((event) => from(this.#take(event))));
    const { meter } = services;
    const outbound = (result: TaskResult) => this.#outbound(result);
    const settle = (result: TaskResult) => this.#settle(result);
    const writer = new StageWriter({ spec, subscription, meter, outbound, settle });
    const writes = this.#results.pipe(writer.through());
    const turns = Math.min(services.partitions, CHECKPOINT_TURNS);
    const turnMs = services.checkpointIntervalMs / turns;
    const checkpoints = timer(turnMs, turnMs).pipe(
      tap((count) => this.#save(count % turns, turns)),
    );
    this.graph = merge(
      intake.pipe(ignoreElements()),
      checkpoints.pipe(ignoreElements()),
      writes,
    ).pipe(
      tap({
        error: (error: unknown) => {
          services.meter.faulted(error);
          services.trace?.abandoned(error);
          this.#broken.resolve();
        },
      }),
    );
  }

  /** Settles everything taken in, saves the state, and leaves the group. */
  async finish(): Promise<void> {
    this.#services.meter.stopped();
    await Promise.race([this.#subscription.drain(), this.#broken.promise]);
    this.#subscription.pause([...this.#tasks.keys()]);
    const released = Promise.all(
      [...this.#tasks.keys()].map((partition) => this.#release(partition)),
    );
    // After a fault nothing settles any more; what was not committed is read again at the next start.
    await Promise.race([released, this.#broken.promise]);
    await this.leave();
  }

  /** Leaves the group and drops every task as it stands; after that none of them touches a kernel any more. */
  async leave(): Promise<void> {
    this.#abort.abort();
    // What waits for a kernel must not reach the one that the next run opens in its place.
    this.#left.next();
    await this.#subscription.close();
    await Promise.allSettled(this.#assigning.values());
    await Promise.allSettled([...this.#tasks.values()].map((task) => task.close()));
    this.#tasks.clear();
    await this.#standbys.close();
  }

  async #take(event: SubscriptionEvent): Promise<void> {
    const { meter } = this.#services;
    switch (event.kind) {
      case 'assigned':
        await meter.rebalance(event.kind, () =>
          Promise.all(event.partitions.map((partition) => this.#assign(partition))),
        );
        return;
      case 'revoked':
        await meter.rebalance(event.kind, () =>
          Promise.all(event.partitions.map((partition) => this.#release(partition))),
        );
        failPoint('revoked', this.#spec.name);
        event.release();
        return;
      case 'standby':
        this.#standbys.follow(event.partitions);
        return;
      case 'records':
        await this.#offer(event);
        return;
    }
  }

  #assign(partition: number): Promise<void> {
    const assigning = this.#open(partition).finally(() => this.#assigning.delete(partition));
    this.#assigning.set(partition, assigning);
    return assigning;
  }

  async #open(partition: number): Promise<void> {
    const standby = await this.#standbys.take(partition);
    const task = new Task(this.#spec, partition, this.#services, standby);
    task.results.pipe(takeUntil(this.#left)).subscribe({
      next: (result) => {
        this.#services.trace?.computed(result);
        this.#results.next(result);
      },
      error: (error: unknown) => this.#results.error(error),
    });
    const committed = new Map<string, number>();
    for (const topic of inputTopics(this.#spec, this.#services.prefix)) {
      committed.set(topic, (await this.#subscription.committed(topic, partition)) ?? 0);
    }
    const { stats, meter } = this.#services;
    const from = await meter.restore(partition, task.restoring, () => task.open(committed));
    for (const [topic, offset] of from)
      stats.assigned(partition, topic, offset, committed.get(topic) ?? 0);
    this.#tasks.set(partition, task);
    await this.#broadcasts.attach(partition, (...records) => task.broadcast(...records));
    meter.started(partition);
    this.#subscription.start(partition, from);
  }

  async #release(partition: number): Promise<void> {
    // Taken away while it was still being restored.
    await this.#assigning.get(partition);
    const task = this.#tasks.get(partition);
    if (task === undefined) return;
    // What still waits for the registry stays uncommitted and is read again by the next owner.
    if (!this.#held.has(partition)) await this.#admitted.get(partition);
    task.checkpoint();
    await task.settled();
    this.#tasks.delete(partition);
    this.#broadcasts.detach(partition);
    await task.close();
    const { stats, meter, trace } = this.#services;
    for (const each of [stats, meter, trace]) each?.released(partition);
  }

  async #offer({
    topic,
    partition,
    records,
    high,
  }: SubscriptionEvent & { kind: 'records' }): Promise<void> {
    const { stats, trace, admit } = this.#services;
    stats.fetched(partition, topic, records, high);
    trace?.fetched(partition, topic, records);
    const admission = admit?.(records);
    if (admission instanceof Promise) this.#pause(partition);
    // The chain keeps the partition's records in order while an admission waits for the registry.
    const before = this.#admitted.get(partition) ?? Promise.resolve();
    if (admission instanceof Promise) this.#held.add(partition);
    const turn = before.then(async () => {
      const learned = await admission;
      this.#held.delete(partition);
      const task = this.#tasks.get(partition);
      if (task === undefined || this.#abort.signal.aborted) return;
      if (learned !== undefined) task.broadcast(learned.topic, learned.records);
      task.offer(topic, records);
      if (task.pendingBytes > this.#services.maxBufferedBytes) this.#pause(partition);
      else this.#resume(task);
    });
    this.#admitted.set(partition, turn);
    await turn;
  }

  #pause(partition: number): void {
    if (this.#paused.has(partition)) return;
    this.#paused.add(partition);
    this.#subscription.pause([partition]);
  }

  #resume(task: Task): void {
    if (!this.#paused.has(task.partition)) return;
    if (task.pendingBytes > this.#services.maxBufferedBytes / 2) return;
    this.#paused.delete(task.partition);
    this.#subscription.resume([task.partition]);
  }

  #save(turn: number, turns: number): void {
    for (const [partition, task] of this.#tasks) {
      if (partition % turns === turn) task.checkpoint('spread');
    }
  }

  #settle(result: TaskResult): void {
    const { task, kind, answer } = result;
    const { stats, meter, trace } = this.#services;
    stats.settled(task.partition, kind === 'outputs' ? answer.counters : {}, answer.gauges);
    meter.inferred(answer.counters);
    // A checkpoint is written beside the outputs: those after it may have come further.
    const positions = isState(result) ? [] : result.positions;
    for (const [topic, offset] of positions)
      meter.aged(stats.position(task.partition, topic, offset));
    trace?.settled(result);
    task.settle(result);
    this.#resume(task);
  }

  #outbound(result: TaskResult): OutboundRecord[] {
    const { prefix, trace } = this.#services;
    return outboundRecords(this.#spec, prefix, result, trace?.headersOf(result));
  }
}

/** Full names of a stage’s committed input topics. */
export function inputTopics(spec: StageSpec, prefix: string): readonly string[] {
  return spec.inputs.map((topic) => prefix + topic);
}
