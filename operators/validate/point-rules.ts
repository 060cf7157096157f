import type { ErrorCode } from '../../runtime/errors.ts';
import { LATEST_MS } from '../packed-time.ts';
import type { ValidateOptions } from './options.ts';

/**
 * Words of the NaN by which Prometheus ends a series, 0x7ff0000000000002. It is a signalling NaN: some producers’
 * arithmetic and JavaScript’s set its quiet bit on the way, so that bit is not looked at.
 */
const STALE_HIGH = 0x7ff00000;
const STALE_LOW = 0x00000002;
const QUIET_BIT = 0x00080000;

/** Outcome of a point’s check: a code, or what kind of good point it is. */
export type PointVerdict = 'good' | 'historical' | ErrorCode;

/**
 * Checks points one by one against their record’s time.
 *
 * The record’s own timestamp stands in for a clock, so the same log always gives the same verdicts.
 */
export class PointRules {
  readonly #options: ValidateOptions;
  #newestMs = 0;
  #oldestMs = 0;
  #historicalMs = 0;

  constructor(options: ValidateOptions) {
    this.#options = options;
  }

  /**
   * Turns to another record: its timestamp (epoch ms), whether it is marked as back-fill, and whether it was redriven:
   * then its points are as old as it lay among the dead letters, which is no fault of theirs.
   */
  forRecord(recordMs: number, backfill: boolean, redriven = false): void {
    const { creationGracePeriodMs, maxAgeMs, historicalAfterMs } = this.#options;
    this.#newestMs = Math.min(LATEST_MS, recordMs + creationGracePeriodMs);
    this.#oldestMs = backfill || redriven ? 0 : recordMs - maxAgeMs;
    this.#historicalMs = backfill ? Number.POSITIVE_INFINITY : recordMs - historicalAfterMs;
  }

  /** Whether every point of the record is plainly good, so that none needs a verdict of its own. */
  allGood(timestamps: Float64Array, values: Float64Array): boolean {
    const oldest = Math.max(1, this.#oldestMs, this.#historicalMs);
    const newest = this.#newestMs;
    for (let i = 0; i < timestamps.length; i++) {
      const ms = timestamps[i] as number;
      if (!(ms >= oldest && ms <= newest) || Math.floor(ms) !== ms) return false;
      // Infinite and not a number: the difference is no zero.
      if ((values[i] as number) - (values[i] as number) !== 0) return false;
    }
    return true;
  }

  /**
   * @param high upper word of the value’s bits, @param low the lower one: a NaN’s payload does not survive as a number.
   */
  check(timestampMs: number, value: number, high: number, low: number): PointVerdict {
    if (!Number.isFinite(value) && !isStale(high, low)) return 'VALUE_NOT_FINITE';
    if (!Number.isSafeInteger(timestampMs) || timestampMs <= 0) return 'TIMESTAMP_INVALID';
    if (timestampMs > this.#newestMs) return 'TIMESTAMP_TOO_FAR_AHEAD';
    if (timestampMs < this.#oldestMs) return 'TIMESTAMP_TOO_OLD';
    return timestampMs < this.#historicalMs ? 'historical' : 'good';
  }
}

function isStale(high: number, low: number): boolean {
  return low === STALE_LOW && (high & ~QUIET_BIT) === STALE_HIGH;
}
