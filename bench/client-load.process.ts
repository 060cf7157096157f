import { once } from 'node:events';
import { openKafkaTransport } from '../runtime/kafka/kafka-transport.ts';
import { type ClientLoad, measureLatency, measureWrites } from './client-load.ts';

// One load through one client in a process of its own, so that its CPU time is its own: told what, answers, ends.

const [load] = (await once(process, 'message')) as [ClientLoad];
const { brokers, client } = load;
const transport = await openKafkaTransport({ brokers, client });
await transport.ensureTopics([
  {
    name: load.topic,
    partitions: load.partitions,
    cleanup: 'delete',
    retentionMs: 3_600_000,
    retentionBytes: 1024 ** 3,
    maxRecordBytes: 1024 ** 2,
  },
]);
const measure = load.rate === 0 ? measureWrites : measureLatency;
const figures = await measure(transport, load);
await transport.close();
process.send?.(figures, () => process.disconnect?.());
