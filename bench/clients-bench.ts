import { fork } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { startBroker } from '../test/servers/servers.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchFigures, rounded } from './bench-result.ts';
import type { ClientFigures, ClientLoad } from './client-load.ts';

const CLIENTS = ['kafkajs', 'platformatic'] as const;
const ROUNDS = 5;
const RECORD_BYTES = { write: 20_000, latency: 1000 } as const;

/**
 * Compares the Kafka clients on one broker: write rate of 20 KB records, time from due to delivered at each rate, and
 * CPU time of the client’s process per record.
 *
 * The clients take turns, so that what else the machine does falls on both; the median of five turns is told, with
 * all turns beside it.
 */
export async function clientsBench(options: BenchOptions): Promise<BenchFigures> {
  const broker = await startBroker({ own: true, jvm: 'wide' });
  try {
    const figures: Record<string, unknown> = {};
    for (const rate of [0, ...options.rates]) {
      const name = rate === 0 ? 'write20kB' : `at${rate}PerSecond`;
      figures[name] = await compare(broker.brokers, rate, options);
    }
    return figures;
  } finally {
    await broker.stop();
  }
}

async function compare(
  brokers: readonly string[],
  rate: number,
  { partitions, warmupSeconds, seconds }: BenchOptions,
): Promise<Record<string, unknown>> {
  const turns = new Map(CLIENTS.map((client) => [client, [] as ClientFigures[]]));
  const loads: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const client of CLIENTS) {
      const load: ClientLoad = {
        client,
        brokers,
        topic: `clients.${client}.${rate}.${round}`,
        partitions,
        valueBytes: rate === 0 ? RECORD_BYTES.write : RECORD_BYTES.latency,
        rate,
        warmupMs: warmupSeconds * 1000,
        measuredMs: seconds * 1000,
      };
      turns.get(client)?.push(await runInProcess(load));
      loads.push(rounded(loadavg()[0] ?? 0, 3));
    }
  }
  const medians = [...turns].map(([client, figures]) => [client, medianOf(figures)] as const);
  return { ...Object.fromEntries(medians), loads };
}

async function runInProcess(load: ClientLoad): Promise<ClientFigures> {
  const child = fork(new URL('./client-load.process.ts', import.meta.url));
  child.send(load);
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`${load.client} ended with ${code} before it told its figures`);
  });
  const [figures] = (await Promise.race([once(child, 'message'), gone])) as [ClientFigures];
  await gone.catch(() => undefined);
  return figures;
}

function medianOf(turns: readonly ClientFigures[]): Record<string, unknown> {
  const names = Object.keys(turns[0] ?? {}) as (keyof ClientFigures)[];
  const told = names.map((name) => {
    const values = turns.map((turn) => rounded(turn[name] ?? Number.NaN));
    const median = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
    return [name, { median, turns: values }];
  });
  return Object.fromEntries(told);
}
