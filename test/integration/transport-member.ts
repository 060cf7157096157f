import { openKafkaTransport } from '../../runtime/kafka/kafka-transport.ts';
import { kafkaClients } from './transport-clients.ts';
import { Copier } from './transport-copier.ts';

// A group member in a process of its own, to be killed: node transport-member.ts BROKERS GROUP INPUT OUTPUT
// CLIENT.
const [brokers = '', group = '', input = '', output = '', name = ''] = process.argv.slice(2);
const client = kafkaClients.find((known) => known === name);
if (client === undefined) throw new Error(`no client ${name}`);
const transport = await openKafkaTransport({
  brokers: brokers.split(','),
  client,
  sessionTimeoutMs: 2000,
  heartbeatMs: 200,
});
await Copier.open(transport, { group, input, output });
