import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openKafkaTransport } from '../../runtime/kafka/kafka-transport.ts';
import { spec } from '../conformance/fixtures.ts';
import { requireOwnBroker } from '../servers/require-server.ts';
import { startBroker, startCluster } from '../servers/servers.ts';
import { Copier } from './transport-copier.ts';
import { eventually, faults, Load, numbersIn } from './transport-load.ts';

/** A busy machine takes its time to start a broker; the session and the writes must outlast that. */
const patient = { sessionTimeoutMs: 60_000, limitMs: 90_000 };

describe.runIf(requireOwnBroker('broker crashes'))('a broker that is killed under load', () => {
  it('and comes back has every acknowledged record once, and the stage behind it too', async () => {
    const broker = await startBroker({ own: true });
    const transport = await openKafkaTransport({ brokers: broker.brokers, ...patient });
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
    const nothing = { missing: [], twice: [] };
    const written = await numbersIn(transport, copying.input);
    expect(faults(load.acknowledged, written)).toEqual(nothing);
    expect(faults(load.acknowledged, await numbersIn(transport, copying.output))).toEqual(nothing);
    await copier.close();
    await transport.close();
    await broker.stop();
  });

  it('leaves its partitions to others of a cluster, with every acknowledged record once', async () => {
    const cluster = await startCluster();
    const { brokers, nodes } = cluster;
    const transport = await openKafkaTransport({ brokers, replicationFactor: 3, ...patient });
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
    const found = await numbersIn(transport, topic);
    expect(faults(load.acknowledged, found)).toEqual({ missing: [], twice: [] });
    await transport.close();
    await cluster.stop();
  });
});
