import { setImmediate } from 'node:timers/promises';
import { PipelineError } from '../errors.ts';
import type { FetchedRecord } from '../transport.ts';
import type { PartitionLog } from './partition-log.ts';
import type { Batch } from './recent-records.ts';

/** What a cursor is given to work with. */
export interface CursorPorts {
  /** The next batch from an offset within the readable range. */
  readonly fetch: (log: PartitionLog, from: number) => Batch | Promise<Batch>;
  readonly deliver: (log: PartitionLog, records: readonly FetchedRecord[]) => void;
  /** Waits before a read is tried again that failed for a passing reason. */
  readonly wait: () => Promise<void>;
  /** The partition cannot be read, for good. */
  readonly fail: (error: PipelineError) => void;
}

/**
 * A subscription’s place in one partition: fetches one batch ahead, hands it over, and sleeps until it is woken.
 *
 * After each batch it lets the event loop turn, so that a reader with much to catch up on starves nobody.
 */
export class PartitionCursor {
  readonly #log: PartitionLog;
  readonly #ports: CursorPorts;
  readonly #unwatch: () => void;
  #next: number | undefined;
  #starts = 0;
  #paused = false;
  #closed = false;
  #running = false;

  constructor(log: PartitionLog, ports: CursorPorts) {
    this.#log = log;
    this.#ports = ports;
    this.#unwatch = log.watch(() => this.#wake());
  }

  get log(): PartitionLog {
    return this.#log;
  }

  /**
   * Begins at an offset, or again from another one; what was on its way from the former place is not delivered.
   * An offset outside the readable range becomes the nearest one in it.
   */
  start(from: number): void {
    this.#next = Math.min(Math.max(from, this.#log.low), this.#log.high);
    this.#starts += 1;
    this.#wakeSoon();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#wakeSoon();
  }

  close(): void {
    this.#closed = true;
    this.#unwatch();
  }

  /** Delivery never happens inside the caller’s `start` or `resume`. */
  #wakeSoon(): void {
    queueMicrotask(() => this.#wake());
  }

  #wake(): void {
    if (!this.#running && this.#from() !== undefined) void this.#run();
  }

  /** Where to read now, or undefined when there is nothing to do. */
  #from(): number | undefined {
    if (this.#closed || this.#paused || this.#next === undefined) return undefined;
    const from = Math.max(this.#next, this.#log.low);
    return from < this.#log.high ? from : undefined;
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let from = this.#from(); from !== undefined; from = this.#from()) {
      try {
        await this.#step(from);
      } catch (error) {
        if (this.#closed) break;
        if (!(error instanceof PipelineError) || error.fate !== 'retry') {
          this.close();
          this.#ports.fail(asPipelineError(error));
          break;
        }
        await this.#ports.wait();
      }
    }
    this.#running = false;
  }

  async #step(from: number): Promise<void> {
    const starts = this.#starts;
    const fetched = this.#ports.fetch(this.#log, from);
    // Not awaited when it is at hand: a record that was just committed reaches an idle reader without a detour.
    const batch = fetched instanceof Promise ? await fetched : fetched;
    if (this.#closed || starts !== this.#starts) return;
    this.#next = batch.next;
    if (batch.records.length > 0) this.#ports.deliver(this.#log, batch.records);
    await setImmediate();
  }
}

function asPipelineError(error: unknown): PipelineError {
  if (error instanceof PipelineError) return error;
  return new PipelineError('TRANSPORT_REFUSED', String(error), { cause: error });
}
