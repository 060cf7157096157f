import { Worker } from 'node:worker_threads';
import { systemClock } from '../runtime/clock.ts';
import type { Transport } from '../runtime/transport.ts';
import type { CpuMeter } from './cpu-meter.ts';
import type { Planted } from './fleet-source.ts';
import type {
  GeneratorCall,
  GeneratorReport,
  GeneratorSetup,
  SentRecord,
} from './generator-call.ts';

/** The bench’s end of the generator thread. */
export class Generator {
  /** Points sent and acknowledged so far. */
  points = 0;
  /** Records sent and acknowledged so far. */
  records = 0;
  readonly #setup: GeneratorSetup;
  readonly #transport: Transport;
  readonly #meter: CpuMeter;
  readonly #worker: Worker;
  readonly #ready = Promise.withResolvers<void>();
  readonly #history = Promise.withResolvers<void>();
  readonly #halted = Promise.withResolvers<readonly Planted[]>();

  /** Starts the thread; `transport` is where it lets its records be written when it has none of its own. */
  constructor(setup: GeneratorSetup, transport: Transport, meter: CpuMeter) {
    this.#setup = setup;
    this.#transport = transport;
    this.#meter = meter;
    this.#worker = new Worker(new URL('./generator.worker.ts', import.meta.url), {
      workerData: setup,
      name: 'vigie-bench',
    });
    this.#worker.on('message', (report: GeneratorReport) => this.#hear(report));
    const failed = (error: unknown) => {
      for (const each of [this.#ready, this.#history, this.#halted]) each.reject(error);
    };
    this.#worker.on('error', failed);
    // Whoever waits sees the fault; nobody must.
    for (const each of [this.#ready, this.#history, this.#halted])
      each.promise.catch(() => undefined);
  }

  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Sends the pilots’ history and resolves when it is acknowledged. */
  async history(): Promise<void> {
    this.#call({ kind: 'history' });
    await this.#history.promise;
  }

  grant(points: number): void {
    this.#call({ kind: 'grant', points });
  }

  /** Sends as the clock goes from now on: open loop, whatever becomes of what was sent. */
  live(): void {
    this.#call({ kind: 'live' });
  }

  /** Ends the thread after the send under way and returns what was planted. */
  async halt(): Promise<readonly Planted[]> {
    this.#call({ kind: 'halt' });
    return await this.#halted.promise;
  }

  #call(call: GeneratorCall): void {
    this.#worker.postMessage(call);
  }

  #hear(report: GeneratorReport): void {
    this.#meter.generatorSeconds = report.cpuSeconds;
    if (report.kind === 'ready') this.#ready.resolve();
    else if (report.kind === 'history') this.#history.resolve();
    else if (report.kind === 'halted') this.#halted.resolve(report.planted);
    else if (report.kind === 'sent') {
      this.points = report.points;
      this.records = report.records;
    } else this.#write(report.records).catch((error: unknown) => this.#halted.reject(error));
  }

  async #write(records: readonly SentRecord[]): Promise<void> {
    const topic = `${this.#setup.config.topics.prefix}metrics.raw`;
    const timestampMs = systemClock.nowMs();
    const outbound = records.map((each) => ({
      ...each,
      topic,
      key: null,
      headers: {},
      timestampMs,
    }));
    await this.#transport.write('bench', outbound);
    this.#call({ kind: 'written' });
  }
}
