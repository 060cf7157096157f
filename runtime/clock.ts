/** Time as the runtime sees it; handed in wherever processing time matters, so that tests need no sleep. */
export interface Clock {
  /** Epoch milliseconds UTC. */
  nowMs(): number;
}

/** The machine’s clock: the only place that reads it. */
export const systemClock: Clock = { nowMs: () => Date.now() };
