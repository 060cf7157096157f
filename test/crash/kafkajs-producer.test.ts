import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KafkaTransport, openKafkaTransport } from '../../runtime/kafka/kafka-transport.ts';
import type { OutboundRecord } from '../../runtime/transport.ts';
import { spec } from '../conformance/fixtures.ts';
import { eventually, faults, Load, numbersIn } from '../integration/transport-load.ts';
import { requireOwnBroker } from '../servers/require-server.ts';
import { type Cluster, startCluster } from '../servers/servers.ts';

// Why kafkajs’s own producer is not used (docs/decisions/0006-kafka-requests.md).
const PARTITIONS = 6;
const WRITERS = 5;
/** Brokers are killed in turn until kafkajs has lost something, which took one or two of them so far. */
const MOST_KILLS = 9;
const LIMIT_MS = 90_000;

describe.runIf(requireOwnBroker('kafkajs’s own producer'))(
  'concurrent sends, leaders killed',
  () => {
    const topics = { ours: `ours.${randomUUID()}`, theirs: `theirs.${randomUUID()}` };
    let cluster: Cluster;
    let transport: KafkaTransport;
    let producer: Producer;

    beforeAll(async () => {
      cluster = await startCluster();
      const { brokers } = cluster;
      const client = 'kafkajs';
      transport = await openKafkaTransport({
        brokers,
        client,
        replicationFactor: 3,
        limitMs: LIMIT_MS,
      });
      await transport.ensureTopics(Object.values(topics).map((topic) => spec(topic, PARTITIONS)));
      producer = new Kafka({
        brokers: [...brokers],
        logLevel: logLevel.NOTHING,
        retry: { retries: 30, maxRetryTime: 1000 },
      }).producer({ idempotent: true, maxInFlightRequests: WRITERS });
      await producer.connect();
    });
    afterAll(async () => {
      await producer?.disconnect();
      await transport?.close();
      await cluster?.stop();
    });

    it('lose acknowledged records or double them by kafkajs’s idempotent producer, and not by ours', async () => {
      const theirs = new Load(
        { write: (_, records) => sendByKafkajs(producer, records) },
        topics.theirs,
        PARTITIONS,
      );
      const ours = new Load(transport, topics.ours, PARTITIONS);
      for (const load of [theirs, ours]) load.start(WRITERS, 1);
      await goOn([theirs, ours], 300);
      let wrong = 0;
      let kills = 0;
      for (; kills < MOST_KILLS && wrong === 0; kills++) {
        const node = cluster.nodes[kills % cluster.nodes.length];
        await node?.kill();
        await goOn([theirs, ours], 300);
        await node?.restart();
        await goOn([theirs, ours], 900);
        // A number that is acknowledged by now is on the topic by now.
        const before = [...theirs.acknowledged];
        const { missing, twice } = faults(before, await numbersIn(transport, topics.theirs));
        wrong = missing.length + twice.length;
        process.stderr.write(
          `kafkajs: ${missing.length} missing, ${twice.length} twice of ${before.length}\n`,
        );
      }
      await Promise.all([theirs.stop(), ours.stop()]);
      expect(wrong).toBeGreaterThan(0);
      expect(ours.failed).toEqual([]);
      const found = await numbersIn(transport, topics.ours);
      expect(faults(ours.acknowledged, found)).toEqual({ missing: [], twice: [] });
    });
  },
);

/** Resolves when each load has that many more records acknowledged. */
async function goOn(loads: readonly Load[], more: number): Promise<void> {
  const before = loads.map((load) => load.acknowledged.length);
  const isOn = (): boolean =>
    loads.every((load, i) => load.acknowledged.length > (before[i] ?? 0) + more);
  try {
    await eventually('writes go on', isOn, LIMIT_MS);
  } catch (cause) {
    const state = loads.map(({ acknowledged, failed }) => [acknowledged.length, failed.length]);
    throw new Error(`acknowledged and failed: ${JSON.stringify(state)}, ${loads[0]?.failed[0]}`, {
      cause,
    });
  }
}

async function sendByKafkajs(
  producer: Producer,
  records: readonly OutboundRecord[],
): Promise<void> {
  const [first] = records;
  if (first === undefined) return;
  await producer.send({
    topic: first.topic,
    acks: -1,
    messages: records.map(({ partition, value }) => ({
      partition,
      value: Buffer.from(value ?? []),
    })),
  });
}
