import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../pipelines/config.ts';
import { registerSchemas } from '../../pipelines/open-registry.ts';
import { openTransport } from '../../pipelines/open-transport.ts';
import { createLog } from '../../runtime/log.ts';
import { Codec } from '../../schemas/codec.ts';
import type { KafkaClientName } from '../integration/transport-clients.ts';
import { eventually } from '../integration/transport-load.ts';
import type { Fleet } from '../support/fleet.ts';
import { type PipelineTopics, untilIdle } from '../support/pipeline-reading.ts';
import { FleetProducer } from './fleet-producer.ts';
import { type Outcome, readOutcome } from './outcome.ts';
import { WorkerProcess } from './worker-process.ts';

const PARTITIONS = 4;
const SESSION_MS = 6000;
const HOUR_MS = 3_600_000;
/** More than the rounds of one write, and those that an episode is quiet before it is closed. */
const LATE_ROUNDS = 40;
const IDLE_LIMIT_MS = 180_000;
/** How long a worker may be started again and again before that counts as a fault. */
const SUPERVISED_MS = 90_000;
const SUPERVISION_PAUSE_MS = 1000;

/** Longer than the session of a run’s workers: a worker silent for so long has lost its partitions. */
export const BEYOND_SESSION_MS = SESSION_MS * 1.5;

/** The servers that scenarios run against. */
export interface Servers {
  readonly brokers: readonly string[];
  /** The client that the producer and the workers use; the default of the product if absent. */
  readonly client?: KafkaClientName;
  readonly replication: number;
}

/** How one run is set up. */
export interface CrashRunSetup {
  readonly servers: Servers;
  /** Of the installation on these brokers: each has topics and groups of its own. */
  readonly name: string;
  readonly fleet: Fleet;
  /** A schema registry: the way that the workers take, and the one of the producer, which is never cut. */
  readonly registry?: { readonly workers: string; readonly producer: string };
}

/** One run of a fleet through an installation of its own: a producer here, workers in processes of their own. */
export class CrashRun {
  readonly workers: WorkerProcess[] = [];
  readonly producer: FleetProducer;
  readonly topics: PipelineTopics;
  readonly #settings: readonly string[];

  private constructor(setup: CrashRunSetup, settings: readonly string[], topics: PipelineTopics) {
    this.#settings = settings;
    this.topics = topics;
    this.producer = new FleetProducer(topics, setup.fleet, PARTITIONS);
  }

  static async open(setup: CrashRunSetup): Promise<CrashRun> {
    const { registry } = setup;
    const shared = settingsOf(setup);
    const url = (own: string): readonly string[] => [...shared, `schemaRegistry.url=${own}`];
    const settings = registry === undefined ? shared : url(registry.workers);
    const { options: config } = loadConfig({
      cwd: process.cwd(),
      environment: {},
      set: registry === undefined ? shared : url(registry.producer),
    });
    const transport = await openTransport(config, createLog('error'));
    const codec = new Codec((await registerSchemas(config)).ids);
    return new CrashRun(setup, settings, { transport, codec, prefix: config.topics.prefix });
  }

  /** Workers that still run. */
  get living(): readonly WorkerProcess[] {
    return this.workers.filter((each) => !each.hasEnded);
  }

  /** Starts a worker and resolves when its stages run (or it has ended at its fail point). */
  async start(failPoint?: string): Promise<WorkerProcess> {
    const worker = new WorkerProcess(this.#settings, failPoint);
    this.workers.push(worker);
    await worker.ready();
    return worker;
  }

  /** Starts a worker as a supervisor does: again and again until one comes up. */
  async supervise(): Promise<WorkerProcess> {
    const end = performance.now() + SUPERVISED_MS;
    for (;;) {
      const worker = new WorkerProcess(this.#settings);
      try {
        await worker.ready();
        this.workers.push(worker);
        return worker;
      } catch (error) {
        if (performance.now() > end) throw error;
        await sleep(SUPERVISION_PAUSE_MS);
      }
    }
  }

  /** Writes the next rounds; somebody has to run, since the producer does not go far ahead. */
  async write(rounds: number, perWrite?: number): Promise<void> {
    await this.#withHealth('a producer writes', this.producer.write(rounds, perWrite));
  }

  /** Resolves when every stage has committed all that was written. @throws Error when a worker has failed. */
  async idle(): Promise<void> {
    await this.#withHealth('every stage is idle', untilIdle(this.topics));
  }

  /** Writes the end of the fleet and resolves when every stage has committed all of it. */
  async finish(): Promise<void> {
    await this.#withHealth('the producer finishes', this.producer.finish());
    await this.idle();
  }

  /** Committed offsets of a stage on its input (names without prefix). */
  committed(stage: string, input: string): Promise<ReadonlyMap<number, number>> {
    const { transport, prefix } = this.topics;
    return transport.committed(prefix + stage, prefix + input);
  }

  /** Kills every worker that still runs. */
  async killAll(): Promise<void> {
    for (const worker of this.living) worker.wake();
    await Promise.all(this.living.map((each) => each.kill()));
  }

  /** Reads what is on the topics. */
  outcome(): Promise<Outcome> {
    return readOutcome(this.topics);
  }

  async close(): Promise<void> {
    await this.killAll();
    await this.topics.transport.close();
  }

  /** Waits for something that workers bring about, and stops waiting when one of them fails. */
  async #withHealth(what: string, done: Promise<void>): Promise<void> {
    let isDone = false;
    const settled = done.then(() => {
      isDone = true;
    });
    const isOver = (): boolean => {
      for (const worker of this.workers) worker.checkHealth();
      return isDone;
    };
    await Promise.race([settled, eventually(what, isOver, IDLE_LIMIT_MS)]);
  }
}

function settingsOf({ servers, name, fleet }: CrashRunSetup): readonly string[] {
  const { brokers, client, replication } = servers;
  return [
    'transport.kind=kafka',
    `transport.kafka.brokers=${brokers.join(',')}`,
    `transport.kafka.replicationFactor=${replication}`,
    ...(client === undefined ? [] : [`transport.kafka.client=${client}`]),
    `transport.kafka.sessionTimeoutMs=${SESSION_MS}`,
    `topics.prefix=${name}.`,
    `topics.partitions=${PARTITIONS}`,
    'runtime.threads=1',
    // Often, so that what is done to workers falls around checkpoints.
    'runtime.checkpointIntervalMs=1000',
    'runtime.checkpointPartBytes=16KiB',
    // An episode that comes behind the watermark is taken as it comes, so the order in which partitions are heard would
    // show in alerts and incidents. Here none does: whatever a disturbance holds up is waited for.
    `eventTime.allowedLatenessMs=${LATE_ROUNDS * fleet.stepMs}`,
    // Event time goes some hundred times as fast as the clock, and fail-overs take as long as ever.
    `eventTime.failoverTimeoutMs=${24 * HOUR_MS}`,
    // A raw partition whose leader was killed is not silent.
    `eventTime.idleTimeoutMs=${HOUR_MS}`,
  ];
}
