import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { loadConfig } from '../../pipelines/config.ts';
import { openTransport } from '../../pipelines/open-transport.ts';
import { RawWriter } from '../../pipelines/producers/raw-writer.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log.ts';
import type { OutboundRecord, Transport } from '../../runtime/transport.ts';
import { Codec } from '../../schemas/codec.ts';
import { FileRegistry } from '../../schemas/file-registry.ts';
import { registerRecords } from '../../schemas/registry.ts';
import type { KafkaClientName } from '../integration/transport-clients.ts';
import { eventually } from '../integration/transport-load.ts';
import { enrichedPoints } from '../support/enriched-points.ts';
import type { Fleet } from '../support/fleet.ts';
import { anomalyLines, untilIdle } from '../support/pipeline-reading.ts';
import { WorkerProcess } from './worker-process.ts';

const PARTITIONS = 4;
/** Rounds between two raw records that nobody can read. */
const GARBAGE_EVERY = 50;
/** Between two rounds of the producer, so that what is done to workers falls into the run and not behind it. */
const ROUND_MS = 20;
const IDLE_LIMIT_MS = 180_000;

/** The brokers that scenarios run against. */
export interface Brokers {
  readonly brokers: readonly string[];
  /** The client that the producer and the workers use; the default of the product if absent. */
  readonly client?: KafkaClientName;
  readonly replication: number;
}

/** What a run left on its topics. */
export interface Outcome {
  /** Anomaly records, each once: id, revision, phase, times and the bits of the scores. */
  readonly anomalies: readonly string[];
  readonly points: number;
  readonly series: number;
  /** Points that stand on `metrics.enriched` more than once. */
  readonly repeated: number;
  /** Raw records that became dead letters, each once. */
  readonly deadLetters: number;
}

/** One run of a fleet through an installation of its own: a producer here, workers in processes of their own. */
export class CrashRun {
  readonly workers: WorkerProcess[] = [];
  readonly #fleet: Fleet;
  readonly #settings: readonly string[];
  readonly #transport: Transport;
  readonly #codec: Codec;
  readonly #prefix: string;
  readonly #writer: RawWriter;
  #round = 0;
  #garbage = 0;

  private constructor(fleet: Fleet, prefix: string, settings: readonly string[], opened: Opened) {
    this.#fleet = fleet;
    this.#prefix = prefix;
    this.#settings = settings;
    this.#transport = opened.transport;
    this.#codec = opened.codec;
    this.#writer = new RawWriter({
      transport: opened.transport,
      codec: opened.codec,
      clock: systemClock,
      topic: `${prefix}metrics.raw`,
      partitions: PARTITIONS,
      tenant: 'default',
      producer: 'fleet',
      backfill: true,
      maxPointsPerRecord: 500,
    });
  }

  /** @param name of the installation on these brokers; each has topics and groups of its own. */
  static async open(where: Brokers, name: string, fleet: Fleet): Promise<CrashRun> {
    const prefix = `${name}.`;
    const settings = [
      'transport.kind=kafka',
      `transport.kafka.brokers=${where.brokers.join(',')}`,
      `transport.kafka.replicationFactor=${where.replication}`,
      ...(where.client === undefined ? [] : [`transport.kafka.client=${where.client}`]),
      'transport.kafka.sessionTimeoutMs=6000',
      `topics.prefix=${prefix}`,
      `topics.partitions=${PARTITIONS}`,
      'runtime.threads=1',
      // Often, so that what is done to workers falls around checkpoints.
      'runtime.checkpointIntervalMs=1000',
    ];
    const { options: config } = loadConfig({ cwd: process.cwd(), environment: {}, set: settings });
    const transport = await openTransport(config, createLog('error'));
    const codec = new Codec(await registerRecords(new FileRegistry()));
    return new CrashRun(fleet, prefix, settings, { transport, codec });
  }

  get roundsLeft(): number {
    return this.#fleet.rounds - this.#round;
  }

  /** Starts a worker and resolves when its stages run (or it has ended at its fail point). */
  async start(failPoint?: string): Promise<WorkerProcess> {
    const worker = new WorkerProcess(this.#settings, failPoint);
    this.workers.push(worker);
    await worker.ready();
    return worker;
  }

  /** Writes the next rounds at the producer’s pace. */
  async write(rounds: number): Promise<void> {
    const { series, startMs, stepMs } = this.#fleet;
    const end = Math.min(this.#fleet.rounds, this.#round + rounds);
    for (; this.#round < end; this.#round += 1) {
      const round = this.#round;
      const timestampMs = startMs + round * stepMs;
      await this.#writer.write(
        series.map(({ name, labels, values }) => ({
          series: { name, labels, kind: 'GAUGE' as const },
          timestampMs,
          value: values[round] ?? 0,
        })),
      );
      await this.#writer.flush();
      if (round % GARBAGE_EVERY === 0) await this.#writeGarbage();
      await sleep(ROUND_MS);
    }
  }

  /** Resolves when every stage has committed all that was written. @throws Error when a worker has failed. */
  async idle(): Promise<void> {
    let isIdle = false;
    const idle = untilIdle(this.#topics).then(() => {
      isIdle = true;
    });
    const ended = (): boolean => {
      for (const worker of this.workers) worker.checkHealth();
      return isIdle;
    };
    await Promise.race([idle, eventually('every stage is idle', ended, IDLE_LIMIT_MS)]);
  }

  /** Kills every worker that still runs. */
  async killAll(): Promise<void> {
    for (const worker of this.workers) if (!worker.hasEnded) worker.wake();
    await Promise.all(this.workers.filter((each) => !each.hasEnded).map((each) => each.kill()));
  }

  /** Reads what is on the topics. */
  async outcome(): Promise<Outcome> {
    const { times, repeated } = await enrichedPoints(this.#topics);
    const points = [...times.values()].reduce((sum, each) => sum + each.size, 0);
    const anomalies = await anomalyLines(this.#topics);
    const deadLetters = await this.#deadLetters();
    return { anomalies, points, series: times.size, repeated, deadLetters };
  }

  async close(): Promise<void> {
    await this.killAll();
    await this.#transport.close();
  }

  /** Raw records written that nobody can read. */
  get garbage(): number {
    return this.#garbage;
  }

  get #topics() {
    return { transport: this.#transport, codec: this.#codec, prefix: this.#prefix };
  }

  async #writeGarbage(): Promise<void> {
    const record: OutboundRecord = {
      topic: `${this.#prefix}metrics.raw`,
      partition: this.#garbage % PARTITIONS,
      key: null,
      value: Buffer.from('not a record'),
      headers: {},
      timestampMs: systemClock.nowMs(),
    };
    await this.#transport.write('garbage', [record]);
    this.#garbage += 1;
  }

  async #deadLetters(): Promise<number> {
    const origins = new Set<string>();
    const topic = `${this.#prefix}dead-letter`;
    for (const { partition, low, high } of await this.#transport.ranges(topic)) {
      if (high === low) continue;
      for await (const records of this.#transport.read(topic, partition, low, { to: high })) {
        for (const { headers } of records) {
          const parts = ['topic', 'partition', 'offset'].map((name) => headers[`error.${name}`]);
          origins.add(parts.map((part) => Buffer.from(part ?? []).toString()).join('/'));
        }
      }
    }
    return origins.size;
  }
}

interface Opened {
  readonly transport: Transport;
  readonly codec: Codec;
}

/** Compares a run with the undisturbed one, and accounts for everything written. */
export function expectUndisturbed(run: CrashRun, outcome: Outcome, expected: Outcome): void {
  const found = new Set(outcome.anomalies);
  expect(expected.anomalies.filter((line) => !found.has(line)).slice(0, 5)).toEqual([]);
  expect(outcome.anomalies.length).toBe(expected.anomalies.length);
  expect([outcome.series, outcome.points]).toEqual([expected.series, expected.points]);
  expect(outcome.deadLetters).toBe(run.garbage);
}
