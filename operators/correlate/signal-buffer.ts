import { DueQueue } from '../due-queue.ts';
import { KeyedState } from '../keyed-state.ts';
import type { Signal } from './signal.ts';

/**
 * Holds signals until the watermark has passed them and gives them out by (event time, id,
 * revision).
 *
 * A repeated (id, revision) is held once.
 */
export class SignalBuffer {
  readonly signals = new KeyedState<Signal>();
  readonly #order = new DueQueue();

  get size(): number {
    return this.signals.size;
  }

  /** Takes a signal in; returns false for a repeat of one that waits. */
  add(signal: Signal): boolean {
    const key = signalKey(signal);
    if (this.signals.get(key) !== undefined) return false;
    this.signals.set(key, signal);
    this.#order.schedule(key, signal.atMs);
    return true;
  }

  /** Event time of the earliest signal; Infinity when there is none. */
  get earliestMs(): number {
    return this.#order.peek()?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Takes the earliest signal out. */
  take(): Signal | undefined {
    const next = this.#order.take();
    if (next === undefined) return undefined;
    const signal = this.signals.get(next.key);
    this.signals.delete(next.key);
    return signal;
  }

  restore(key: string, signal: Signal | undefined): void {
    this.signals.restore(key, signal);
    if (signal === undefined) this.#order.cancel(key);
    else this.#order.schedule(key, signal.atMs);
  }
}

function signalKey(signal: Signal): string {
  return `${signal.id}:${String(signal.revision).padStart(10, '0')}`;
}
