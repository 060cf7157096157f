import { setTimeout as delay } from 'node:timers/promises';
import type { OutboundRecord, Transport } from '../runtime/transport.ts';
import { quantile } from './bench-result.ts';

/** A load on one topic through one client, in a process of its own. */
export interface ClientLoad {
  readonly client: 'kafkajs' | 'platformatic';
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly partitions: number;
  readonly valueBytes: number;
  /** Records per second, of an open loop that is read back; 0 for as many as get through, unread. */
  readonly rate: number;
  readonly warmupMs: number;
  readonly measuredMs: number;
}

/** What a load showed. */
export interface ClientFigures {
  readonly recordsPerSecond: number;
  /** CPU time of the process, per record: writing, and reading where it is read. */
  readonly cpuUsPerRecord: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
}

/** Writers of the closed loop: each waits for its record’s acknowledgement before the next. */
const WRITERS = 32;
const STAMP_BYTES = 8;

/** Writes as many records as get through and returns rate and cost. */
export async function measureWrites(
  transport: Transport,
  load: ClientLoad,
): Promise<ClientFigures> {
  const record = recordsOf(load);
  let written = 0;
  let running = true;
  const writer = async (): Promise<void> => {
    while (running) {
      await transport.write('load', [record(0)]);
      written += 1;
    }
  };
  const writers = Array.from({ length: WRITERS }, writer);
  await delay(load.warmupMs);
  const before = { written, meter: startMeter() };
  await delay(load.measuredMs);
  const figures = before.meter(written - before.written);
  running = false;
  await Promise.all(writers);
  return figures;
}

/** Writes at a rate, whatever comes back, and times each record from when it was due to its delivery. */
export async function measureLatency(
  transport: Transport,
  load: ClientLoad,
): Promise<ClientFigures> {
  const times: number[] = [];
  const subscription = await transport.subscribe(load.topic, [load.topic]);
  let failure: unknown;
  const assigned = new Promise<void>((resolve) => {
    subscription.events.subscribe({
      next: (event) => {
        if (event.kind === 'assigned') {
          for (const each of event.partitions) {
            subscription.start(each, new Map([[load.topic, 0]]));
          }
          resolve();
        }
        if (event.kind !== 'records') return;
        const now = performance.now();
        for (const { value } of event.records) {
          times.push(now - Buffer.from(value ?? []).readDoubleBE(0));
        }
      },
      error: (error) => {
        failure = error;
      },
    });
  });
  await assigned;
  const record = recordsOf(load);
  const written = async (forMs: number): Promise<void> => {
    const before = times.length;
    const count = await writeAtRate(transport, load.rate, forMs, record);
    while (times.length < before + count && failure === undefined) await delay(1);
  };
  await written(load.warmupMs);
  const skipped = times.length;
  const meter = startMeter();
  await written(load.measuredMs);
  const figures = meter(times.length - skipped);
  await subscription.close();
  if (failure !== undefined) throw failure;
  const sorted = Float64Array.from(times.slice(skipped)).sort();
  return { ...figures, p50Ms: quantile(sorted, 0.5), p95Ms: quantile(sorted, 0.95) };
}

/** Open loop: a record is written when it is due, however long others take. Returns how many there were. */
async function writeAtRate(
  transport: Transport,
  rate: number,
  forMs: number,
  record: (stampMs: number) => OutboundRecord,
): Promise<number> {
  const startMs = performance.now();
  const writes: Promise<void>[] = [];
  const total = Math.round((rate * forMs) / 1000);
  while (writes.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) * rate) / 1000));
    while (writes.length < due) {
      const dueMs = startMs + (writes.length * 1000) / rate;
      writes.push(transport.write('load', [record(dueMs)]));
    }
    await delay(1);
  }
  await Promise.all(writes);
  return total;
}

/** Values that compress to about half: every other 16 bytes are noise. */
function recordsOf({ topic, partitions, valueBytes }: ClientLoad) {
  const filling = Buffer.alloc(valueBytes, 'vigie.metrics.raw=');
  let state = 1;
  for (let at = STAMP_BYTES; at < valueBytes; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    if ((at >> 4) % 2 === 0) filling[at] = state >>> 24;
  }
  let count = 0;
  return (stampMs: number): OutboundRecord => {
    const value = Buffer.from(filling);
    value.writeDoubleBE(stampMs, 0);
    count += 1;
    const timestampMs = Math.round(performance.timeOrigin + performance.now());
    return { topic, partition: count % partitions, key: null, value, headers: {}, timestampMs };
  };
}

function startMeter(): (records: number) => ClientFigures {
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  return (records) => {
    const used = process.cpuUsage(cpu);
    const seconds = (performance.now() - startMs) / 1000;
    return {
      recordsPerSecond: records / seconds,
      cpuUsPerRecord: (used.user + used.system) / records,
    };
  };
}
