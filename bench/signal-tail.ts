import type { RunningPipeline } from '../pipelines/run.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Alert } from '../schemas/generated/alert.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { Incident } from '../schemas/generated/incident.ts';
import { seriesOf } from './recall.ts';

interface Opened {
  readonly id: string;
  /** Event time of the point that opened it. */
  readonly startMs: number;
  readonly readMs: number;
}

/** Reads what the pipeline says as any subscriber would, and notes when. Times are epoch ms. */
export class SignalTail {
  /** Episodes as they opened, by the fleet’s series. */
  readonly opened = new Map<number, Opened[]>();
  /** The first firing alert of each episode, by its id. */
  readonly fired = new Map<string, { readonly alert: string; readonly readMs: number }>();
  /** When the first incident with an alert could be read, by the alert’s id. */
  readonly told = new Map<string, number>();
  readonly #pipeline: RunningPipeline;
  readonly #abort = new AbortController();
  readonly #reading: Promise<void>[] = [];

  private constructor(pipeline: RunningPipeline) {
    this.#pipeline = pipeline;
  }

  /** Starts reading at the end of the topics. */
  static async open(pipeline: RunningPipeline): Promise<SignalTail> {
    const tail = new SignalTail(pipeline);
    for (const topic of ['anomalies', 'alerts', 'incidents']) await tail.#follow(topic);
    return tail;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#reading);
  }

  async #follow(topic: string): Promise<void> {
    const { transport, prefix } = this.#pipeline;
    for (const { partition, high } of await transport.ranges(prefix + topic)) {
      this.#reading.push(this.#read(prefix + topic, partition, high));
    }
  }

  async #read(topic: string, partition: number, from: number): Promise<void> {
    const { transport, codec } = this.#pipeline;
    const { signal } = this.#abort;
    for await (const records of transport.read(topic, partition, from, { signal })) {
      const readMs = systemClock.nowMs();
      for (const { value } of records) {
        if (value === null) continue;
        const decoded = codec.decode(value, ['Anomaly', 'Alert', 'Incident', 'Tick']);
        if (decoded.name === 'Anomaly') this.#anomaly(decoded.value, readMs);
        else if (decoded.name === 'Alert') this.#alert(decoded.value, readMs);
        else if (decoded.name === 'Incident') this.#incident(decoded.value, readMs);
      }
    }
  }

  #anomaly({ phase, id, startMs, labels }: Anomaly, readMs: number): void {
    if (phase !== 'OPEN') return;
    const series = seriesOf(labels);
    const opened = { id: hex(id), startMs, readMs };
    const known = this.opened.get(series);
    if (known === undefined) this.opened.set(series, [opened]);
    else known.push(opened);
  }

  #alert({ id, state, anomalyIds }: Alert, readMs: number): void {
    if (state !== 'FIRING') return;
    for (const anomaly of anomalyIds) {
      const key = hex(anomaly);
      if (!this.fired.has(key)) this.fired.set(key, { alert: hex(id), readMs });
    }
  }

  #incident({ alertIds }: Incident, readMs: number): void {
    for (const alert of alertIds) {
      if (!this.told.has(hex(alert))) this.told.set(hex(alert), readMs);
    }
  }
}

function hex(id: Uint8Array): string {
  return Buffer.from(id).toString('hex');
}
