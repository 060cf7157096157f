import { Correlator } from '../operators/correlate/correlator.ts';
import type { CorrelateOptions } from '../operators/correlate/options.ts';
import type { CreateKernel, Kernel, KernelContext, KernelOutput } from '../runtime/kernel.ts';
import type { SlotReader } from '../runtime/slot.ts';
import type { StateEntry } from '../runtime/state/state-entries.ts';
import { Codec } from '../schemas/codec.ts';
import { decodeRecord } from './decode-record.ts';
import type { StageOptions } from './stage-options.ts';

type Context = KernelContext<StageOptions<CorrelateOptions>>;

const TICK_KEY = Buffer.from('tick');

/** CORRELATE: turns episodes into alerts and incidents, in the order of event time. */
class CorrelateKernel implements Kernel {
  readonly #context: Context;
  readonly #codec: Codec;
  readonly #correlator: Correlator;

  constructor(context: Context) {
    const { partition, partitions, options } = context;
    const { schemaIds, section, eventTime } = options;
    this.#context = context;
    this.#codec = new Codec(schemaIds);
    this.#correlator = new Correlator(section, {
      partition,
      sources: partitions,
      terms: eventTime,
    });
  }

  process(input: SlotReader, output: KernelOutput): void {
    let latestMs = 0;
    while (input.next()) {
      latestMs = Math.max(latestMs, input.timestampMs);
      const decoded = decodeRecord(this.#codec, input, ['Anomaly', 'Tick'], output);
      if (decoded === undefined) continue;
      if (decoded.name === 'Tick') {
        this.#correlator.tick(decoded.value.sourcePartition, decoded.value.watermarkMs);
      } else {
        output.count('anomalies_in_total', 1);
        this.#correlator.anomaly(decoded.value);
      }
    }
    this.#drain(latestMs, output);
  }

  *checkpoint(): Generator<StateEntry> {
    for (const [key, value] of this.#correlator.entries())
      yield [Buffer.from(key), value === null ? null : Buffer.from(value)];
  }

  restore(key: Uint8Array, value: Uint8Array | null): void {
    this.#correlator.restore(
      Buffer.from(key).toString(),
      value === null ? null : Buffer.from(value).toString(),
    );
  }

  #drain(latestMs: number, output: KernelOutput): void {
    const { partition } = this.#context;
    this.#correlator.drain({
      alert: (alert) => {
        const value = this.#codec.encode('Alert', alert);
        output.emit('alerts', partition, alert.id, value, latestMs);
        output.emit('alerts.history', partition, alert.id, value, latestMs);
        output.count(`alerts_total{state="${alert.state}"}`, 1);
        if (alert.change.kind === 'FIRED') output.count('alerts_fired_total', 1);
      },
      incident: (incident) => {
        const value = this.#codec.encode('Incident', incident);
        output.emit('incidents', partition, incident.id, value, latestMs);
        output.emit('alerts.history', partition, incident.id, value, latestMs);
        output.count(`incidents_total{state="${incident.state}"}`, 1);
      },
      decision: (decision) => {
        const value = this.#codec.encode('Decision', decision);
        output.emit('decisions', partition, Buffer.from(decision.id), value, latestMs);
      },
      tick: (watermarkMs) => {
        const tick = { sourcePartition: partition, watermarkMs, idle: false };
        const value = this.#codec.encode('Tick', tick);
        // A key, because the topic is compacted: the newest tick stands for all before it.
        output.emit('incidents', partition, TICK_KEY, value, latestMs);
      },
    });
  }
}

const createKernel: CreateKernel<StageOptions<CorrelateOptions>> = async (context) =>
  new CorrelateKernel(context);

export default createKernel;
