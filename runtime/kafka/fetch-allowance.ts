import type { Pace } from './pace.ts';

/** Requests that may follow each other at once after a while without any. */
const burst = 4;
/** Time per request beyond that. */
const perFetchMs = 5;

/**
 * Paces the fetches of one node: at once while little comes, every five milliseconds while much does.
 *
 * A broker answers as soon as it has a single batch. Under load that would be thousands of answers a second with little in
 * each, in every stage, and whatever has to be done per answer would keep all cores busy, so that all take longer.
 */
export class FetchAllowance {
  readonly #pace: Pace;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** Resolves when the next fetch may be sent. */
  async take(): Promise<void> {
    const nowMs = this.#pace.nowMs();
    const dueMs = Math.max(this.#nextMs, nowMs - (burst - 1) * perFetchMs);
    this.#nextMs = dueMs + perFetchMs;
    if (dueMs > nowMs) await this.#pace.sleep(dueMs - nowMs);
  }
}
