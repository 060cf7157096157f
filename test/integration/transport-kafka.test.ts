import { afterAll, beforeAll } from 'vitest';
import { openKafkaTransport } from '../../runtime/kafka/kafka-transport.ts';
import { transportConformance } from '../conformance/transport.conformance.ts';
import { requireBroker } from '../servers/require-server.ts';
import { type Broker, startBroker } from '../servers/servers.ts';

if (requireBroker('the transport on a Kafka broker')) {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(() => broker?.stop());

  transportConformance('kafka', async () => {
    const open = () => openKafkaTransport({ brokers: broker.brokers, limitMs: 10_000 });
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
