import type { ErrorCode } from '../../runtime/errors.ts';
import { runFlags } from '../../schemas/run-flags.ts';
import type { ValidateOptions } from './options.ts';

/**
 * Words of the NaN by which Prometheus ends a series, 0x7ff0000000000002. It is a signalling NaN: some producers’
 * arithmetic and JavaScript’s set its quiet bit on the way, so that bit is not looked at.
 */
const STALE_HIGH = 0x7ff00000;
const STALE_LOW = 0x00000002;
const QUIET_BIT = 0x00080000;

const { historical, late } = runFlags;

/** Flags of a run by the kind of good points that it holds. */
export const goodPoints = { good: 0, historical, late, lateHistorical: historical | late } as const;

/** Outcome of a point’s check: a code, or what kind of good point it is. */
export type PointVerdict = keyof typeof goodPoints | ErrorCode;

/** Tells kinds of good points from codes. */
export function isGood(verdict: PointVerdict): verdict is keyof typeof goodPoints {
  return Object.hasOwn(goodPoints, verdict);
}

/** How the points of a record are judged, beside its time. */
export interface RecordTerms {
  readonly backfill: boolean;
  readonly redriven?: boolean | undefined;
  readonly watermarkMs?: number;
}

/**
 * Checks points one by one against their record’s time.
 *
 * The record’s own timestamp stands in for a clock, and the watermark comes from the records before it, so the same
 * log always gives the same verdicts.
 */
export class PointRules {
  readonly #options: ValidateOptions;
  #newestMs = 0;
  #oldestMs = 0;
  #historicalMs = 0;
  #lateMs = 0;
  /** Points after it are good without any more questions. */
  #presentMs = 0;

  constructor(options: ValidateOptions) {
    this.#options = options;
  }

  /**
   * Turns to another record: its timestamp (epoch ms), the watermark before it, whether it is marked as back-fill, and
   * whether it was redriven: then its points are as old as it lay among the dead letters, which is no fault of theirs.
   * Both are behind the watermark by nature and never late.
   */
  forRecord(
    recordMs: number,
    { backfill, redriven = false, watermarkMs = Number.NEGATIVE_INFINITY }: RecordTerms,
  ): void {
    const { creationGracePeriodMs, maxAgeMs, historicalAfterMs } = this.#options;
    this.#newestMs = recordMs + creationGracePeriodMs;
    this.#oldestMs = backfill || redriven ? 0 : recordMs - maxAgeMs;
    this.#historicalMs = backfill ? Number.POSITIVE_INFINITY : recordMs - historicalAfterMs;
    this.#lateMs = backfill || redriven ? Number.NEGATIVE_INFINITY : watermarkMs;
    this.#presentMs = Math.max(this.#historicalMs - 1, this.#lateMs);
  }

  /** Whether every point of the record is plainly good, so that none needs a verdict of its own. */
  allGood(timestamps: Float64Array, values: Float64Array): boolean {
    const oldest = Math.max(1, this.#oldestMs, this.#presentMs + 1);
    const newest = Math.min(Number.MAX_SAFE_INTEGER, this.#newestMs);
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
    if (timestampMs > this.#presentMs) return 'good';
    const isLate = timestampMs <= this.#lateMs;
    if (timestampMs >= this.#historicalMs) return 'late';
    return isLate ? 'lateHistorical' : 'historical';
  }
}

function isStale(high: number, low: number): boolean {
  return low === STALE_LOW && (high & ~QUIET_BIT) === STALE_HIGH;
}
