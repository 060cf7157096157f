import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;
const NS_PER_SECOND = 1e9;

/** What the process uses. Times are seconds, sizes bytes. */
export interface ProcessFigures {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly uptimeSeconds: number;
  /** Delay of the main thread’s event loop since the last reading. */
  readonly loopDelayMeanSeconds: number;
  readonly loopDelayMaxSeconds: number;
}

/** Watches the process it runs in. `close` ends the watch; nothing of it keeps the process alive. */
export class ProcessMeter {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#delay.enable();
  }

  /** Reads the figures and starts the event loop’s delay anew. */
  read(): ProcessFigures {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    const isIdle = this.#delay.count === 0;
    const mean = isIdle ? 0 : this.#beyondResolution(this.#delay.mean);
    const max = isIdle ? 0 : this.#beyondResolution(this.#delay.max);
    this.#delay.reset();
    return {
      cpuSeconds: (user + system) / 1e6,
      residentBytes: rss,
      heapUsedBytes: heapUsed,
      externalBytes: external,
      uptimeSeconds: process.uptime(),
      loopDelayMeanSeconds: mean,
      loopDelayMaxSeconds: max,
    };
  }

  close(): void {
    this.#delay.disable();
  }

  /** Node counts the timer’s own interval as delay. */
  #beyondResolution(ns: number): number {
    return Math.max(0, ns / NS_PER_SECOND - RESOLUTION_MS / 1000);
  }
}
