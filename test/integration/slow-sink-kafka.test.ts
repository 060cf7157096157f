import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { requireBroker } from '../servers/require-server.ts';
import { type Broker, startBroker } from '../servers/servers.ts';
import { proveSlowSink } from '../support/slow-sink-run.ts';
import { kafkaClients } from './transport-clients.ts';

const possible = requireBroker('a slow sink on a Kafka broker');

describe.runIf(possible)('a slow sink on Kafka', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-slow-sink-'));
  let broker: Broker;

  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(async () => {
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(kafkaClients)('slows only its own consumer group: %s', async (client) => {
    await proveSlowSink(mkdtempSync(join(folder, 'run-')), [
      'transport.kind=kafka',
      `transport.kafka.brokers=${broker.brokers.join(',')}`,
      `transport.kafka.client=${client}`,
      `topics.prefix=slow-sink-${client}.`,
    ]);
  });
});
