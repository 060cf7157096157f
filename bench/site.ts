import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, loadConfig } from '../pipelines/config.ts';
import { startBroker, startRegistry } from '../test/servers/servers.ts';
import type { BenchOptions } from './bench-options.ts';

/** A place to run a bench in: a configuration, and servers where it needs some. */
export interface BenchSite {
  readonly config: Config;
  readonly folder: string;
  close(): Promise<void>;
}

/** Age of event time that a bench’s fleet may have: it runs ahead of the clock, from a month ago. */
const AGE_MS = 60 * 24 * 3_600_000;

/** Settings that let the form check take a fleet whose event time runs ahead of the clock. */
export function ageSettings(): readonly string[] {
  return [`validate.maxAgeMs=${AGE_MS}`, `validate.historicalAfterMs=${AGE_MS}`];
}

/**
 * Makes a folder, starts a broker and a registry where the transport is Kafka, and configures a pipeline on them.
 *
 * Everything is as in the product but what the form check holds against points of another day, which it must not here.
 */
export async function openSite(
  options: BenchOptions,
  settings: readonly string[] = [],
): Promise<BenchSite> {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-bench-'));
  const kafka = options.transport === 'kafka';
  const [broker, registry] = kafka
    ? await Promise.all([startBroker({ jvm: 'wide' }), startRegistry()])
    : [undefined, undefined];
  const place = kafka
    ? [
        'transport.kind=kafka',
        `transport.kafka.brokers=${broker?.brokers.join(',')}`,
        `transport.kafka.client=${options.client}`,
        `schemaRegistry.url=${registry?.url}`,
      ]
    : [
        `transport.embedded.dir=${join(folder, 'log')}`,
        `transport.embedded.durability=${options.durability}`,
        `transport.embedded.maxBytes=${16 * 2 ** 30}`,
      ];
  const { options: config } = loadConfig({
    cwd: folder,
    environment: {},
    set: [
      ...place,
      `topics.partitions=${options.partitions}`,
      `runtime.threads=${options.threads}`,
      `detect.hop=${options.hop}`,
      ...ageSettings(),
      ...settings,
    ],
  });
  return {
    config,
    folder,
    close: async () => {
      await Promise.all([broker?.stop(), registry?.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
