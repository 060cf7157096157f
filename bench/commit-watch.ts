import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport } from '../runtime/transport.ts';

/** How often committed offsets are looked at: the error of a pause, either way. */
const LOOK_MS = 20;

/** A stage’s group and the topic whose committed offsets are watched. */
export interface WatchedStage {
  readonly stage: string;
  readonly group: string;
  readonly topic: string;
}

/** How long the offsets of a partition stood still, at most. */
export interface Pause {
  readonly stage: string;
  readonly partition: number;
  readonly ms: number;
}

interface Progress {
  offset: number;
  /** When the offset was first seen. */
  sinceMs: number;
  longestMs: number;
}

/** Watches the committed offsets of stages under a steady load, and how long each partition’s stood still. */
export class CommitWatch {
  readonly #transport: Transport;
  readonly #progress = new Map<string, Progress>();
  readonly #running: Promise<unknown>;
  #closed = false;

  constructor(transport: Transport, stages: readonly WatchedStage[]) {
    this.#transport = transport;
    this.#running = Promise.all(stages.map((stage) => this.#watch(stage)));
  }

  /** Begins to measure anew; what stands still now counts from when it stopped. */
  reset(): void {
    for (const progress of this.#progress.values()) progress.longestMs = 0;
  }

  /** The longest pause of each partition since `reset`, one that goes on included. */
  pauses(): readonly Pause[] {
    const nowMs = performance.now();
    return [...this.#progress].map(([key, { sinceMs, longestMs }]) => {
      const [stage = '', partition = ''] = key.split('/');
      return { stage, partition: Number(partition), ms: Math.max(longestMs, nowMs - sinceMs) };
    });
  }

  /** How long every partition’s offsets have stood still by now, at most. */
  get standstillMs(): number {
    const nowMs = performance.now();
    return Math.max(...[...this.#progress.values()].map(({ sinceMs }) => nowMs - sinceMs));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #watch({ stage, group, topic }: WatchedStage): Promise<void> {
    while (!this.#closed) {
      const offsets = await this.#transport.committed(group, topic);
      const nowMs = performance.now();
      for (const [partition, offset] of offsets) this.#note(`${stage}/${partition}`, offset, nowMs);
      await sleep(LOOK_MS);
    }
  }

  #note(key: string, offset: number, nowMs: number): void {
    const progress = this.#progress.get(key) ?? { offset, sinceMs: nowMs, longestMs: 0 };
    this.#progress.set(key, progress);
    if (progress.offset === offset) return;
    progress.longestMs = Math.max(progress.longestMs, nowMs - progress.sinceMs);
    progress.offset = offset;
    progress.sinceMs = nowMs;
  }
}
