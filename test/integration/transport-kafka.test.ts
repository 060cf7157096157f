import { afterAll, beforeAll, describe } from 'vitest';
import { type KafkaTransport, openKafkaTransport } from '../../runtime/kafka/kafka-transport.ts';
import { transportConformance } from '../conformance/transport.conformance.ts';
import { requireBroker } from '../servers/require-server.ts';
import { type Broker, startBroker } from '../servers/servers.ts';
import { kafkaClients } from './transport-clients.ts';

describe.runIf(requireBroker('the transport on Kafka'))('Kafka 4', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(() => broker?.stop());

  for (const client of kafkaClients) {
    transportConformance(`kafka by ${client}`, async () => {
      const open = (): Promise<KafkaTransport> =>
        openKafkaTransport({ brokers: broker.brokers, client });
      let transport = await open();
      return {
        transport,
        reopen: async () => {
          await transport.close();
          transport = await open();
          return transport;
        },
        dispose: () => transport.close(),
      };
    });
  }
});
