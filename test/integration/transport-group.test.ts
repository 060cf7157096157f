import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type KafkaTransport, openKafkaTransport } from '../../runtime/kafka/kafka-transport.ts';
import { spec } from '../conformance/fixtures.ts';
import { requireBroker } from '../servers/require-server.ts';
import { type Broker, startBroker } from '../servers/servers.ts';
import { kafkaClients } from './transport-clients.ts';
import { Copier, type Copying } from './transport-copier.ts';
import { eventually, faults, Load, numbersIn } from './transport-load.ts';

const memberScript = fileURLToPath(new URL('transport-member.ts', import.meta.url));

const possible = requireBroker('consumer groups on Kafka');
let broker: Broker;
beforeAll(async () => {
  if (possible) broker = await startBroker();
});
afterAll(() => broker?.stop());

describe.runIf(possible).for(kafkaClients)('members of one group on Kafka by %s', (client) => {
  const opened: KafkaTransport[] = [];
  const open = async (): Promise<KafkaTransport> => {
    const session = { sessionTimeoutMs: 2000, heartbeatMs: 200 };
    const transport = await openKafkaTransport({ brokers: broker.brokers, client, ...session });
    opened.push(transport);
    return transport;
  };
  const copyingOf = async (transport: KafkaTransport): Promise<Copying> => {
    const name = `group.${randomUUID()}`;
    const copying = { group: name, input: `${name}.in`, output: `${name}.out` };
    await transport.ensureTopics([spec(copying.input, 4), spec(copying.output, 4)]);
    return copying;
  };

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((transport) => transport.close()));
  });

  it('share partitions and hand them over on join and leave, losing and doubling nothing', async () => {
    const [one, other] = [await open(), await open()];
    const copying = await copyingOf(one);
    const load = new Load(one, copying.input, 4).start(4, 2);
    const first = await Copier.open(one, copying);
    await eventually('the first has all', () => first.held.size === 4 && first.copied.length > 100);
    const second = await Copier.open(other, copying);
    await eventually('they share', () => first.held.size === 2 && second.held.size === 2);
    expect([...first.held, ...second.held].sort()).toEqual([0, 1, 2, 3]);
    await eventually('the second works', () => second.copied.length > 100);
    await first.close();
    await eventually('the second has all', () => second.held.size === 4);
    await load.stop();
    await eventually('all is copied', async () => {
      return (await numbersIn(one, copying.output)).length >= load.acknowledged.length;
    });
    const found = await numbersIn(one, copying.output);
    expect(faults(load.acknowledged, found)).toEqual({ missing: [], twice: [] });
    expect(load.failed).toEqual([]);
    expect(new Set(second.copied)).toEqual(new Set([0, 1, 2, 3]));
    await second.close();
  });

  it('hand over while they still work when they are about to go, losing and doubling nothing', async () => {
    const [one, other] = [await open(), await open()];
    const copying = await copyingOf(one);
    const load = new Load(one, copying.input, 4).start(4, 2);
    const first = await Copier.open(one, copying);
    await eventually('the first has all', () => first.held.size === 4);
    const second = await Copier.open(other, copying);
    await eventually('they share', () => first.held.size === 2 && second.held.size === 2);
    await first.drain();
    expect(first.held.size).toBe(0);
    expect(first.revoked).toHaveLength(4);
    await first.close();
    await eventually('the second has all', () => second.held.size === 4);
    await load.stop();
    await eventually('all is copied', async () => {
      return (await numbersIn(other, copying.output)).length >= load.acknowledged.length;
    });
    const found = await numbersIn(other, copying.output);
    expect(faults(load.acknowledged, found)).toEqual({ missing: [], twice: [] });
    await second.close();
  });

  it('do not interrupt a partition that stays where it is', async () => {
    const [one, other] = [await open(), await open()];
    const copying = await copyingOf(one);
    const first = await Copier.open(one, copying);
    await eventually('the first has all', () => first.held.size === 4);
    const second = await Copier.open(other, copying);
    await eventually('they share', () => first.held.size === 2 && second.held.size === 2);
    await second.close();
    await eventually('the first has all again', () => first.held.size === 4);
    expect(first.revoked).toHaveLength(2);
    expect(second.revoked).toEqual([]);
    await first.close();
  });

  it('take over what a killed process held, with nothing lost', async () => {
    const transport = await open();
    const copying = await copyingOf(transport);
    const { group, input, output } = copying;
    const args = [memberScript, broker.brokers.join(','), group, input, output, client];
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    const load = new Load(transport, input, 4).start(4, 2);
    const copied = async (): Promise<number> => (await numbersIn(transport, output)).length;
    await eventually('the process works', async () => (await copied()) > 200);
    child.kill('SIGKILL');
    const heir = await Copier.open(transport, copying);
    await eventually('the heir has all', () => heir.held.size === 4);
    await load.stop();
    await eventually('all is copied', async () => {
      const found = new Set(await numbersIn(transport, output));
      return load.acknowledged.every((number) => found.has(number));
    });
    await heir.close();
  });

  it('refuse commits of a member that was frozen beyond its session', async () => {
    const transport = await open();
    const copying = await copyingOf(transport);
    const { group, input, output } = copying;
    const args = [memberScript, broker.brokers.join(','), group, input, output, client];
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    const load = new Load(transport, input, 4).start(4, 2);
    const copied = async (): Promise<number> => (await numbersIn(transport, output)).length;
    await eventually('the process works', async () => (await copied()) > 200);
    child.kill('SIGSTOP');
    const heir = await Copier.open(transport, copying);
    await eventually('the heir has all', () => heir.held.size === 4 && heir.copied.length > 200);
    child.kill('SIGCONT');
    await eventually('they share again', () => heir.held.size === 2);
    await load.stop();
    const ranges = await transport.ranges(input);
    await eventually('every offset is committed, and none went back', async () => {
      const offsets = await transport.committed(group, input);
      return ranges.every(({ partition, high }) => offsets.get(partition) === high);
    });
    const found = await numbersIn(transport, output);
    expect(faults(load.acknowledged, found).missing).toEqual([]);
    child.kill('SIGKILL');
    await heir.close();
  });
});
