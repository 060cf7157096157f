import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../pipelines/config.ts';
import { type SelfAlertName, selfAlertNames } from '../../pipelines/observability/self-alerts.ts';
import { type RunningPipeline, runPipeline } from '../../pipelines/run.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { StageSpec } from '../../runtime/stage-spec.ts';
import { parseScrape, sumSamples } from '../support/scrape.ts';

const DEADLINE_MS = 30_000;
const PRODUCE_MS = 40;

const root = mkdtempSync(join(tmpdir(), 'vigie-self-alerts-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The stage `detect` with a kernel that has a fault, fed from the raw topic. */
function faultyDetect(fault: string): StageSpec {
  const kernel = new URL(`./faulty.kernel.ts?${fault}`, import.meta.url).href;
  const name = 'detect';
  return {
    name,
    inputs: ['metrics.raw'],
    broadcast: [],
    local: [],
    outputs: ['anomalies'],
    kernel,
  };
}

interface LogLine {
  readonly level: string;
  readonly selfAlert?: string;
  readonly text: string;
}

/** A worker of one faulty stage, with a producer that writes a record every 40 ms until it is stopped. */
class FaultyWorker {
  readonly lines: LogLine[] = [];
  readonly pipeline: RunningPipeline;
  readonly #over = new AbortController();
  readonly #producing: Promise<void>;

  private constructor(pipeline: RunningPipeline, lines: LogLine[]) {
    this.pipeline = pipeline;
    this.lines = lines;
    this.#producing = this.#produce();
  }

  static async start(name: string, fault: string, set: readonly string[]): Promise<FaultyWorker> {
    const { options: config } = loadConfig({
      cwd: root,
      environment: {},
      set: [
        `transport.embedded.dir=${join(root, name)}`,
        'transport.embedded.durability=normal',
        'topics.partitions=1',
        'runtime.threads=1',
        'observability.selfAlerts.sampleIntervalMs=100',
        'observability.selfAlerts.minLagMs=500',
        ...set,
      ],
    });
    const lines: LogLine[] = [];
    const to = (level: string) => (fields: object, text: string) =>
      lines.push({ level, ...fields, text });
    const log: Log = { debug: () => {}, info: to('info'), warn: to('warn'), error: to('error') };
    const pipeline = await runPipeline(config, { log, stages: [faultyDetect(fault)] });
    return new FaultyWorker(pipeline, lines);
  }

  /** Waits until the alert shows; false when it does not in time. */
  async shows(alert: SelfAlertName): Promise<boolean> {
    const deadlineMs = performance.now() + DEADLINE_MS;
    while (performance.now() < deadlineMs) {
      if ((await this.alerts()).includes(alert)) return true;
      await sleep(50);
    }
    return false;
  }

  async alerts(): Promise<readonly SelfAlertName[]> {
    const scrape = parseScrape(await this.pipeline.metrics.metrics.text());
    return selfAlertNames.filter(
      (name) => sumSamples(scrape, 'monitoring_self_alert', `name="${name}"`) === 1,
    );
  }

  /** Has the producer fall silent. */
  async silence(): Promise<void> {
    this.#over.abort();
    await this.#producing;
  }

  async stop(): Promise<void> {
    await this.silence();
    await this.pipeline.stop();
  }

  async #produce(): Promise<void> {
    const { transport, prefix } = this.pipeline;
    const record = {
      topic: `${prefix}metrics.raw`,
      partition: 0,
      key: null,
      value: Buffer.from('x'),
      headers: {},
    };
    while (!this.#over.signal.aborted) {
      await transport.write('producer', [{ ...record, timestampMs: systemClock.nowMs() }]);
      await sleep(PRODUCE_MS);
    }
  }
}

/** Times that matter to one alert are short, those of the others long. */
const quick = {
  interval: 'observability.selfAlerts.expectedIntervalMs=1000',
  stall: 'observability.selfAlerts.stallMs=1000',
  window: 'observability.selfAlerts.windowMs=1000',
};

/** A worker that is about to end must not wait for its next sample. */
const rare = 'observability.selfAlerts.sampleIntervalMs=600000';
const brief = 'runtime.kernelTimeoutMs=3000';

describe('a worker with a fault of its own', () => {
  it.each<{ fault: string; alert: SelfAlertName; says: RegExp; set: readonly string[] }>([
    { fault: 'throw', alert: 'stage_stopped', says: /^ended: KERNEL_FAILED/, set: [rare] },
    {
      fault: 'hang',
      alert: 'stage_stopped',
      says: /records wait, none/,
      set: [quick.stall, brief],
    },
    { fault: 'hang', alert: 'stuck_worker', says: /a kernel call|kernel calls/, set: [brief] },
    {
      fault: 'swallow',
      alert: 'no_series_scored',
      says: /points came in, none was scored/,
      set: [quick.interval],
    },
    { fault: 'slow', alert: 'lag_growing', says: /^from \d+ to \d+ records/, set: [quick.window] },
    { fault: 'drop', alert: 'silent_discard', says: /no decision/, set: [quick.window] },
    {
      fault: 'mute',
      alert: 'silent_discard',
      says: /counted and not written/,
      set: [quick.window],
    },
    { fault: 'refuse', alert: 'memory_short', says: /no memory for them/, set: [] },
    { fault: 'lose', alert: 'silent_discard', says: /neither passed on/, set: [] },
  ])('$alert: its kernel is one to $fault, and it $says', async ({ fault, alert, says, set }) => {
    const worker = await FaultyWorker.start(`${fault}-${alert}`, fault, set);
    try {
      expect(await worker.shows(alert)).toBe(true);
      expect(worker.lines).toContainEqual({
        level: 'warn',
        selfAlert: alert,
        stage: 'detect',
        text: expect.stringMatching(says),
      });
      const live = fault === 'throw' ? 'failing' : 'ok';
      expect(worker.pipeline.metrics.live().status).toBe(live);
    } finally {
      await worker.stop();
    }
  });

  it('no_series_scored: the producers of known series fall silent', async () => {
    const worker = await FaultyWorker.start('silent', 'none', [quick.interval]);
    try {
      await worker.silence();
      expect(await worker.shows('no_series_scored')).toBe(true);
      expect(worker.lines).toContainEqual({
        level: 'warn',
        selfAlert: 'no_series_scored',
        stage: 'detect',
        text: 'no points came for 1 series for 3 s',
      });
    } finally {
      await worker.stop();
    }
  });

  it('has no alert without a fault, all times being short', async () => {
    // Lag of a second is not growth on a machine that others use too.
    const patient = 'observability.selfAlerts.minLagMs=10000';
    const worker = await FaultyWorker.start('none', 'none', [...Object.values(quick), patient]);
    await sleep(4500);
    expect(await worker.alerts()).toEqual([]);
    await worker.stop();
    expect(worker.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });
});
