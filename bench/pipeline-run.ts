import { setTimeout as sleep } from 'node:timers/promises';
import { openTransport } from '../pipelines/open-transport.ts';
import { type RunningPipeline, runPipeline } from '../pipelines/run.ts';
import { topology } from '../pipelines/topology.ts';
import { systemClock } from '../runtime/clock.ts';
import { createLog } from '../runtime/log.ts';
import type { StageSpec } from '../runtime/stage-spec.ts';
import type { Transport } from '../runtime/transport.ts';
import { topicSpecs } from '../schemas/topics.ts';
import { untilIdle } from '../test/support/pipeline-reading.ts';
import type { BenchOptions } from './bench-options.ts';
import { CpuMeter } from './cpu-meter.ts';
import { type ExtraWorker, startExtraWorker } from './extra-worker.ts';
import { type FleetSetup, seedOf } from './fleet-source.ts';
import { Generator } from './generator.ts';
import type { BenchSite } from './site.ts';

/** Points that may be under way between the generator and the scores: enough to keep all threads busy. */
const MOST_UNDER_WAY = 2_000_000;
const ROUNDS_UNDER_WAY = 4;
const DAY_MS = 86_400_000;
/** Share of the series that are pilots: planted anomalies keep their distance on them. */
const PILOTS = 0.02;

/** Counters of points that no score covers. */
const LOST = /^points_(dropped|dead_lettered)_total/;

/** Points by what became of them, over all workers. */
export interface PointCounts {
  /** Scored, per member. */
  readonly scored: Readonly<Record<string, number>>;
  /** Covered by every member’s score. */
  readonly covered: number;
  /** Dropped or dead-lettered with a code, by stage and code. */
  readonly counted: Readonly<Record<string, number>>;
  readonly countedTotal: number;
}

/** A pipeline under load: the first worker in this process, further ones and the generator beside it. */
export class PipelineRun {
  readonly meter = new CpuMeter();
  readonly site: BenchSite;
  readonly options: BenchOptions;
  readonly transport: Transport;
  readonly generator: Generator;
  readonly #extra: ExtraWorker[] = [];
  #pipeline: RunningPipeline | undefined;
  #granted = 0;

  private constructor(
    site: BenchSite,
    options: BenchOptions,
    transport: Transport,
    fleet: FleetSetup,
  ) {
    this.site = site;
    this.options = options;
    this.transport = transport;
    const { config } = site;
    this.generator = new Generator(
      { config, fleet, single: options.single },
      transport,
      this.meter,
    );
  }

  /** Makes topics and the generator; the pipeline is not started yet. */
  static async open(
    site: BenchSite,
    options: BenchOptions,
    over: Partial<FleetSetup> = {},
  ): Promise<PipelineRun> {
    const { prefix, partitions, retentionMs } = site.config.topics;
    const transport = await openTransport(site.config, createLog('warn'));
    await transport.ensureTopics(topicSpecs({ prefix, partitions, retentionMs }));
    const { series, pointsPerSeries, pointsPerRecord, stepMs, planted } = options;
    const nowMs = systemClock.nowMs();
    const fleet = { series, pointsPerSeries, pointsPerRecord, stepMs, planted, pilots: PILOTS };
    const startMs = nowMs - 30 * DAY_MS;
    const run = new PipelineRun(site, options, transport, {
      ...fleet,
      startMs,
      seed: seedOf(site.folder),
      ...over,
    });
    await run.generator.ready();
    return run;
  }

  get pipeline(): RunningPipeline {
    if (this.#pipeline === undefined) throw new Error('the pipeline is not started');
    return this.#pipeline;
  }

  /** Starts all workers; with `stages`, each runs a part of the graph only. */
  async startWorkers(stages: readonly StageSpec[] = topology): Promise<void> {
    const { config, folder } = this.site;
    const { transport } = this;
    const outlets = { print: () => undefined, folder };
    const log = createLog('warn');
    this.#pipeline = await runPipeline(config, { log, transport, outlets, stages });
    for (let i = 1; i < this.options.workers; i++) {
      this.#extra.push(await startExtraWorker(config));
    }
  }

  /** Stops the first worker, which saves its state. */
  async stopWorker(): Promise<void> {
    await this.#pipeline?.stop();
    this.#pipeline = undefined;
  }

  /** What became of points so far. */
  counts(): PointCounts {
    const scored: Record<string, number> = {};
    const counted: Record<string, number> = {};
    for (const { name, counters } of [this.pipeline, ...this.#extra].flatMap((each) =>
      each.figures(),
    )) {
      for (const counter in counters) {
        if (counter.startsWith('scored_total')) add(scored, counter, counters[counter]);
        else if (LOST.test(counter)) add(counted, `${name} ${counter}`, counters[counter]);
      }
    }
    const covered = Math.min(...Object.values(scored));
    const countedTotal = Object.values(counted).reduce((sum, by) => sum + by, 0);
    return { scored, covered: Number.isFinite(covered) ? covered : 0, counted, countedTotal };
  }

  /**
   * Lets the generator send, a bounded number of points ahead of the scores, for so long and until so many points are
   * scored in all.
   */
  async flow(seconds: number, atLeast = 0): Promise<void> {
    const end = performance.now() + seconds * 1000;
    const { series, pointsPerSeries } = this.options;
    const most = Math.min(MOST_UNDER_WAY, ROUNDS_UNDER_WAY * series * pointsPerSeries);
    for (;;) {
      const { covered, countedTotal } = this.counts();
      if (performance.now() >= end && covered >= atLeast) return;
      const room = most - (this.#granted - covered - countedTotal);
      if (room > most / 16) this.grant(room);
      await Promise.race([sleep(50), this.pipeline.failed]);
    }
  }

  grant(points: number): void {
    this.#granted += points;
    this.generator.grant(points);
  }

  /** Counts points of the history as sent ahead. */
  countSent(): void {
    this.#granted = this.generator.points;
  }

  /** Resolves when all points sent so far are covered by scores or counted. */
  async untilScored(points: number): Promise<void> {
    for (;;) {
      const { covered, countedTotal } = this.counts();
      if (covered + countedTotal >= points) return;
      await Promise.race([sleep(5), this.pipeline.failed]);
    }
  }

  /** Resolves when every stage has committed all there is. */
  async settle(): Promise<void> {
    await untilIdle(this.pipeline);
  }

  async close(): Promise<void> {
    await this.stopWorker();
    for (const worker of this.#extra) await worker.stop();
    await this.transport.close();
  }
}

function add(sums: Record<string, number>, name: string, by = 0): void {
  sums[name] = (sums[name] ?? 0) + by;
}
