import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KafkaTransportOptions } from '../../runtime/kafka/kafka-transport.ts';
import { type Broker, startBroker } from '../servers/servers.ts';

/** Who may do everything. */
export const operator = '/CN=operator';

/** A broker that asks for certificates and allows nobody anything but its operator. */
export class MutualTlsBroker {
  readonly broker: Broker;
  readonly #folder: string;

  private constructor(broker: Broker, folder: string) {
    this.broker = broker;
    this.#folder = folder;
  }

  /** Starts it; `subjects` (as in `/O=Vigie/CN=worker`) get certificates that it knows. Files lie in `folder`. */
  static async start(folder: string, subjects: readonly string[]): Promise<MutualTlsBroker> {
    const known = ['/CN=broker', operator, ...subjects];
    for (const subject of known) makeCertificate(folder, subject);
    const trusted = known.map((subject) => readFileSync(pemOf(folder, subject, 'cert')));
    writeFileSync(join(folder, 'trusted.pem'), Buffer.concat(trusted));
    const store = ['key', 'cert'].map((part) => readFileSync(pemOf(folder, '/CN=broker', part)));
    writeFileSync(join(folder, 'broker.pem'), Buffer.concat(store));
    const broker = await startBroker({
      own: true,
      properties: {
        'listener.security.protocol.map': 'CLIENT:SSL,CONTROLLER:PLAINTEXT',
        'ssl.client.auth': 'required',
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': join(folder, 'broker.pem'),
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': join(folder, 'trusted.pem'),
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        // The controller’s own port has no certificates here; nobody else speaks to it.
        'super.users': 'User:CN=operator;User:CN=broker;User:ANONYMOUS',
      },
    });
    return new MutualTlsBroker(broker, folder);
  }

  /** How a subject connects, by `transport.kafka`. */
  ssl(subject: string): NonNullable<KafkaTransportOptions['ssl']> {
    const [certPath, keyPath] = [pemOf(this.#folder, subject, 'cert'), this.#key(subject)];
    return { enabled: true, caPath: pemOf(this.#folder, '/CN=broker', 'cert'), certPath, keyPath };
  }

  /** Makes a certificate that the broker does not know. */
  forge(subject: string): NonNullable<KafkaTransportOptions['ssl']> {
    makeCertificate(this.#folder, subject);
    return this.ssl(subject);
  }

  #key(subject: string): string {
    return pemOf(this.#folder, subject, 'key');
  }
}

function makeCertificate(folder: string, subject: string): void {
  const files = ['-keyout', pemOf(folder, subject, 'key'), '-out', pemOf(folder, subject, 'cert')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const name = ['-subj', subject, '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, ...name, ...files], {
    stdio: 'pipe',
  });
}

function pemOf(folder: string, subject: string, part: string): string {
  return join(folder, `${subject.replaceAll(/\W/g, '_')}.${part}.pem`);
}
