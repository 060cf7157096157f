import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../pipelines/config.ts';
import { openTransport } from '../pipelines/open-transport.ts';
import { createLog } from '../runtime/log.ts';
import type { Transport } from '../runtime/transport.ts';
import { topicSpecs } from '../schemas/topics.ts';
import { untilIdle } from '../test/support/pipeline-reading.ts';
import { type BenchOptions, BenchUsage } from './bench-options.ts';
import { type BenchFigures, quantile } from './bench-result.ts';
import { CommitWatch, type Pause, type WatchedStage } from './commit-watch.ts';
import { HandoverWorker } from './handover-worker.ts';
import { openSite } from './site.ts';
import { SteadyLoad } from './steady-load.ts';

/** The least that brokers allow: what a kill costs above it does not depend on it. */
const SESSION_MS = 6000;
const STAGES = [
  ['validate', 'metrics.raw'],
  ['enrich', 'metrics.validated'],
  ['detect', 'metrics.enriched'],
] as const;
/** A partition whose offsets move again counts as handed over once all have done so for this long. */
const CALM_MS = 1000;
const LIMIT_MS = 120_000;
const BASE_MS = 5000;

/**
 * Measures how long a partition’s committed offsets stand still when it is handed over, under a steady load.
 *
 * Two workers run; a third one joins, leaves in order, joins again and is killed, in turn. Counted are the partitions of
 * validate, enrich and detect that it gets or had. A later stage’s pause has those of the stages before it in it.
 */
export async function handoverBench(options: BenchOptions): Promise<BenchFigures> {
  if (options.transport !== 'kafka') throw new BenchUsage('hand-over needs --transport kafka');
  const site = await openSite(options, [
    `transport.kafka.sessionTimeoutMs=${SESSION_MS}`,
    `runtime.standbyReplicas=${options.standbys}`,
  ]);
  const { prefix, partitions, retentionMs } = site.config.topics;
  const transport = await openTransport(site.config, createLog('warn'));
  await transport.ensureTopics(topicSpecs({ prefix, partitions, retentionMs }));
  const watched = STAGES.map(([stage, input]) => ({
    stage,
    group: `${prefix}${stage}`,
    topic: `${prefix}${input}`,
  }));
  const run = new HandoverRun(site.config, watched, transport, options);
  try {
    return await run.measure();
  } finally {
    await run.close();
    await transport.close();
    await site.close();
  }
}

type Event = 'join' | 'leave' | 'kill';

class HandoverRun {
  readonly #config: Config;
  readonly #stages: readonly WatchedStage[];
  readonly #transport: Transport;
  readonly #options: BenchOptions;
  readonly #workers: HandoverWorker[] = [];
  readonly #pauses: Record<Event, Pause[]> = { join: [], leave: [], kill: [] };
  #load: SteadyLoad | undefined;
  #watch: CommitWatch | undefined;

  constructor(
    config: Config,
    stages: readonly WatchedStage[],
    transport: Transport,
    options: BenchOptions,
  ) {
    this.#config = config;
    this.#stages = stages;
    this.#transport = transport;
    this.#options = options;
  }

  async measure(): Promise<BenchFigures> {
    const { handovers, kills, series } = this.#options;
    await this.#start();
    await this.#start();
    const load = await SteadyLoad.open({
      config: this.#config,
      transport: this.#transport,
      series,
    });
    this.#load = load;
    await load.seed();
    await untilIdle({ transport: this.#transport, ...load.topics }, STAGES.length);
    load.start();
    const watch = new CommitWatch(this.#transport, this.#stages);
    this.#watch = watch;
    await sleep(BASE_MS);
    const steady = spread(watch.pauses());
    for (let i = 0; i < handovers + kills; i += 1) {
      const third = await this.#join();
      if (i < handovers) await this.#leave(third, 'leave', () => third.stop());
      else await this.#leave(third, 'kill', () => third.kill());
    }
    const { join, leave, kill } = this.#pauses;
    const graceful = spread([...join, ...leave]);
    const { p50Ms = Number.NaN, p95Ms = Number.NaN, p99Ms = Number.NaN } = graceful;
    const killed = { ...spread(kill), sessionMs: SESSION_MS, stages: byStage(kill) };
    const told = { steady, join: byStage(join), leave: byStage(leave), killed };
    return { p50Ms, p95Ms, p99Ms, ...told, points: load.points };
  }

  async close(): Promise<void> {
    await this.#watch?.close();
    await this.#load?.close();
    await Promise.all(this.#workers.splice(0).map((worker) => worker.kill()));
  }

  async #start(): Promise<HandoverWorker> {
    const worker = await HandoverWorker.start(this.#config);
    this.#workers.push(worker);
    await this.#until('the partitions are shared', () => this.#isShared());
    return worker;
  }

  async #join(): Promise<HandoverWorker> {
    this.#watch?.reset();
    const worker = await this.#start();
    await this.#calm();
    this.#note('join', this.#held(worker));
    return worker;
  }

  async #leave(
    worker: HandoverWorker,
    event: 'leave' | 'kill',
    go: () => Promise<void>,
  ): Promise<void> {
    const held = this.#held(worker);
    this.#watch?.reset();
    await go();
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    await this.#until('the partitions are shared', () => this.#isShared());
    await this.#calm();
    this.#note(event, held);
  }

  #note(event: Event, held: ReadonlySet<string>): void {
    const pauses = this.#watch?.pauses() ?? [];
    this.#pauses[event].push(
      ...pauses.filter(({ stage, partition }) => held.has(`${stage}/${partition}`)),
    );
  }

  #held(worker: HandoverWorker): ReadonlySet<string> {
    return new Set(
      this.#stages.flatMap(({ stage, group }) =>
        worker.held(group).map((partition) => `${stage}/${partition}`),
      ),
    );
  }

  /** Every partition has its holder, and no two workers differ by more than one. */
  #isShared(): boolean {
    return this.#stages.every(({ group }) => {
      const sizes = this.#workers.map((worker) => worker.held(group).length);
      const sum = sizes.reduce((total, size) => total + size, 0);
      return sum === this.#options.partitions && Math.max(...sizes) - Math.min(...sizes) <= 1;
    });
  }

  /** Offsets of all partitions move. */
  async #calm(): Promise<void> {
    let sinceMs = performance.now();
    await this.#until('all offsets move', () => {
      if ((this.#watch?.standstillMs ?? 0) > CALM_MS) sinceMs = performance.now();
      return performance.now() - sinceMs > CALM_MS;
    });
  }

  async #until(what: string, condition: () => boolean): Promise<void> {
    const end = performance.now() + LIMIT_MS;
    while (!condition()) {
      if (performance.now() > end) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
      await sleep(20);
    }
  }
}

function byStage(pauses: readonly Pause[]) {
  const stages = Map.groupBy(pauses, ({ stage }) => stage);
  return Object.fromEntries([...stages].map(([stage, of]) => [stage, spread(of)]));
}

function spread(pauses: readonly Pause[]) {
  const sorted = Float64Array.from(pauses, ({ ms }) => ms).sort();
  const at = (share: number): number => Math.round(quantile(sorted, share));
  return {
    count: sorted.length,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    maxMs: at(1),
  };
}
