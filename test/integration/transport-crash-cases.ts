import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { openKafkaTransport } from '../../runtime/kafka/kafka-transport.ts';
import { spec } from '../conformance/fixtures.ts';
import { startBroker, startCluster } from '../servers/servers.ts';
import type { KafkaClientName } from './transport-clients.ts';
import { Copier } from './transport-copier.ts';
import { eventually, faults, Load, numbersIn } from './transport-load.ts';

/** A busy machine takes its time to start a broker; the session and the writes must outlast that. */
const patient = { sessionTimeoutMs: 60_000, limitMs: 90_000 };
const nothing = { missing: [], twice: [] };

/** Kills the only broker under a load that a stage copies, and starts it again: all is there once, behind it too. */
export async function expectBrokerSurvived(client: KafkaClientName): Promise<void> {
  const broker = await startBroker({ own: true });
  const transport = await openKafkaTransport({ brokers: broker.brokers, client, ...patient });
  const name = `crash.${randomUUID()}`;
  const copying = { group: name, input: `${name}.in`, output: `${name}.out` };
  await transport.ensureTopics([spec(copying.input, 4), spec(copying.output, 4)]);
  const copier = await Copier.open(transport, copying);
  const load = new Load(transport, copying.input, 4).start(5, 1);
  await eventually('records are copied', () => copier.copied.length > 300);
  await broker.kill();
  const before = load.acknowledged.length;
  await delay(500);
  await broker.restart();
  await eventually('writes go on', () => load.acknowledged.length > before + 300);
  await load.stop();
  await eventually('all is copied', () => copier.copied.length >= load.acknowledged.length);
  expect(load.failed).toEqual([]);
  expect(copier.error).toBeUndefined();
  expect(faults(load.acknowledged, await numbersIn(transport, copying.input))).toEqual(nothing);
  expect(faults(load.acknowledged, await numbersIn(transport, copying.output))).toEqual(nothing);
  await copier.close();
  await transport.close();
  await broker.stop();
}

/** Kills each node of a cluster in turn under load, and starts it again: all that was acknowledged is there once. */
export async function expectLeadersSurvived(client: KafkaClientName): Promise<void> {
  const cluster = await startCluster();
  const { brokers, nodes } = cluster;
  const transport = await openKafkaTransport({ brokers, client, replicationFactor: 3, ...patient });
  const topic = `crash.${randomUUID()}`;
  await transport.ensureTopics([spec(topic, 6)]);
  const load = new Load(transport, topic, 6).start(5, 1);
  await eventually('records are written', () => load.acknowledged.length > 500);
  for (const node of nodes) {
    await node.kill();
    const before = load.acknowledged.length;
    await eventually('writes go on', () => load.acknowledged.length > before + 500);
    await node.restart();
    await eventually('all replicas are back', () => load.acknowledged.length > before + 1500);
  }
  await load.stop();
  expect(load.failed).toEqual([]);
  expect(faults(load.acknowledged, await numbersIn(transport, topic))).toEqual(nothing);
  await transport.close();
  await cluster.stop();
}
