import type { Clock, MonotonicClock } from '../../runtime/clock.ts';
import { PipelineError } from '../../runtime/errors.ts';
import type { StageCondition, StagePhase } from '../../runtime/metrics/health.ts';
import type { MetricLabels } from '../../runtime/metrics/metrics.ts';
import type { OutboundRecord } from '../../runtime/transport.ts';
import {
  type HandoverFigures,
  HandoverMeter,
  type RestoreProgress,
  type Standbys,
} from './handover-meter.ts';
import type { MetricName } from './worker-metrics-catalogue.ts';

/** What waits in a stage: fetches and their bytes, and partitions that are not fetched meanwhile. */
export interface StageQueue {
  readonly items: number;
  readonly bytes: number;
  readonly paused: number;
}

/** The tasks of a stage by partition, as far as their queues go. */
type TaskQueues = ReadonlyMap<
  number,
  { readonly pendingItems: number; readonly pendingBytes: number }
>;

/** Records and bytes that a stage wrote to a topic. */
export interface WrittenFigures {
  records: number;
  bytes: number;
}

/** Adds an observation to a histogram of the worker. */
export type Observe = (name: MetricName, value: number, labels: MetricLabels) => void;

/** What a stage meter is made with. */
export interface StageMeterSetup {
  readonly stage: string;
  readonly prefix: string;
  readonly clock: Clock;
  readonly monotonic: MonotonicClock;
  readonly observe: Observe;
}

const INFERENCE = /^inference_seconds\{model="([^"]*)"\}$/;

/** Watches one stage of this worker: its phase, its partitions, its writes, and how long each took. */
export class StageMeter {
  readonly #handover = new HandoverMeter();
  readonly #setup: StageMeterSetup;
  readonly #partitions = new Map<number, 'restoring' | 'running'>();
  readonly #written = new Map<string, WrittenFigures>();
  readonly #faults = new Map<string, number>();
  #phase: StagePhase = 'starting';
  #fault: string | undefined;
  #writeFault: string | undefined;
  #joined = false;
  #tasks: TaskQueues = new Map();
  #paused: ReadonlySet<number> = new Set();
  /** When each write under way began, the oldest first. */
  readonly #writing = new Set<{ readonly startMs: number }>();
  #checkpointBytes = 0;
  #largestPartBytes = 0;

  constructor(setup: StageMeterSetup) {
    this.#setup = setup;
  }

  get stage(): string {
    return this.#setup.stage;
  }

  get queue(): StageQueue {
    let items = 0;
    let bytes = 0;
    for (const task of this.#tasks.values()) {
      items += task.pendingItems;
      bytes += task.pendingBytes;
    }
    return { items, bytes, paused: this.#paused.size };
  }

  get handover(): HandoverFigures {
    return this.#handover.figures;
  }

  get checkpointBytes(): number {
    return this.#checkpointBytes;
  }

  /** Most bytes of a checkpoint, or a part of one, written at once. */
  get largestPartBytes(): number {
    return this.#largestPartBytes;
  }

  /** Written records by topic without prefix. */
  get written(): ReadonlyMap<string, Readonly<WrittenFigures>> {
    return this.#written;
  }

  /** Faults by code. */
  get faults(): ReadonlyMap<string, number> {
    return this.#faults;
  }

  /** How many assigned partitions are in a state. */
  partitions(state: 'restoring' | 'running'): number {
    return [...this.#partitions.values()].filter((each) => each === state).length;
  }

  /** What the stage’s health is judged by; the age of its oldest kernel call is the lanes’ to say. */
  condition(oldestCallSeconds: number): StageCondition {
    const restoring = [...this.#partitions].filter(([, state]) => state === 'restoring');
    return {
      stage: this.stage,
      phase: this.#phase,
      fault: this.#fault,
      joined: this.#joined,
      restoring: restoring.map(([partition]) => partition).sort((a, b) => a - b),
      writeFault: this.#writeFault,
      oldestCallSeconds,
      writeSeconds: this.#writeSeconds(),
    };
  }

  /** The stage has subscribed, for the first time or after a fault; both arguments stay its own and change. */
  subscribed(tasks: TaskQueues, paused: ReadonlySet<number>): void {
    this.#tasks = tasks;
    this.#paused = paused;
    this.#phase = 'running';
    this.#joined = false;
    this.#partitions.clear();
  }

  /** The stage stands by for partitions of others; the argument stays its own and changes. */
  standsBy(standbys: Standbys): void {
    this.#handover.standsBy(standbys);
  }

  /** The stage met a fault: one of fate `retry` has it rebuilt, any other ends it. */
  faulted(error: unknown): void {
    const isPassing = error instanceof PipelineError && error.fate === 'retry';
    this.#end(isPassing ? 'rebuilding' : 'failed', error);
    const code = error instanceof PipelineError ? error.code : 'KERNEL_FAILED';
    this.#faults.set(code, (this.#faults.get(code) ?? 0) + 1);
  }

  /** The stage is not rebuilt any more. */
  gaveUp(error: unknown): void {
    this.#end('failed', error);
  }

  /** The stage was asked to end. */
  stopped(): void {
    if (this.#phase !== 'failed') this.#phase = 'stopped';
  }

  /** Times how long gaining or losing partitions takes. */
  async rebalance(change: 'assigned' | 'revoked', work: () => Promise<unknown>): Promise<void> {
    const startMs = this.#setup.monotonic.elapsedMs();
    if (change === 'assigned') this.#joined = true;
    await work();
    this.#observe('monitoring_rebalance_duration_seconds', startMs, { change });
  }

  /** Times opening a task and restoring its state. */
  async restore<T>(
    partition: number,
    progress: RestoreProgress,
    work: () => Promise<T>,
  ): Promise<T> {
    const startMs = this.#setup.monotonic.elapsedMs();
    this.#partitions.set(partition, 'restoring');
    const result = await this.#handover.restore(progress, work);
    this.#observe('monitoring_restore_duration_seconds', startMs);
    return result;
  }

  started(partition: number): void {
    this.#partitions.set(partition, 'running');
  }

  released(partition: number): void {
    this.#partitions.delete(partition);
  }

  /** Times a write of outputs or of a checkpoint until it is acknowledged, and counts what it wrote. */
  async write(
    kind: 'commit' | 'checkpoint',
    records: readonly OutboundRecord[],
    work: () => Promise<void>,
  ): Promise<void> {
    const startMs = this.#setup.monotonic.elapsedMs();
    const writing = { startMs };
    this.#writing.add(writing);
    try {
      await work();
      this.#writeFault = undefined;
    } catch (error) {
      this.#writeFault = reasonOf(error);
      throw error;
    } finally {
      this.#writing.delete(writing);
    }
    this.#observe(`monitoring_${kind}_duration_seconds`, startMs);
    const bytes = this.#count(records);
    if (kind !== 'checkpoint') return;
    this.#checkpointBytes += bytes;
    this.#largestPartBytes = Math.max(this.#largestPartBytes, bytes);
  }

  /** Takes note of whether the topics could be looked at. */
  looked(error?: unknown): void {
    this.#writeFault = error === undefined ? undefined : reasonOf(error);
  }

  /** Takes the inference times among the counters of a result. */
  inferred(counters: Readonly<Record<string, number>>): void {
    for (const name in counters) {
      const model = INFERENCE.exec(name)?.[1];
      if (model === undefined) continue;
      const seconds = counters[name] ?? 0;
      this.#setup.observe('monitoring_ml_inference_duration_seconds', seconds, { model });
    }
  }

  /** Notes how old fetches were when they were settled, by the time stamps of their newest records. */
  aged(newestMs: readonly number[]): void {
    const { stage, clock, observe } = this.#setup;
    for (const ms of newestMs) {
      const seconds = Math.max(0, (clock.nowMs() - ms) / 1000);
      if (ms > 0) observe('monitoring_record_age_seconds', seconds, { stage });
    }
  }

  #writeSeconds(): number {
    const [oldest] = this.#writing;
    return oldest === undefined ? 0 : this.#secondsSince(oldest.startMs);
  }

  #end(phase: StagePhase, error: unknown): void {
    this.#phase = phase;
    this.#fault = reasonOf(error);
    this.#partitions.clear();
    this.#tasks = new Map();
    this.#paused = new Set();
  }

  #count(records: readonly OutboundRecord[]): number {
    let total = 0;
    for (const { topic, key, value } of records) {
      const name = topic.slice(this.#setup.prefix.length);
      const written = this.#written.get(name) ?? { records: 0, bytes: 0 };
      this.#written.set(name, written);
      const bytes = (key?.length ?? 0) + (value?.length ?? 0);
      written.records += 1;
      written.bytes += bytes;
      total += bytes;
    }
    return total;
  }

  #observe(name: MetricName, startMs: number, labels: MetricLabels = {}): void {
    const { stage, observe } = this.#setup;
    observe(name, this.#secondsSince(startMs), { stage, ...labels });
  }

  #secondsSince(startMs: number): number {
    return (this.#setup.monotonic.elapsedMs() - startMs) / 1000;
  }
}

/** A code says what happened without naming hosts; anything else only says what kind of error it was. */
function reasonOf(error: unknown): string {
  if (error instanceof PipelineError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
