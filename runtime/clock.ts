/** Time as the runtime sees it; handed in wherever processing time matters, so that tests need no sleep. */
export interface Clock {
  /** Epoch milliseconds UTC. */
  nowMs(): number;
}

/** Time that only moves forward, for durations; its origin means nothing. */
export interface MonotonicClock {
  /** Milliseconds, with fractions. */
  elapsedMs(): number;
}

/** The machine’s monotonic clock. */
export const monotonicClock: MonotonicClock = { elapsedMs: () => performance.now() };

/** The machine’s clock: the only place that reads it. */
export const systemClock: Clock = { nowMs: () => Date.now() };
