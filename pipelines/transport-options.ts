import { z } from 'zod';

const embedded = z
  .strictObject({
    dir: z
      .string()
      .min(1)
      .default('.vigie')
      .describe(
        'Directory of the topic log; relative to where vigie is started. One process at a time may hold it.',
      ),
    durability: z
      .enum(['full', 'normal'])
      .default('full')
      .describe(
        '`full` survives a power cut; `normal` survives kill -9 but may lose the last commits in a power cut.',
      ),
    maxBytes: z
      .number()
      .int()
      .min(16 * 1024 ** 2)
      .default(2 * 1024 ** 3)
      .meta({ unit: 'bytes' })
      .describe(
        'Size of the whole directory above which the oldest records go, whatever their retention.',
      ),
  })
  .describe('The topic log in one directory, for one process.');

const sasl = z
  .strictObject({
    mechanism: z
      .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
      .default('scram-sha-512')
      .describe('How the user is proven.'),
    username: z.string().min(1).describe('User of the brokers.'),
    password: z
      .string()
      .min(1)
      .meta({ secret: true })
      .describe('Password; refer to an environment variable, do not write the word itself.'),
  })
  .describe('User and password for the brokers; absent when they ask for none.');

const ssl = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Whether connections to the brokers are encrypted.'),
    caPath: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file of the authority that signed the brokers’ certificates.'),
    certPath: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file of our own certificate, where brokers ask for one.'),
    keyPath: z.string().min(1).optional().describe('PEM file of the private key to `certPath`.'),
  })
  .refine((options) => (options.certPath === undefined) === (options.keyPath === undefined), {
    message: 'certPath and keyPath belong together: give both or neither',
  })
  .describe('Encryption of the connections to the brokers.');

/** Clients that have passed the crash suite with transactions; `exactly_once` is refused on every other. */
const TRANSACTIONAL_CLIENTS: readonly string[] = [];

const kafka = z
  .strictObject({
    brokers: z
      .array(z.string().regex(/^[^\s,:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/))
      .min(1)
      .default(['localhost:9092'])
      .describe('Brokers to ask first, as `host:port`.'),
    client: z
      .enum(['kafkajs', 'platformatic'])
      .default('platformatic')
      .describe(
        'Library that speaks to the brokers. Both give the same guarantees; workers may differ.',
      ),
    clientId: z
      .string()
      .min(1)
      .default('vigie')
      .describe('Name of this worker in the brokers’ logs and quotas.'),
    guarantee: z
      .enum(['at_least_once', 'exactly_once'])
      .default('at_least_once')
      .describe(
        'What a crash may do to outputs: `at_least_once` may repeat records, with the ids they had. `exactly_once` (transactions) is refused: no client has passed the crash suite with it.',
      ),
    replicationFactor: z
      .number()
      .int()
      .min(1)
      .max(15)
      .default(1)
      .describe('Copies of each partition of topics that vigie creates.'),
    sessionTimeoutMs: z
      .number()
      .int()
      .min(6000)
      .max(1_800_000)
      .default(30_000)
      .meta({ unit: 'ms' })
      .describe('Silence after which the brokers give a worker’s partitions to another.'),
    revokeTimeoutMs: z
      .number()
      .int()
      .min(1000)
      .max(600_000)
      .default(15_000)
      .meta({ unit: 'ms' })
      .describe(
        'Time a stage may take to finish and save partitions that go to another worker; then it loses them as they are and is rebuilt.',
      ),
    ssl: ssl.prefault({}),
    sasl: sasl.optional(),
  })
  .superRefine(({ guarantee, client }, context) => {
    if (guarantee === 'at_least_once' || TRANSACTIONAL_CLIENTS.includes(client)) return;
    const message = `refused: ${client} has not passed the crash suite with transactions; with at_least_once a repeated record has the id that it had and no state counts it twice`;
    context.addIssue({ code: 'custom', path: ['guarantee'], message });
  })
  .describe('Kafka brokers.');

/** Options of where topics live: which transport, and each one’s own. */
export const transportOptions = z
  .strictObject({
    kind: z
      .enum(['embedded', 'kafka'])
      .default('embedded')
      .describe('`embedded` keeps topics in a local directory; `kafka` on brokers.'),
    embedded: embedded.prefault({}),
    kafka: kafka.prefault({}),
  })
  .describe('Where topics live.');

/** Options of a transport after parsing. */
export type TransportOptions = z.output<typeof transportOptions>;

/** Options of the registry that holds the schemas of the topics. */
export const schemaRegistryOptions = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        'A registry with the Confluent API. Absent: the schema files that come with vigie.',
      ),
    username: z.string().min(1).optional().describe('User of the registry.'),
    password: z
      .string()
      .min(1)
      .optional()
      .meta({ secret: true })
      .describe('Password of the registry.'),
  })
  .describe('Where schemas are registered.');

/** Options of the schema registry after parsing. */
export type SchemaRegistryOptions = z.output<typeof schemaRegistryOptions>;
