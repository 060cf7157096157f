import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asyncScheduler, Subscription } from 'rxjs';
import { LIVE_POINTS } from '../operators/detect/series-maturity.ts';
import type { Config } from '../pipelines/config.ts';
import type { SampleSet } from '../pipelines/producers/host-readings.ts';
import { hostSamples, openHostSampler } from '../pipelines/producers/host-sampler.ts';
import type { Point } from '../pipelines/producers/point.ts';
import { RawWriter } from '../pipelines/producers/raw-writer.ts';
import { type RunningPipeline, runPipeline } from '../pipelines/run.ts';
import { systemClock } from '../runtime/clock.ts';
import { PipelineError } from '../runtime/errors.ts';
import { aborted } from './aborted.ts';
import { removeDataFolder } from './data-folder.ts';
import { type LiveFeed, openLiveFeed } from './live-feed.ts';
import { type LiveScreen, openLiveScreen } from './live-screen.ts';
import { openLog } from './open-log.ts';
import { pipelineLag } from './pipeline-lag.ts';
import { pipelineTotals } from './pipeline-totals.ts';
import { receiverFiles } from './receiver-folder.ts';
import { renderRunSummary } from './render-run-summary.ts';
import { RunFindings } from './run-findings.ts';
import { type RunSummary, summariseRun } from './run-summary.ts';
import { RunWatch } from './run-watch.ts';
import { type Stress, startStress } from './stress.ts';
import type { StressPlan } from './stress-plan.ts';
import { paintFor, type Terminal } from './terminal.ts';

const INTERVAL_MS = 1000;
const TENANT = 'default';
/** How long the last points may take through the stages before the summary is written without them. */
const DRAIN_MS = 15_000;

/** How this machine is to be watched. */
export interface WatchRequest {
  /** Absent: until the person ends it. */
  readonly durationMs: number | undefined;
  readonly stress: StressPlan | undefined;
  readonly json: boolean;
  readonly reset: boolean;
}

/**
 * Runs the whole pipeline on this machine’s own metrics, shows it live and sums it up at the end.
 *
 * Ends after `durationMs`, at the terminal’s signal, or with the fault of a stage. Everything sampled before the end has
 * gone through the stages when the summary is written, unless that takes longer than 15 seconds.
 *
 * @throws PipelineError when a stage cannot go on or another process holds the topic log.
 */
export async function watchMachine(
  config: Config,
  terminal: Terminal,
  request: WatchRequest,
): Promise<void> {
  const { dir } = config.transport.embedded;
  const folder = path.resolve(terminal.cwd, dir);
  if (request.reset && removeDataFolder(folder, receiverFiles(config)))
    terminal.err.write(`removed ${dir}\n`);
  const resumed = existsSync(path.join(folder, 'log.db'));
  const sink = request.json ? terminal.err : terminal.out;
  const view = !request.json && sink.isTTY === true;
  // Log lines would tear the view apart; what they say of failures ends the run anyway.
  const log = openLog(config, view ? 'fatal' : 'warn');
  const findings = new RunFindings();
  const print = (text: string) => {
    findings.notifications += 1;
    if (!view) sink.write(`${text}\n`);
  };
  const pipeline = await runPipeline(config, { log, outlets: { print, folder } });
  const screen = openLiveScreen(sink, terminal.environment, view);
  const run = new MachineRun(config, request, pipeline, findings, resumed);
  let summary: RunSummary;
  try {
    summary = await run.toEnd(screen, terminal.signal);
  } finally {
    screen.close();
    await pipeline.stop();
  }
  if (request.json) terminal.out.write(`${JSON.stringify(summary)}\n`);
  else
    terminal.out.write(
      renderRunSummary(summary, dir, paintFor(terminal.out, terminal.environment)),
    );
}

class MachineRun {
  readonly #request: WatchRequest;
  readonly #pipeline: RunningPipeline;
  readonly #findings: RunFindings;
  readonly #watch: RunWatch;
  readonly #writer: RawWriter;
  readonly #startMs = systemClock.nowMs();
  #stress: Stress | undefined;

  constructor(
    config: Config,
    request: WatchRequest,
    pipeline: RunningPipeline,
    findings: RunFindings,
    resumed: boolean,
  ) {
    this.#request = request;
    this.#pipeline = pipeline;
    this.#findings = findings;
    const frame = {
      host: hostname(),
      durationMs: request.durationMs,
      resumed,
      pointsToOpen: config.detect.warmPoints,
      pointsToLive: LIVE_POINTS,
      intervalMs: INTERVAL_MS,
    };
    this.#watch = new RunWatch(frame, findings);
    this.#writer = new RawWriter({
      transport: pipeline.transport,
      codec: pipeline.codec,
      clock: systemClock,
      topic: `${pipeline.prefix}metrics.raw`,
      partitions: config.topics.partitions,
      tenant: TENANT,
      producer: 'host',
    });
  }

  async toEnd(screen: LiveScreen, signal: AbortSignal): Promise<RunSummary> {
    const { transport, codec, prefix } = this.#pipeline;
    const feed = await openLiveFeed({ transport, codec, prefix, findings: this.#findings });
    this.#stress =
      this.#request.stress === undefined ? undefined : startStress(this.#request.stress);
    const drawing = setInterval(() => screen.draw(this.#state()), INTERVAL_MS);
    try {
      await this.#sampleUntilEnd(signal);
      await this.#drain(feed);
      screen.draw(this.#state());
    } finally {
      clearInterval(drawing);
      this.#stress?.stop();
    }
    return this.#summary();
  }

  /** Samples until the time is over, the person asks, or something cannot go on. */
  async #sampleUntilEnd(signal: AbortSignal): Promise<void> {
    const samples = hostSamples(() => openHostSampler({ host: hostname() }), {
      scheduler: asyncScheduler,
    });
    const over = new AbortController();
    const { durationMs } = this.#request;
    const ends: Promise<unknown>[] = [this.#pipeline.failed, aborted(signal)];
    if (durationMs !== undefined) ends.push(sleep(durationMs, undefined, { signal: over.signal }));
    const sampling = new Promise<never>((_resolve, reject) => {
      const subscription = new Subscription();
      over.signal.addEventListener('abort', () => subscription.unsubscribe(), { once: true });
      subscription.add(
        samples.subscribe({
          next: (set) => {
            this.#watch.sampled(set);
            this.#write(set).catch(reject);
          },
          error: reject,
        }),
      );
    });
    try {
      await Promise.race([...ends, sampling]);
    } finally {
      over.abort();
      // Whatever loses the race ends now, and its end is no news.
      for (const each of [...ends, sampling]) each.catch(() => undefined);
    }
  }

  async #write({ timestampMs, series, values }: SampleSet): Promise<void> {
    const points: Point[] = [];
    for (const [i, each] of series.entries()) {
      const value = values[i] ?? Number.NaN;
      if (Number.isFinite(value)) points.push({ series: each, timestampMs, value });
    }
    try {
      await this.#writer.write(points);
      await this.#writer.flush();
    } catch (error) {
      // The writer holds what was not taken and sends it with the next tick; what lasts, the stages notice too.
      if (!(error instanceof PipelineError) || error.fate !== 'retry') throw error;
    }
  }

  async #drain(feed: LiveFeed): Promise<void> {
    await this.#writer.flush();
    // Nothing comes any more: the last seconds need not wait for slower points to be correlated.
    await this.#pipeline.endInput();
    const { transport, prefix } = this.#pipeline;
    const deadlineMs = systemClock.nowMs() + DRAIN_MS;
    for (let quiet = 0; quiet < 2 && systemClock.nowMs() < deadlineMs; ) {
      quiet = (await pipelineLag(transport, prefix)) === 0 ? quiet + 1 : 0;
      await Promise.race([sleep(200), this.#pipeline.failed]);
    }
    await feed.finish();
  }

  #state() {
    const elapsedMs = systemClock.nowMs() - this.#startMs;
    const totals = pipelineTotals(this.#pipeline.figures());
    const points = this.#writer.acknowledgedPoints;
    return this.#watch.state({ elapsedMs, points, totals, stress: this.#stress?.state(elapsedMs) });
  }

  #summary(): RunSummary {
    const { deadLettered, dropped } = pipelineTotals(this.#pipeline.figures());
    const elapsedMs = systemClock.nowMs() - this.#startMs;
    const points = this.#writer.acknowledgedPoints;
    const series = this.#watch.history.size;
    return summariseRun({ points, series, elapsedMs, deadLettered, dropped }, this.#findings);
  }
}
