import { setTimeout as delay } from 'node:timers/promises';

/** Waiting, handed in so that tests need not wait. */
export interface Pace {
  /** Milliseconds that only ever grow; not a time of day. */
  nowMs(): number;
  /** Resolves after `ms`, or as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine’s own pace. */
export const realPace: Pace = {
  nowMs: () => performance.now(),
  sleep: async (ms, signal) => {
    const options = signal === undefined ? {} : { signal };
    await delay(ms, undefined, options).catch(() => undefined);
  },
};
