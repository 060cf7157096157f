/** What is remembered of one source partition. */
interface Progress {
  /** Its own watermark; null as long as it was expected but not heard. */
  watermarkMs: number | null;
  /** The furthest watermark of all when it was last heard. */
  furthestMs: number;
  /** Ticks of others since then. */
  ticksSince: number;
  /** It said itself that it is silent. */
  idle: boolean;
}

/** When a partition is left out of the watermark. */
export interface WatermarkTerms {
  /** Not heard while others get this far ahead: longer than a fail-over takes. */
  readonly failoverTimeoutMs: number;
  /** Heard, but this far behind: a back-fill must not hold up what is live. */
  readonly maxSkewMs: number;
}

/** A watermark as it is saved. */
export interface SavedWatermark {
  readonly watermarkMs: number | null;
  readonly furthestMs: number | null;
  readonly partitions: Readonly<Record<string, Progress>>;
}

/** A partition counts as given up only after this many ticks of others, however far they jump. */
const GIVE_UP_TICKS = 8;

/**
 * Combines the event-time progress of several source partitions into one watermark, their minimum.
 *
 * It never goes back. A partition that says it is idle is left out until it is heard again; so is one
 * that says nothing, because nobody works on it, while others get `failoverTimeoutMs` further and tick at least eight
 * times, and one that trails by more than `maxSkewMs`. When all are left out nothing is waited for: the furthest counts.
 * With `expected` partitions given, those not heard yet hold the watermark like silent ones; without it
 * only partitions heard of count.
 */
export class PartitionWatermark {
  readonly #terms: WatermarkTerms;
  readonly #partitions = new Map<number, Progress>();
  #watermarkMs = Number.NEGATIVE_INFINITY;
  #furthestMs = Number.NEGATIVE_INFINITY;

  constructor(terms: WatermarkTerms, expected = 0) {
    this.#terms = terms;
    for (let partition = 0; partition < expected; partition++) {
      const furthestMs = Number.NEGATIVE_INFINITY;
      const progress = { watermarkMs: null, furthestMs, ticksSince: 0, idle: false };
      this.#partitions.set(partition, progress);
    }
  }

  /** Everything at or before this has been heard; -Infinity before the first tick. */
  get watermarkMs(): number {
    return this.#watermarkMs;
  }

  /** Takes a tick in and returns the combined watermark. `idle`: the partition is silent from here on. */
  advance(partition: number, watermarkMs: number, idle = false): number {
    const before = this.#partitions.get(partition)?.watermarkMs ?? Number.NEGATIVE_INFINITY;
    this.#furthestMs = Math.max(this.#furthestMs, watermarkMs);
    const furthestMs = this.#furthestMs;
    for (const other of this.#partitions.values()) {
      other.ticksSince++;
      // Nothing can be given up by progress made before there was any.
      if (other.furthestMs === Number.NEGATIVE_INFINITY) other.furthestMs = furthestMs;
    }
    const own = Math.max(before, watermarkMs);
    this.#partitions.set(partition, { watermarkMs: own, furthestMs, ticksSince: 0, idle });
    this.#watermarkMs = Math.max(this.#watermarkMs, this.#minimum());
    return this.#watermarkMs;
  }

  #minimum(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const progress of this.#partitions.values()) {
      if (progress.idle || this.#isGivenUp(progress) || this.#isFarBehind(progress)) continue;
      least = Math.min(least, progress.watermarkMs ?? Number.NEGATIVE_INFINITY);
    }
    return least === Number.POSITIVE_INFINITY ? this.#furthestMs : least;
  }

  #isFarBehind({ watermarkMs }: Progress): boolean {
    return watermarkMs !== null && this.#furthestMs - watermarkMs > this.#terms.maxSkewMs;
  }

  #isGivenUp({ furthestMs, ticksSince }: Progress): boolean {
    const ahead = this.#furthestMs - furthestMs;
    return ahead > this.#terms.failoverTimeoutMs && ticksSince >= GIVE_UP_TICKS;
  }

  save(): SavedWatermark {
    const partitions: Record<string, Progress> = {};
    for (const [partition, progress] of this.#partitions) {
      if (Number.isFinite(progress.furthestMs)) partitions[partition] = { ...progress };
    }
    return {
      watermarkMs: finiteOrNull(this.#watermarkMs),
      furthestMs: finiteOrNull(this.#furthestMs),
      partitions,
    };
  }

  restore(saved: SavedWatermark): void {
    this.#watermarkMs = saved.watermarkMs ?? Number.NEGATIVE_INFINITY;
    this.#furthestMs = saved.furthestMs ?? Number.NEGATIVE_INFINITY;
    for (const [partition, progress] of Object.entries(saved.partitions)) {
      this.#partitions.set(Number(partition), { ...progress });
    }
  }
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
