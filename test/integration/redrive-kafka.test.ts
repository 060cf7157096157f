import { afterAll, beforeAll, describe, it } from 'vitest';
import { requireBroker } from '../servers/require-server.ts';
import { type Broker, startBroker } from '../servers/servers.ts';
import { proveRedrive } from '../support/redrive-run.ts';
import { kafkaClients } from './transport-clients.ts';

const possible = requireBroker('redriving dead letters on a Kafka broker');

describe.runIf(possible)('redriving on Kafka', () => {
  let broker: Broker;

  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(() => broker?.stop());

  it.each(kafkaClients)(
    'takes each point in once, over restarts and repeats: %s',
    async (client) => {
      await proveRedrive(process.cwd(), [
        'transport.kind=kafka',
        `transport.kafka.brokers=${broker.brokers.join(',')}`,
        `transport.kafka.client=${client}`,
        `topics.prefix=redrive-${client}.`,
      ]);
    },
  );
});
