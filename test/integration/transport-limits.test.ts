import { randomBytes, randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KafkaTransport, openKafkaTransport } from '../../runtime/kafka/kafka-transport.ts';
import type { OutboundRecord } from '../../runtime/transport.ts';
import { codeOf, readAll, record, spec, text } from '../conformance/fixtures.ts';
import { Received } from '../conformance/received.ts';
import { requireBroker } from '../servers/require-server.ts';
import { type Broker, startBroker } from '../servers/servers.ts';
import { kafkaClients } from './transport-clients.ts';
import { eventually } from './transport-load.ts';

const mebibyte = 1024 * 1024;

const possible = requireBroker('limits of the Kafka transport');
let broker: Broker;
beforeAll(async () => {
  if (possible) broker = await startBroker();
});
afterAll(() => broker?.stop());

describe.runIf(possible).for(kafkaClients)('the Kafka transport by %s', (client) => {
  let transport: KafkaTransport;
  let kafka: kafkajs.Kafka;
  const topicOf = async (maxRecordBytes: number, cleanup: 'delete' | 'compact' = 'delete') => {
    const topic = `limits.${randomUUID()}`;
    await transport.ensureTopics([{ ...spec(topic, 2, cleanup), maxRecordBytes }]);
    return topic;
  };

  beforeAll(async () => {
    transport = await openKafkaTransport({ brokers: broker.brokers, client });
    const logLevel = kafkajs.logLevel.NOTHING;
    kafka = new kafkajs.Kafka({ brokers: [...broker.brokers], logLevel });
  });
  afterAll(async () => {
    await transport?.close();
  });

  it('takes a record of 17 MiB that does not compress', async () => {
    const topic = await topicOf(17 * mebibyte);
    const value = randomBytes(17 * mebibyte - 100);
    await transport.write('large', [{ ...record(topic, 0, ''), value }]);
    await transport.write('large', [record(topic, 0, 'next')]);
    const [large, next] = await readAll(transport, topic, 0, 2);
    expect(Buffer.compare(large?.value ?? Buffer.of(), value)).toBe(0);
    expect(text(next?.value ?? null)).toBe('next');
  });

  it('stores offsets while a fetch waits for records', async () => {
    const topic = await topicOf(100_000);
    // Longer than the test may take: whatever waits behind the fetch makes it fail.
    const patient = await openKafkaTransport({
      brokers: broker.brokers,
      client,
      maxWaitMs: 120_000,
    });
    const subscription = await patient.subscribe(`${topic}.group`, [topic]);
    const received = new Received(subscription);
    await patient.write('w', [record(topic, 0, 'a')]);
    await received.take(1, topic, 0);
    for (const offset of [0, 1]) await subscription.write([], [{ topic, partition: 0, offset }]);
    expect(await subscription.committed(topic, 0)).toBe(1);
    await patient.close();
  });

  it('refuses one bad record of a joined batch and stores the others of it once', async () => {
    const topic = await topicOf(100_000);
    // A second transport does not know the limit, so the broker is the one to refuse.
    const other = await openKafkaTransport({ brokers: broker.brokers, client });
    const good = (value: string): OutboundRecord => record(topic, 0, value);
    const poison = { ...good(''), value: randomBytes(3 * mebibyte) };
    const calls = ['a', 'b', 'c', 'd'].map((value) => other.write('w', [good(value)]));
    const refused = other.write('w', [good('with the poison'), poison]);
    const late = ['e', 'f'].map((value) => other.write('w', [good(value), good(value)]));
    expect(await codeOf(refused)).toBe('TRANSPORT_REFUSED');
    await Promise.all([...calls, ...late]);
    const high = (await transport.ranges(topic))[0]?.high ?? 0;
    const found = (await readAll(transport, topic, 0, high)).map(({ value }) => text(value));
    const expected = ['a', 'b', 'c', 'd', 'e', 'e', 'f', 'f'];
    expect(found.filter((value) => value !== 'with the poison')).toEqual(expected);
    await other.close();
  });

  it('says which topic and partition a write was refused for', async () => {
    const topic = await topicOf(100_000);
    const refused = transport.write('w', [record(topic, 7, 'x')]);
    await expect(refused).rejects.toThrow(`write to ${topic}`);
    await transport.write('w', [record(topic, 1, 'next')]);
    expect((await transport.ranges(topic))[1]?.high).toBe(1);
  });

  it('reads committed transactions only, and to an end that holds no record', async () => {
    const topic = await topicOf(100_000);
    const transactionalId = `limits.${randomUUID()}`;
    const producer = kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    for (const [value, end] of [
      ['kept', 'commit'],
      ['gone', 'abort'],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value, partition: 0 }] });
      await transaction[end]();
    }
    await producer.disconnect();
    // Brokers answer the end of a transaction before its mark is in the log.
    await eventually('both marks are in the log', async () => {
      return (await transport.ranges(topic))[0]?.high === 4;
    });
    const records = await readAll(transport, topic, 0, 4);
    expect(records.map(({ value, offset }) => [text(value), offset])).toEqual([['kept', 0]]);
  });

  it('reads what other producers compressed in their way', async () => {
    const topic = await topicOf(100_000);
    const producer = kafka.producer();
    await producer.connect();
    for (const compression of [kafkajs.CompressionTypes.GZIP, kafkajs.CompressionTypes.Snappy]) {
      const messages = [{ value: 'x', partition: 0, headers: { h: ['1', '2'] } }];
      await producer.send({ topic, compression, messages });
    }
    await producer.disconnect();
    const records = await readAll(transport, topic, 0, 2);
    expect(records.map(({ headers }) => text(headers.h ?? null))).toEqual(['2', '2']);
  });

  it('creates topics with the settings they are specified by', async () => {
    const topic = `limits.${randomUUID()}`;
    const retention = { retentionMs: 21_600_000, retentionBytes: 512 * mebibyte };
    await transport.ensureTopics([{ ...spec(topic, 2, 'compact'), ...retention }]);
    const admin = kafka.admin();
    await admin.connect();
    const type = kafkajs.ConfigResourceTypes.TOPIC;
    const found = await admin.describeConfigs({
      resources: [{ type, name: topic }],
      includeSynonyms: false,
    });
    await admin.disconnect();
    const entries = found.resources[0]?.configEntries ?? [];
    const settings = new Map(entries.map((entry) => [entry.configName, entry.configValue]));
    expect(settings.get('cleanup.policy')).toBe('compact');
    expect(settings.get('retention.ms')).toBe('21600000');
    expect(settings.get('retention.bytes')).toBe(String(512 * mebibyte));
    expect(Number(settings.get('max.message.bytes'))).toBeGreaterThan(2 * mebibyte);
  });

  it('leaves no group behind when it reads', async () => {
    const topic = await topicOf(100_000);
    await transport.write('w', [record(topic, 0, 'x')]);
    const admin = kafka.admin();
    await admin.connect();
    const before = (await admin.listGroups()).groups;
    await readAll(transport, topic, 0, 1);
    expect((await admin.listGroups()).groups).toEqual(before);
    await admin.disconnect();
  });

  it('leaves no connection behind when it closes, though much was asked at once', async () => {
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    const before = sockets();
    const topic = await topicOf(100_000);
    const other = await openKafkaTransport({ brokers: broker.brokers, client });
    const subscription = await other.subscribe(`${topic}.group`, [topic]);
    const assigned = firstValueFrom(subscription.events);
    await Promise.all([
      ...[1, 2, 3].map(() => other.ranges(topic)),
      ...[1, 2, 3].map(() => other.committed(`${topic}.group`, topic)),
      other.write('w', [record(topic, 0, 'x'), record(topic, 1, 'x')]),
      readAll(other, topic, 0, 1),
      assigned,
    ]);
    expect(sockets()).toBeGreaterThan(before);
    await other.close();
    await eventually('all connections are closed', () => sockets() <= before);
  });
});
