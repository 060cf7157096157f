import { execFileSync } from 'node:child_process';
import { pbkdf2Sync, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alterUserScramCredentialsV0, Connection, ScramMechanisms } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type KafkaTransport,
  type KafkaTransportOptions,
  openKafkaTransport,
} from '../../runtime/kafka/kafka-transport.ts';
import { readAll, record, spec, text } from '../conformance/fixtures.ts';
import { requireOwnBroker } from '../servers/require-server.ts';
import { type Broker, startBroker } from '../servers/servers.ts';
import { kafkaClients } from './transport-clients.ts';

const possible = requireOwnBroker('encryption and passwords on Kafka');
const folder = mkdtempSync(join(tmpdir(), 'vigie-security-'));
const keyStore = join(folder, 'broker.p12');
const caPath = join(folder, 'broker.pem');
const word = 'changeit';
const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule';
const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule';

/** A broker that is reached by TLS and password only; its certificate vouches for itself. */
function startSecureBroker(): Promise<Broker> {
  const store = ['-keystore', keyStore, '-storepass', word, '-alias', 'broker'];
  const name = ['-dname', 'CN=broker', '-ext', 'san=ip:127.0.0.1', '-keyalg', 'RSA'];
  execFileSync('keytool', ['-genkeypair', ...store, ...name], { stdio: 'pipe' });
  execFileSync('keytool', ['-exportcert', '-rfc', ...store, '-file', caPath], { stdio: 'pipe' });
  return startBroker({
    own: true,
    properties: {
      'listener.security.protocol.map': 'CLIENT:SASL_SSL,CONTROLLER:PLAINTEXT',
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.location': keyStore,
      'ssl.keystore.password': word,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': caPath,
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'listener.name.client.plain.sasl.jaas.config': `${plain} required username="root" password="root" user_root="root";`,
      'listener.name.client.scram-sha-256.sasl.jaas.config': `${scram} required;`,
      'listener.name.client.scram-sha-512.sasl.jaas.config': `${scram} required;`,
    },
  });
}

/** Gives a user a password for SCRAM, as an operator’s tool would. */
async function addUser(broker: Broker, user: string, password: string): Promise<void> {
  const [host = '', port = ''] = (broker.brokers[0] ?? '').split(':');
  const connection = new Connection('operator', {
    tls: { rejectUnauthorized: false },
    sasl: { mechanism: 'PLAIN', username: 'root', password: 'root' },
  });
  await connection.connect(host, Number(port));
  const iterations = 4096;
  // One at a time: a request may name a user once.
  for (const [digest, bytes, mechanism] of [
    ['sha256', 32, ScramMechanisms.SCRAM_SHA_256],
    ['sha512', 64, ScramMechanisms.SCRAM_SHA_512],
  ] as const) {
    const salt = randomBytes(16);
    const saltedPassword = pbkdf2Sync(password, salt, iterations, bytes, digest);
    const credential = { name: user, mechanism, iterations, salt, saltedPassword };
    await alterUserScramCredentialsV0.api.async(connection, [], [credential]);
  }
  await connection.close();
}

describe.runIf(possible)('a broker with TLS and passwords', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startSecureBroker();
    await addUser(broker, 'vigie', 'secret');
  });
  afterAll(async () => {
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const using = async (
    options: Omit<KafkaTransportOptions, 'brokers'>,
    use: (transport: KafkaTransport) => Promise<void>,
  ): Promise<void> => {
    const transport = await openKafkaTransport({
      brokers: broker.brokers,
      ssl: { enabled: true, caPath },
      limitMs: 1000,
      ...options,
    });
    await use(transport).finally(() => transport.close());
  };
  const sasl = { mechanism: 'scram-sha-512', username: 'vigie', password: 'secret' };

  describe.for(kafkaClients)('by %s', (client) => {
    it.for([sasl, { ...sasl, mechanism: 'scram-sha-256' }])(
      'is written and read with $mechanism',
      (known) =>
        using({ client, sasl: known, limitMs: 30_000 }, async (transport) => {
          const topic = `security.${randomUUID()}`;
          await transport.ensureTopics([spec(topic, 1)]);
          await transport.write('w', [record(topic, 0, 'x')]);
          const [found] = await readAll(transport, topic, 0, 1);
          expect(text(found?.value ?? null)).toBe('x');
        }),
    );

    it('is read with a plain password', () =>
      using(
        { client, sasl: { mechanism: 'plain', username: 'root', password: 'root' } },
        async (transport) => {
          expect(await transport.listTopics()).toBeInstanceOf(Array);
        },
      ));

    it('refuses a wrong password, which no repeat mends', () =>
      using({ client, sasl: { ...sasl, password: 'wrong' } }, async (transport) => {
        const asked = transport.listTopics();
        await expect(asked).rejects.toMatchObject({ code: 'TRANSPORT_REFUSED' });
        await expect(asked).rejects.toThrow(/authentication/i);
      }));

    it('is not believed without the authority that vouches for it', () =>
      using({ client, sasl, ssl: { enabled: true } }, async (transport) => {
        const asked = transport.listTopics();
        await expect(asked).rejects.toMatchObject({ code: 'TRANSPORT_REFUSED' });
        await expect(asked).rejects.toThrow(/self.signed/i);
      }));
  });
});
