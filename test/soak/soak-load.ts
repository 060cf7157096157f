import { setTimeout as sleep } from 'node:timers/promises';
import type { Point } from '../../pipelines/producers/point.ts';
import { RawWriter } from '../../pipelines/producers/raw-writer.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Transport } from '../../runtime/transport.ts';
import type { Codec } from '../../schemas/codec.ts';
import { randomFrom } from '../support/random.ts';

const ROUND_MS = 1000;
/** Rounds of the time before, written at once: series that are new have no anomalies, and stages behind rest until then. */
const HISTORY_ROUNDS = 600;
/** Rounds between two with harm in them: points that are no numbers, and a record that nobody can read. */
const HARM_EVERY = 10;
const BAD_POINTS = 5;
/** Share of points at which a series jumps for a while, so that every stage has something to do. */
const JUMPS = 1 / 5000;
const JUMP_ROUNDS = 8;

/** Where and how much a load writes. */
export interface SoakLoadSetup {
  readonly transport: Pick<Transport, 'write'>;
  readonly codec: Codec;
  readonly prefix: string;
  readonly partitions: number;
  readonly series: number;
}

/** What the transport has acknowledged. */
export interface SoakSent {
  readonly points: number;
  /** Of these, points that are no numbers. */
  readonly badPoints: number;
  readonly unreadableRecords: number;
}

/**
 * Writes ten minutes of history, then one point a second for each of so many series, of the time it is, and a little
 * harm, until it is stopped.
 */
export class SoakLoad {
  readonly #setup: SoakLoadSetup;
  readonly #writer: RawWriter;
  readonly #series: readonly Point['series'][];
  readonly #random = randomFrom(11);
  readonly #jumps: Uint8Array;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #badPoints = 0;
  #unreadable = 0;

  constructor(setup: SoakLoadSetup) {
    const { transport, codec, prefix, partitions, series } = setup;
    this.#setup = setup;
    this.#writer = new RawWriter({
      transport,
      codec,
      clock: systemClock,
      topic: `${prefix}metrics.raw`,
      partitions,
      tenant: 'default',
      producer: 'soak',
    });
    this.#series = Array.from({ length: series }, (_, i) => ({
      name: `soak_metric_${i % 4}`,
      labels: { host: `host-${Math.floor(i / 16)}`, unit: `u${i}` },
      kind: 'GAUGE' as const,
    }));
    this.#jumps = new Uint8Array(series);
    this.#running = this.#run();
  }

  /** Ends after the round under way; rejects when the transport did not take a write. */
  async stop(): Promise<SoakSent> {
    this.#stopping.abort();
    await this.#running;
    const points = this.#writer.acknowledgedPoints;
    return { points, badPoints: this.#badPoints, unreadableRecords: this.#unreadable };
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let dueMs = systemClock.nowMs() - HISTORY_ROUNDS * ROUND_MS;
    for (let round = 0; ; round++) {
      dueMs += ROUND_MS;
      const waitMs = Math.max(0, dueMs - systemClock.nowMs());
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const harmed = round % HARM_EVERY === HARM_EVERY - 1;
      await this.#writer.write(this.#points(round, dueMs, harmed));
      await this.#writer.flush();
      if (harmed) await this.#writeUnreadable(round);
    }
  }

  *#points(round: number, timestampMs: number, harmed: boolean): Generator<Point> {
    for (const [i, series] of this.#series.entries()) {
      const isBad = harmed && i < BAD_POINTS;
      if (isBad) this.#badPoints += 1;
      yield { series, timestampMs, value: isBad ? Number.NaN : this.#value(i, round) };
    }
  }

  #value(i: number, round: number): number {
    const random = this.#random;
    const left = this.#jumps[i] ?? 0;
    if (left > 0) this.#jumps[i] = left - 1;
    else if (random() < JUMPS) this.#jumps[i] = JUMP_ROUNDS;
    const level = 50 + (i % 100);
    const wave = Math.sin((round / (30 + (i % 50))) * 2 * Math.PI);
    return level + wave * level * 0.1 + random() * level * 0.05 + (left > 0 ? level * 3 : 0);
  }

  async #writeUnreadable(round: number): Promise<void> {
    const { transport, prefix, partitions } = this.#setup;
    const record = {
      topic: `${prefix}metrics.raw`,
      partition: round % partitions,
      key: null,
      value: Buffer.from('not a record'),
      headers: {},
      timestampMs: systemClock.nowMs(),
    };
    await transport.write('soak-harm', [record]);
    this.#unreadable += 1;
  }
}
