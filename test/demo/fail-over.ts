import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../pipelines/config.ts';
import { registerSchemas } from '../../pipelines/open-registry.ts';
import { openTransport } from '../../pipelines/open-transport.ts';
import { createLog } from '../../runtime/log.ts';
import { Codec } from '../../schemas/codec.ts';
import { freePorts } from '../servers/server-process.ts';
import type { Cluster } from '../servers/servers.ts';
import { enrichedPoints } from '../support/enriched-points.ts';
import { anomalyLines, type PipelineTopics, untilIdle } from '../support/pipeline-reading.ts';
import { DemoFleet } from './demo-fleet.ts';
import type { DemoScreen } from './demo-screen.ts';
import { DemoWorker } from './demo-worker.ts';

const LOOK_MS = 3000;
const START_LIMIT_MS = 90_000;
const IDLE_LIMIT_MS = 180_000;

/** What a fail-over is run with. */
export interface FailOverSetup {
  readonly screen: DemoScreen;
  /** Of the installation, for workers and for the load. */
  readonly settings: readonly string[];
  readonly cluster: Cluster;
  /** Anomaly records of an undisturbed run, as lines. */
  readonly expected: readonly string[];
  readonly signal: AbortSignal;
}

/** How a fail-over ended. */
export interface FailOverResult {
  readonly ok: boolean;
  readonly anomalies: number;
  /** Anomaly records of the undisturbed run that are not there, and those that are there beside them. */
  readonly missing: number;
  readonly extra: number;
  readonly points: number;
  /** Points that a crash made stand on `metrics.enriched` twice: detect takes each in once. */
  readonly repeated: number;
}

/** Puts three workers under load, kills one with its state, then a broker under the others, and compares the anomalies. */
export async function runFailOver(setup: FailOverSetup): Promise<FailOverResult> {
  const { options: config } = loadConfig({
    cwd: process.cwd(),
    environment: {},
    set: setup.settings,
  });
  const transport = await openTransport(config, createLog('silent'));
  const codec = new Codec((await registerSchemas(config)).ids);
  const failOver = new FailOver(setup, { transport, codec, prefix: config.topics.prefix });
  try {
    return await failOver.run();
  } finally {
    await failOver.end();
    await transport.close();
  }
}

class FailOver {
  readonly #setup: FailOverSetup;
  readonly #topics: PipelineTopics;
  readonly #workers: DemoWorker[] = [];

  constructor(setup: FailOverSetup, topics: PipelineTopics) {
    this.#setup = setup;
    this.#topics = topics;
  }

  async run(): Promise<FailOverResult> {
    const { screen, cluster, signal } = this.#setup;
    screen.step('Starting three workers, each with all five stages');
    for (const name of ['worker-1', 'worker-2', 'worker-3']) await this.#start(name);
    await this.#look('every worker holds partitions', (held) => held.every((count) => count > 0));

    const { series, points } = DemoFleet.size;
    screen.step(`Writing the load: ${series} series, ${points} points`);
    const fleet = new DemoFleet(this.#topics);
    const writing = fleet.write(signal);
    await this.#until(fleet, 0.25);
    screen.step(
      'Killing worker-2 with SIGKILL: the others take over its partitions, with its state',
    );
    await this.#workers[1]?.kill();
    await this.#until(fleet, 0.45);
    screen.step('Starting worker-4 in its place: it takes its share over, warm');
    await this.#start('worker-4');
    await this.#until(fleet, 0.6);
    screen.step('Killing the second broker with SIGKILL: it leads a third of the partitions');
    await cluster.nodes[1]?.kill();
    await this.#until(fleet, 0.8);
    screen.step('Bringing the broker back');
    await cluster.nodes[1]?.restart();
    await writing;
    screen.step('The load is written; waiting until nothing lags');
    await this.#idle();
    return await this.#compare();
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.filter((each) => each.isRunning).map((each) => each.stop()));
  }

  async #start(name: string): Promise<void> {
    const [port = 0] = await freePorts(1);
    this.#workers.push(new DemoWorker(name, port, this.#setup.settings));
  }

  /** Shows the workers now and then until so much of the load is written. */
  async #until(fleet: DemoFleet, share: number): Promise<void> {
    while (fleet.progress < share) {
      await this.#show();
      await sleep(LOOK_MS);
    }
    await this.#show();
  }

  /** Shows the workers until their numbers of partitions are as wanted. */
  async #look(what: string, isWanted: (held: readonly number[]) => boolean): Promise<void> {
    const endMs = performance.now() + START_LIMIT_MS;
    while (!isWanted(await this.#show())) {
      if (performance.now() > endMs) throw new Error(`not after 90 s: ${what}`);
      await sleep(LOOK_MS);
    }
  }

  /** Shows the workers; returns how many partitions each of the running ones holds. */
  async #show(): Promise<readonly number[]> {
    this.#setup.signal.throwIfAborted();
    const views = await Promise.all(this.#workers.map((worker) => worker.view()));
    this.#setup.screen.workers(views);
    for (const worker of this.#workers) this.#checkHealth(worker);
    return this.#workers.flatMap((worker, i) =>
      worker.isRunning ? [(views[i]?.partitions ?? []).reduce((sum, count) => sum + count, 0)] : [],
    );
  }

  #checkHealth(worker: DemoWorker): void {
    if (worker.exitCode === undefined) return;
    throw new Error(`${worker.name} ended with ${worker.exitCode}:\n${worker.log.join('\n')}`);
  }

  async #idle(): Promise<void> {
    let isIdle = false;
    const idle = untilIdle(this.#topics).then(() => {
      isIdle = true;
    });
    const endMs = performance.now() + IDLE_LIMIT_MS;
    while (!isIdle && performance.now() < endMs) {
      await Promise.race([idle, sleep(LOOK_MS)]);
      await this.#show();
    }
    if (!isIdle) throw new Error('the workers did not work off the load in 180 s');
  }

  async #compare(): Promise<FailOverResult> {
    const { screen, expected } = this.#setup;
    const found = new Set(await anomalyLines(this.#topics));
    const missing = expected.filter((line) => !found.has(line)).length;
    const extra = found.size - (expected.length - missing);
    const { times, repeated } = await enrichedPoints(this.#topics);
    const points = [...times.values()].reduce((sum, each) => sum + each.size, 0);
    const ok = missing === 0 && extra === 0 && points === DemoFleet.size.points;
    screen.step(ok ? 'The anomalies are those of the undisturbed run' : 'The runs differ');
    screen.say(
      `${found.size} anomaly records, ids, phases and score bits; ${missing} missing, ${extra} more`,
    );
    screen.say(
      `${points} of ${DemoFleet.size.points} points; ${repeated} were written again, and skipped`,
    );
    return { ok, anomalies: found.size, missing, extra, points, repeated };
  }
}
