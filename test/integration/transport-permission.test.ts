import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../pipelines/config.ts';
import { runPipeline } from '../../pipelines/run.ts';
import { PipelineError } from '../../runtime/errors.ts';
import {
  type KafkaTransport,
  type KafkaTransportOptions,
  openKafkaTransport,
} from '../../runtime/kafka/kafka-transport.ts';
import { createLog } from '../../runtime/log.ts';
import type { Transport } from '../../runtime/transport.ts';
import { readAll, record, spec, text } from '../conformance/fixtures.ts';
import { Received } from '../conformance/received.ts';
import { requireOwnBroker } from '../servers/require-server.ts';
import { makeFleet } from '../support/fleet.ts';
import { untilIdle } from '../support/pipeline-reading.ts';
import { writeFleet } from '../support/write-fleet.ts';
import { MutualTlsBroker, operator } from './mutual-tls-broker.ts';
import { kafkaClients } from './transport-clients.ts';
import { eventually } from './transport-load.ts';

const possible = requireOwnBroker('certificates of our own and permissions on Kafka');
const folder = mkdtempSync(join(tmpdir(), 'vigie-permission-'));

/** Has what docs/operations.md says a worker needs, from the start. */
const worker = '/O=Vigie/CN=worker';
/** Has the same for names of its own, and loses some of it. */
const pipelineSubject = '/CN=pipeline';
/** Is known and may do nothing but what a test gives it. */
const guest = '/C=FR/O=Elsewhere, Inc/CN=guest';
const guestPrincipal = 'User:CN=guest,O=Elsewhere\\, Inc,C=FR';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

interface Grant {
  readonly principal: string;
  readonly operations: readonly ('CREATE' | 'DESCRIBE' | 'READ' | 'WRITE')[];
  readonly resource: 'TOPIC' | 'GROUP';
  readonly name: string;
  readonly pattern?: 'LITERAL' | 'PREFIXED';
}

async function asOperator(
  secured: MutualTlsBroker,
  act: (admin: kafkajs.Admin) => Promise<unknown>,
): Promise<void> {
  const { caPath = '', certPath = '', keyPath = '' } = secured.ssl(operator);
  const [ca, cert, key] = [caPath, certPath, keyPath].map((path) => readFileSync(path));
  const brokers = [...secured.broker.brokers];
  const logLevel = kafkajs.logLevel.NOTHING;
  const admin = new kafkajs.Kafka({ brokers, logLevel, ssl: { ca, cert, key } }).admin();
  await admin.connect();
  await act(admin);
  await admin.disconnect();
}

function entriesOf({ principal, operations, resource, name, pattern = 'LITERAL' }: Grant) {
  return operations.map((operation) => ({
    principal,
    host: '*',
    operation: AclOperationTypes[operation],
    permissionType: AclPermissionTypes.ALLOW,
    resourceType: AclResourceTypes[resource],
    resourceName: name,
    resourcePatternType: ResourcePatternTypes[pattern],
  }));
}

/** Gives permissions, as `kafka-acls --add` does. */
async function allow(secured: MutualTlsBroker, grant: Grant): Promise<void> {
  await asOperator(secured, (admin) => admin.createAcls({ acl: entriesOf(grant) }));
}

/** Takes permissions away again. */
async function forbid(secured: MutualTlsBroker, grant: Grant): Promise<void> {
  await asOperator(secured, (admin) => admin.deleteAcls({ filters: entriesOf(grant) }));
}

/** What docs/operations.md says a worker needs, on topics and groups whose names begin so. */
function needsOf(principal: string, name: string): readonly [onTopics: Grant, onGroups: Grant] {
  const prefixed = { principal, name, pattern: 'PREFIXED' } as const;
  return [
    { ...prefixed, resource: 'TOPIC', operations: ['CREATE', 'DESCRIBE', 'READ', 'WRITE'] },
    { ...prefixed, resource: 'GROUP', operations: ['READ'] },
  ];
}

describe.runIf(possible)('a broker that asks for certificates', () => {
  let secured: MutualTlsBroker;
  beforeAll(async () => {
    secured = await MutualTlsBroker.start(folder, [worker, guest, pipelineSubject]);
    for (const grant of needsOf('User:CN=worker,O=Vigie', 'vigie.')) await allow(secured, grant);
  });
  afterAll(async () => {
    await secured?.broker.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const using = async <T>(
    options: Pick<KafkaTransportOptions, 'client' | 'ssl'>,
    use: (transport: KafkaTransport) => Promise<T>,
  ): Promise<T> => {
    const { brokers } = secured.broker;
    const transport = await openKafkaTransport({ brokers, limitMs: 10_000, ...options });
    return await use(transport).finally(() => transport.close());
  };

  describe.for(kafkaClients)('by %s', (client) => {
    const asWorker = <T>(use: (transport: KafkaTransport) => Promise<T>) =>
      using({ client, ssl: secured.ssl(worker) }, use);

    it('is written and read, and keeps offsets, with the permissions of a worker', () =>
      asWorker(async (transport) => {
        const topic = `vigie.${randomUUID()}`;
        await transport.ensureTopics([spec(topic, 1)]);
        await transport.write('w', [record(topic, 0, 'x')]);
        const subscription = await transport.subscribe(`${topic}.group`, [topic]);
        await new Received(subscription).take(1, topic, 0);
        await subscription.write([record(topic, 0, 'y')], [{ topic, partition: 0, offset: 1 }]);
        expect(await transport.committed(`${topic}.group`, topic)).toEqual(new Map([[0, 1]]));
        const found = await readAll(transport, topic, 0, 2);
        expect(found.map(({ value }) => text(value))).toEqual(['x', 'y']);
        await subscription.close();
      }));

    it.each([
      [
        'without a certificate',
        () => ({ ...secured.ssl(worker), certPath: undefined, keyPath: undefined }),
      ],
      ['with one it does not know', () => secured.forge(`/CN=forged-${client}`)],
    ])('refuses us %s, which no repeat mends', async (_, ssl) => {
      const asked = using({ client, ssl: ssl() }, (transport) => transport.listTopics());
      await expect(asked).rejects.toMatchObject({ code: 'TRANSPORT_REFUSED', fate: 'stop' });
      await expect(asked).rejects.toThrow(/certificate/i);
    });

    /** What a guest is told that it lacks, once brokers have taken in what it was given before. */
    const expectLack = async (
      attempt: (transport: KafkaTransport) => Promise<unknown>,
      lack: string,
    ): Promise<void> => {
      let told = '';
      await eventually(lack, async () => {
        const error = await using({ client, ssl: secured.ssl(guest) }, attempt).catch(
          (reason: unknown) => reason,
        );
        if (!(error instanceof PipelineError)) throw new Error(`not refused: ${String(error)}`);
        told = `${error.code} (${error.fate}) ${error.detail}`;
        return told.endsWith(`${guestPrincipal} lacks ${lack}`);
      }).catch((error: unknown) => {
        throw new Error(`told: ${told}`, { cause: error });
      });
      expect(told).toMatch(/^TRANSPORT_FORBIDDEN \(stop\)/);
    };
    const give = (operation: 'DESCRIBE' | 'WRITE', resource: 'TOPIC' | 'GROUP', name: string) =>
      allow(secured, { principal: guestPrincipal, operations: [operation], resource, name });

    it('says which permission on a topic is missing', async () => {
      const topic = `vigie.${randomUUID()}`;
      await asWorker((transport) => transport.ensureTopics([spec(topic, 1)]));
      const write = (transport: KafkaTransport) => transport.write('w', [record(topic, 0, 'x')]);
      const ensure = (transport: KafkaTransport) => transport.ensureTopics([spec(topic, 1)]);
      await expectLack(ensure, `Describe on topic ${topic}`);
      await give('DESCRIBE', 'TOPIC', topic);
      await expectLack((transport) => readAll(transport, topic, 0, 1), `Read on topic ${topic}`);
      // A producer’s number comes with the permission to write to any topic.
      await give('WRITE', 'TOPIC', `${topic}.other`);
      await expectLack(write, `Write on topic ${topic}`);
      const fresh = `${topic}.fresh`;
      await give('DESCRIBE', 'TOPIC', fresh);
      const create = (transport: KafkaTransport) => transport.ensureTopics([spec(fresh, 1)]);
      await expectLack(create, `Create on topic ${fresh}`);
    });

    it('says which permission on a group is missing', async () => {
      const topic = `vigie.${randomUUID()}`;
      const group = `${topic}.group`;
      await asWorker((transport) => transport.ensureTopics([spec(topic, 1)]));
      await give('DESCRIBE', 'TOPIC', topic);
      const join = async (transport: KafkaTransport) => {
        const subscription = await transport.subscribe(group, [topic]);
        await new Received(subscription).until(({ assigned }) => assigned.has(0));
      };
      const ask = (transport: KafkaTransport) => transport.committed(group, topic);
      await expectLack(join, `Describe on group ${group}`);
      await expectLack(ask, `Describe on group ${group}`);
      await give('DESCRIBE', 'GROUP', group);
      await expectLack(join, `Read on group ${group}`);
    });
  });

  it('lets a whole worker run with the permissions of a worker, and ends the stage that loses one', async () => {
    const prefix = 'vigie.whole.';
    const principal = 'User:CN=pipeline';
    const [onTopics, onGroups] = needsOf(principal, prefix);
    await allow(secured, onTopics);
    await allow(secured, onGroups);
    const { caPath, certPath, keyPath } = secured.ssl(pipelineSubject);
    const { options } = loadConfig({
      cwd: folder,
      environment: {},
      set: [
        'transport.kind=kafka',
        `transport.kafka.brokers=${secured.broker.brokers[0]}`,
        'transport.kafka.ssl.enabled=true',
        `transport.kafka.ssl.caPath=${caPath}`,
        `transport.kafka.ssl.certPath=${certPath}`,
        `transport.kafka.ssl.keyPath=${keyPath}`,
        `topics.prefix=${prefix}`,
        'topics.partitions=1',
        'runtime.threads=1',
      ],
    });
    const pipeline = await runPipeline(options, { log: createLog('silent') });
    const fleet = makeFleet({ seed: 1, series: 4, rounds: 50, stepMs: 60_000, faultEvery: 150 });
    const write = (transport: Pick<Transport, 'write'>) =>
      writeFleet({ ...pipeline, transport, fleet, partitions: 1, pointsPerRecord: () => 200 });
    await write(pipeline.transport);
    await untilIdle(pipeline);
    expect(pipeline.figures().find(({ name }) => name === 'detect')?.counters).toMatchObject({
      points_out_total: 200,
    });
    await forbid(secured, { ...onTopics, operations: ['WRITE'] });
    const failed = pipeline.failed.catch((error: unknown) => error);
    await using({ ssl: secured.ssl(operator) }, (transport) => write(transport));
    const error = await failed;
    expect(error).toMatchObject({ code: 'TRANSPORT_FORBIDDEN' });
    expect(String(error)).toContain(`${principal} lacks Write on topic ${prefix}metrics.validated`);
    const { stages } = pipeline.metrics.live();
    expect(stages[0]).toEqual({
      stage: 'validate',
      ok: false,
      reason: 'ended: TRANSPORT_FORBIDDEN',
    });
    await pipeline.stop();
  });
});
