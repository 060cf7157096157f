import type { EventTimeOptions } from './event-time-options.ts';

/** What is told to the stage after. */
export interface EventTick {
  /** Nothing is expected at or before this; 0 as long as nothing was heard. */
  readonly watermarkMs: number;
  /** The source is silent and holds nothing back. */
  readonly idle: boolean;
}

/** What a raw record says of event time. */
export interface HeardRecord {
  /** Newest time among its good points, ms. */
  readonly newestMs: number;
  /** The record’s own time stamp, ms. */
  readonly recordMs: number;
  /** Whether any of its points is of the present: neither back-fill nor too old to act on. */
  readonly live: boolean;
}

/**
 * Follows the event time of one raw partition, by what its log holds and nothing else.
 *
 * The watermark is the newest time less the allowed lateness, and never goes back. A point that lies ahead of its
 * record’s time stamp takes event time no further than that: one clock that runs ahead must not make all others late.
 * When the log says that the partition is silent, nothing is waited for any more; and if its points were of the
 * present, event time goes on with the clock, so that what waits for time to pass does not wait for ever.
 */
export class EventTime {
  readonly #options: EventTimeOptions;
  /** The newest point and the time stamp of the record that brought it. */
  #newestMs = Number.NEGATIVE_INFINITY;
  #recordMs = 0;
  #live = false;
  #watermarkMs = Number.NEGATIVE_INFINITY;
  #idle = false;
  #told: EventTick = { watermarkMs: Number.NEGATIVE_INFINITY, idle: false };
  #dirty = false;

  constructor(options: EventTimeOptions) {
    this.#options = options;
  }

  /** A point at or before this is late; -Infinity before the first one. */
  get watermarkMs(): number {
    return this.#watermarkMs;
  }

  /** Takes in a record, after its points were judged by the watermark before it. */
  hear({ newestMs, recordMs, live }: HeardRecord): void {
    this.#dirty ||= this.#idle;
    this.#idle = false;
    const ms = Math.min(newestMs, recordMs);
    if (ms <= this.#newestMs) return;
    this.#newestMs = ms;
    this.#recordMs = recordMs;
    this.#live = live;
    this.#raise(ms - this.#options.allowedLatenessMs);
  }

  /** Takes in that nothing had come for a while at `nowMs` by the clock. */
  silent(nowMs: number): void {
    this.#idle = true;
    this.#dirty = true;
    const passedMs = nowMs - this.#recordMs - this.#options.allowedLatenessMs;
    this.#raise(this.#newestMs + (this.#live ? Math.max(0, passedMs) : 0));
  }

  /** Returns what is to be told: when the watermark has moved far enough, or the silence begins or ends. */
  takeTick(): EventTick | undefined {
    const { tickIntervalMs } = this.#options;
    const idle = this.#idle;
    const known = this.#watermarkMs > Number.NEGATIVE_INFINITY;
    const least = this.#told.watermarkMs + (idle ? 1 : tickIntervalMs);
    const moved = known && this.#watermarkMs >= least;
    if (!moved && idle === this.#told.idle) return undefined;
    this.#told = { watermarkMs: this.#watermarkMs, idle };
    this.#dirty = true;
    return { watermarkMs: Math.max(0, this.#watermarkMs), idle };
  }

  /** The state to save if it changed since the last call. */
  save(): Uint8Array | undefined {
    if (!this.#dirty) return undefined;
    this.#dirty = false;
    const flags = Number(this.#live) + 2 * Number(this.#idle) + 4 * Number(this.#told.idle);
    const { watermarkMs } = this.#told;
    return new Uint8Array(
      Float64Array.of(this.#newestMs, this.#recordMs, this.#watermarkMs, watermarkMs, flags).buffer,
    );
  }

  restore(bytes: Uint8Array): void {
    const cells = new Float64Array(Uint8Array.from(bytes).buffer);
    const [newestMs = 0, recordMs = 0, watermarkMs = 0, toldMs = 0, flags = 0] = cells;
    this.#newestMs = newestMs;
    this.#recordMs = recordMs;
    this.#watermarkMs = watermarkMs;
    this.#live = (flags & 1) !== 0;
    this.#idle = (flags & 2) !== 0;
    this.#told = { watermarkMs: toldMs, idle: (flags & 4) !== 0 };
  }

  #raise(ms: number): void {
    if (ms <= this.#watermarkMs) return;
    this.#watermarkMs = ms;
    this.#dirty = true;
  }
}
