import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../pipelines/config.ts';
import { registerSchemas } from '../../pipelines/open-registry.ts';
import { openTransport } from '../../pipelines/open-transport.ts';
import { createLog } from '../../runtime/log.ts';
import { formatDurationMs } from '../../runtime/options/quantity.ts';
import { Codec } from '../../schemas/codec.ts';
import { requireBroker, requireRegistry } from '../servers/require-server.ts';
import { startBroker, startRegistry } from '../servers/servers.ts';
import { SoakLoad, type SoakSent } from './soak-load.ts';
import { readSoakOptions, type SoakOptions, SoakUsage, soakUsage } from './soak-options.ts';
import { type SoakVerdict, soakVerdict } from './soak-verdict.ts';
import { SoakWorker } from './soak-worker.ts';

// `npm run test:soak [-- --for 30m]`: the whole pipeline under a steady load; exit 1 when it leaks or loses something.
// The last line is one JSON object.

const REPORT_MS = 30_000;
const PARTITIONS = 4;

try {
  const options = readSoakOptions(process.argv.slice(2));
  const verdict = await soak(options);
  for (const fault of verdict.faults) process.stdout.write(`FAULT: ${fault}\n`);
  process.stdout.write(`${JSON.stringify({ ...options, ...verdict })}\n`);
  process.exitCode = verdict.ok ? 0 : 1;
} catch (error) {
  if (!(error instanceof SoakUsage)) throw error;
  process.stderr.write(`${error.message}\n${soakUsage}\n`);
  process.exitCode = 2;
}

async function soak(options: SoakOptions): Promise<SoakVerdict> {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-soak-'));
  const site = await openSite(options, folder);
  try {
    return await (options.transport === 'kafka'
      ? soakKafka(options, site.settings)
      : soakEmbedded(options, site.settings));
  } finally {
    await site.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Site {
  readonly settings: readonly string[];
  close(): Promise<void>;
}

async function openSite(options: SoakOptions, folder: string): Promise<Site> {
  const common = [`topics.partitions=${PARTITIONS}`];
  if (options.transport === 'embedded') {
    const settings = [...common, `transport.embedded.dir=${join(folder, 'log')}`];
    return { settings, close: () => Promise.resolve() };
  }
  const what = 'a soak on a Kafka broker';
  if (!requireBroker(what) || !requireRegistry(what))
    throw new SoakUsage('no broker or registry; `--transport embedded` needs neither');
  const [broker, registry] = await Promise.all([startBroker(), startRegistry()]);
  const settings = [
    ...common,
    'transport.kind=kafka',
    `transport.kafka.brokers=${broker.brokers.join(',')}`,
    `transport.kafka.client=${options.client}`,
    `schemaRegistry.url=${registry.url}`,
    `topics.prefix=soak-${process.pid}.`,
  ];
  const close = async (): Promise<void> => {
    await Promise.all([broker.stop(), registry.stop()]);
  };
  return { settings, close };
}

/** The load comes from here, so that the worker’s memory is the worker’s alone. */
async function soakKafka(
  { forMs, series }: SoakOptions,
  settings: readonly string[],
): Promise<SoakVerdict> {
  const worker = await SoakWorker.start(settings, 0);
  const { options: config } = loadConfig({ cwd: process.cwd(), environment: {}, set: settings });
  const transport = await openTransport(config, createLog('warn'));
  try {
    const codec = new Codec((await registerSchemas(config)).ids);
    const { prefix } = config.topics;
    const load = new SoakLoad({ transport, codec, prefix, partitions: PARTITIONS, series });
    await watch(worker, forMs);
    return await judge(worker, await load.stop());
  } finally {
    worker.kill();
    await transport.close();
  }
}

/** One process holds the log, so the load comes from the worker too. */
async function soakEmbedded(
  { forMs, series }: SoakOptions,
  settings: readonly string[],
): Promise<SoakVerdict> {
  const worker = await SoakWorker.start(settings, series);
  try {
    await watch(worker, forMs);
    return await judge(worker, await worker.endLoad());
  } finally {
    worker.kill();
  }
}

async function judge(worker: SoakWorker, sent: SoakSent): Promise<SoakVerdict> {
  const samples = [...worker.samples];
  return soakVerdict(samples, sent, await worker.finish());
}

async function watch(worker: SoakWorker, forMs: number): Promise<void> {
  for (let goneMs = 0; goneMs < forMs; ) {
    const stepMs = Math.min(REPORT_MS, forMs - goneMs);
    await worker.watch(stepMs);
    goneMs += stepMs;
    const sample = worker.samples.at(-1);
    const scored = sample?.figures.find(({ name }) => name === 'detect')?.counters.points_out_total;
    const lag = sample?.figures.reduce((sum, { lagRecords }) => sum + lagRecords, 0);
    const rss = ((sample?.rssBytes ?? 0) / 2 ** 20).toFixed(0);
    const gone = formatDurationMs(goneMs).padStart(7);
    process.stdout.write(
      `${gone}  ${rss} MiB, ${scored ?? 0} points scored, lag ${lag ?? 0} records\n`,
    );
  }
}
