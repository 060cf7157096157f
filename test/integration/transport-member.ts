import { openKafkaTransport } from '../../runtime/kafka/kafka-transport.ts';
import { Copier } from './transport-copier.ts';

// A group member in a process of its own, to be killed: node transport-member.ts BROKERS GROUP INPUT OUTPUT.
const [brokers = '', group = '', input = '', output = ''] = process.argv.slice(2);
const transport = await openKafkaTransport({
  brokers: brokers.split(','),
  sessionTimeoutMs: 2000,
  heartbeatMs: 200,
});
await Copier.open(transport, { group, input, output });
