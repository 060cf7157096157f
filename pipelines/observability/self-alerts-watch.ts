import { type Subscription, timer } from 'rxjs';
import type { Log } from '../../runtime/log.ts';
import type { StageSpec } from '../../runtime/stage-spec.ts';
import type { Transport } from '../../runtime/transport.ts';
import {
  longestLookBackMs,
  type SelfAlert,
  type SelfAlertLimits,
  selfAlerts,
  type WorkerSample,
} from './self-alerts.ts';
import type { WorkerMetrics } from './worker-metrics.ts';

/** Samples kept over the longest time that is looked back; more of them would say no more. */
const KEPT_SAMPLES = 120;

/** What a watch over a worker is made with. */
export interface SelfAlertsWatchSetup {
  readonly metrics: WorkerMetrics;
  readonly transport: Pick<Transport, 'ranges'>;
  readonly prefix: string;
  readonly stages: readonly StageSpec[];
  readonly log: Log;
  readonly limits: SelfAlertLimits;
  readonly sampleIntervalMs: number;
}

/** Looks at a worker’s own figures now and then, and says when an alert begins and when it is over. */
export class SelfAlertsWatch {
  readonly #setup: SelfAlertsWatchSetup;
  readonly #samples: WorkerSample[] = [];
  #on: readonly SelfAlert[] = [];
  #timer: Subscription | undefined;
  #looking = false;

  constructor(setup: SelfAlertsWatchSetup) {
    this.#setup = setup;
  }

  start(): void {
    const { sampleIntervalMs } = this.#setup;
    this.#timer = timer(sampleIntervalMs, sampleIntervalMs).subscribe(() => {
      this.look().catch((error: unknown) => {
        this.#setup.log.error({}, `self-alerts: ${String(error)}`);
      });
    });
  }

  stop(): void {
    this.#timer?.unsubscribe();
  }

  /** Looks at the ends of the topics, then judges; a look that comes while one is under way is left out. */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      // A transport that hangs must not keep the worker from noticing it.
      this.judge();
      await this.#lookAtEnds();
    } finally {
      this.#looking = false;
    }
  }

  /** Takes a sample and reports what changed: alerts that began, as warnings, and alerts that are over. */
  judge(): readonly SelfAlert[] {
    const { metrics, limits, log } = this.#setup;
    this.#keep(metrics.sample());
    const alerts = selfAlerts(this.#samples, limits);
    for (const { name, stage, detail } of alerts) {
      if (!has(this.#on, name, stage)) log.warn({ selfAlert: name, stage }, detail);
    }
    for (const { name, stage } of this.#on) {
      if (!has(alerts, name, stage)) log.info({ selfAlert: name, stage }, 'over');
    }
    this.#on = alerts;
    metrics.showAlerts(alerts);
    return alerts;
  }

  async #lookAtEnds(): Promise<void> {
    const { metrics, transport, prefix, stages, log } = this.#setup;
    for (const { name, inputs } of stages) {
      const metered = metrics.stages.find(({ meter }) => meter.stage === name);
      if (metered === undefined) continue;
      const { stats, meter } = metered;
      try {
        for (const input of inputs)
          stats.ends(prefix + input, await transport.ranges(prefix + input));
        meter.looked();
      } catch (error) {
        meter.looked(error);
        log.debug({ stage: name }, `the ends of its topics are not known: ${String(error)}`);
      }
    }
  }

  /** Keeps enough samples to look back by, evenly spread; always the newest. */
  #keep(sample: WorkerSample): void {
    const spanMs = longestLookBackMs(this.#setup.limits);
    const samples = this.#samples;
    const [before, last] = [samples.at(-2), samples.at(-1)];
    if (
      before !== undefined &&
      last !== undefined &&
      last.atMs - before.atMs < spanMs / KEPT_SAMPLES
    )
      samples.pop();
    samples.push(sample);
    while ((samples[1]?.atMs ?? Number.POSITIVE_INFINITY) <= sample.atMs - spanMs) samples.shift();
  }
}

function has(alerts: readonly SelfAlert[], name: string, stage: string): boolean {
  return alerts.some((alert) => alert.name === name && alert.stage === stage);
}
