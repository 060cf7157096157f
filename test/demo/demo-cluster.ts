import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { requireOwnBroker, requireRegistry } from '../servers/require-server.ts';
import { startCluster, startRegistry } from '../servers/servers.ts';
import { DemoFleet } from './demo-fleet.ts';
import { DemoScreen } from './demo-screen.ts';
import { runFailOver } from './fail-over.ts';

// `npm run demo:cluster`: three brokers, a registry and three workers on this machine, and a fail-over to watch.
// Exit 1 when the anomalies are not those of an undisturbed run. The last line is one JSON object.

const { values } = parseArgs({
  options: { client: { type: 'string', default: 'platformatic' } },
  strict: true,
});
const screen = new DemoScreen(process.stdout);
const what = 'the demo on a cluster of three brokers';
if (!requireOwnBroker(what) || !requireRegistry(what)) process.exit(2);

const folder = mkdtempSync(join(tmpdir(), 'vigie-demo-'));
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());

screen.step('Running the load once through the embedded transport, undisturbed, to compare with');
const expected = await DemoFleet.undisturbed(join(folder, 'log'));
screen.say(`${expected.length} anomaly records`);

screen.step('Starting three Kafka brokers (replication 3) and a schema registry');
const [cluster, registry] = await Promise.all([startCluster(), startRegistry()]);
try {
  screen.say(`brokers ${cluster.brokers.join(', ')}; registry ${registry.url}`);
  const settings = [
    'transport.kind=kafka',
    `transport.kafka.brokers=${cluster.brokers.join(',')}`,
    `transport.kafka.client=${values.client}`,
    'transport.kafka.replicationFactor=3',
    'transport.kafka.sessionTimeoutMs=6000',
    // Event time goes some hundred times as fast as the clock here, and a fail-over takes as long as ever.
    'eventTime.failoverTimeoutMs=1d',
    `schemaRegistry.url=${registry.url}`,
    'topics.partitions=8',
    'runtime.threads=1',
    'runtime.checkpointIntervalMs=5000',
  ];
  const result = await runFailOver({
    screen,
    settings,
    cluster,
    expected,
    signal: interrupted.signal,
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = result.ok ? 0 : 1;
} catch (error) {
  if (!interrupted.signal.aborted) throw error;
  process.exitCode = 130;
} finally {
  screen.step('Cleaning up: workers, brokers, registry, folders');
  await Promise.all([cluster.stop(), registry.stop()]);
  rmSync(folder, { recursive: true, force: true });
}
