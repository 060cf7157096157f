import type { PartitionOffset } from '../transport.ts';
import type { Pace } from './pace.ts';

/**
 * Least time from the beginning of one request to that of the next. Nobody reads offsets while a worker lives, and each
 * request costs brokers as much as a write of outputs; after a crash so much more is computed again.
 */
const gapMs = 50;

/**
 * Stores the offsets of a group, one request at a time: at once when none was sent for a while, else what has come
 * meanwhile together, of each partition the newest.
 *
 * A request that fails fails all whose offsets were in it; what comes later is tried all the same.
 */
export class OffsetCommits {
  readonly #commit: (offsets: readonly PartitionOffset[]) => Promise<void>;
  readonly #pace: Pace;
  #waiting = new Map<string, PartitionOffset>();
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  #lastMs = Number.NEGATIVE_INFINITY;
  #hurry = new AbortController();

  constructor(commit: (offsets: readonly PartitionOffset[]) => Promise<void>, pace: Pace) {
    this.#commit = commit;
    this.#pace = pace;
  }

  /**
   * Resolves when these offsets, or later ones of their partitions, are stored.
   *
   * @param isUrgent whether to send them as soon as no other request is under way.
   */
  store(offsets: readonly PartitionOffset[], isUrgent = false): Promise<void> {
    for (const offset of offsets) this.#waiting.set(`${offset.topic}/${offset.partition}`, offset);
    this.#next ??= this.#request();
    if (isUrgent) this.#hurry.abort();
    return this.#next;
  }

  async #request(): Promise<void> {
    const ready = this.#ready(this.#last);
    // Whoever stores offsets after a failure hears of its own request only.
    const request = ready.then(() => this.#send());
    this.#last = request.catch(() => undefined);
    await request;
  }

  async #ready(last: Promise<void>): Promise<void> {
    await last;
    const restMs = this.#lastMs + gapMs - this.#pace.nowMs();
    if (restMs > 0) await this.#pace.sleep(restMs, this.#hurry.signal);
  }

  async #send(): Promise<void> {
    const offsets = [...this.#waiting.values()];
    this.#waiting = new Map();
    this.#next = undefined;
    this.#hurry = new AbortController();
    this.#lastMs = this.#pace.nowMs();
    await this.#commit(offsets);
  }
}
