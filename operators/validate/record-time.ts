import { runFlags } from '../../schemas/run-flags.ts';
import type { EventTime } from '../event-time.ts';

/**
 * Judges what a raw record brings by the event time before it, and tells event time of it in the end.
 *
 * The points of a series in a record are late when the newest of them is at or before the watermark: points that lead
 * up to one in time are needed to judge it. One question per series and record, none per point.
 */
export class RecordTime {
  readonly #eventTime: EventTime;
  #lateMs = Number.NEGATIVE_INFINITY;
  #newestMs = Number.NEGATIVE_INFINITY;
  #live = false;

  constructor(eventTime: EventTime) {
    this.#eventTime = eventTime;
  }

  /** Turns to the next record. Back-fill and what is redriven are behind by nature and never late. */
  start(backfill: boolean, redriven = false): void {
    const isPast = backfill || redriven;
    this.#lateMs = isPast ? Number.NEGATIVE_INFINITY : this.#eventTime.watermarkMs;
    this.#newestMs = Number.NEGATIVE_INFINITY;
    this.#live = false;
  }

  /** Flag of a series’ points of which `newest` is the last. */
  lateFlag(timestamps: Float64Array, newest: number): number {
    return (timestamps[newest] as number) <= this.#lateMs ? runFlags.late : 0;
  }

  /** Takes in a run of good points: its newest, and its flags. */
  take(lastMs: number, flags: number): void {
    this.#newestMs = Math.max(this.#newestMs, lastMs);
    this.#live ||= (flags & runFlags.historical) === 0;
  }

  /** Ends a record that was taken in; nothing is told of one without a good point. */
  end(recordMs: number): void {
    const newestMs = this.#newestMs;
    if (newestMs > 0) this.#eventTime.hear({ newestMs, recordMs, live: this.#live });
  }
}
