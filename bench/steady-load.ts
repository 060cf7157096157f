import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../pipelines/config.ts';
import { registerSchemas } from '../pipelines/open-registry.ts';
import type { Point } from '../pipelines/producers/point.ts';
import { RawWriter } from '../pipelines/producers/raw-writer.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Transport } from '../runtime/transport.ts';
import { Codec } from '../schemas/codec.ts';

/** Between two writes, each of which reaches every partition of every stage. */
const WRITE_MS = 40;
/** Series of one write; the next write takes the next ones. */
const SERIES_PER_WRITE = 200;
const SEED_ROUNDS = 40;
const SERIES_PER_HOST = 10;

/** What a load is sent to. */
export interface SteadyLoadSetup {
  readonly config: Config;
  readonly transport: Transport;
  /** Live series: their state is what is handed over. */
  readonly series: number;
}

/** A load that goes on evenly, small enough to leave a machine idle, over many series. */
export class SteadyLoad {
  readonly topics: { readonly codec: Codec; readonly prefix: string };
  readonly #series: number;
  readonly #writer: RawWriter;
  #running: Promise<void> = Promise.resolve();
  #stopping = false;
  #next = 0;

  private constructor({ config, transport, series }: SteadyLoadSetup, codec: Codec) {
    const { prefix, partitions } = config.topics;
    this.topics = { codec, prefix };
    this.#series = series;
    this.#writer = new RawWriter({
      transport,
      codec,
      clock: systemClock,
      topic: `${prefix}metrics.raw`,
      partitions,
      tenant: 'default',
      producer: 'steady',
    });
  }

  static async open(setup: SteadyLoadSetup): Promise<SteadyLoad> {
    const { ids } = await registerSchemas(setup.config);
    return new SteadyLoad(setup, new Codec(ids));
  }

  /** Points written. */
  get points(): number {
    return this.#writer.acknowledgedPoints;
  }

  /** Writes points of all series, a second apart and up to now, so that each has state. */
  async seed(): Promise<void> {
    const nowMs = systemClock.nowMs();
    for (let round = SEED_ROUNDS; round > 0; round -= 1)
      await this.#write(0, this.#series, nowMs - round * 1000);
  }

  /** Begins to write evenly, until `close`. */
  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let dueMs = performance.now(); !this.#stopping; dueMs += WRITE_MS) {
      await sleep(Math.max(0, dueMs - performance.now()));
      await this.#write(this.#next, this.#next + SERIES_PER_WRITE, systemClock.nowMs());
      this.#next = (this.#next + SERIES_PER_WRITE) % this.#series;
    }
  }

  /** Writes a point of each of some series: records on every partition, for shards of every partition. */
  async #write(from: number, to: number, timestampMs: number): Promise<void> {
    const points: Point[] = [];
    for (let number = from; number < Math.min(to, this.#series); number += 1)
      points.push(pointOf(number, timestampMs));
    await this.#writer.write(points);
    await this.#writer.flush();
  }
}

function pointOf(number: number, timestampMs: number): Point {
  const host = `h${Math.floor(number / SERIES_PER_HOST)}`;
  const labels = { host, unit: `u${number}` };
  const value = 100 + (number % 50) + Math.sin(timestampMs / 60_000 + number);
  return { series: { name: 'load', labels, kind: 'GAUGE' }, timestampMs, value };
}
