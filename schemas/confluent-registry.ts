import {
  SchemaRegistry as Client,
  COMPATIBILITY,
  SchemaType,
} from '@kafkajs/confluent-schema-registry';
import type { Clock } from '../runtime/clock.ts';
import type { ErrorCode } from '../runtime/errors.ts';
import { PipelineError } from '../runtime/errors.ts';
import { schemaNamespace } from './avro-schema.ts';
import type { RecordName } from './generated/record-types.ts';
import type { SchemaRegistry } from './registry.ts';
import type { RegistryVerdict } from './registry-answer.ts';
import { answerMiddleware, messageOf, registryVerdict } from './registry-answer.ts';
import type { TopicEntry } from './topics.ts';
import { topics } from './topics.ts';

/** How a Confluent-API registry is reached. */
export interface ConfluentRegistryOptions {
  /** Base URL, with the path of the API where it has one: `http://host:8080/apis/ccompat/v7`. */
  readonly url: string;
  /** Topic prefix, as in `vigie.`. */
  readonly prefix: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** How long an id that the registry did not know is not asked for again, ms. */
  readonly unknownIdTtlMs?: number;
  /** How long a request may take, ms. */
  readonly timeoutMs?: number;
  readonly clock: Clock;
}

/** Ids that are remembered as unknown at the same time; hostile records can name 2^32 of them. */
const MAX_UNKNOWN_IDS = 10_000;

/**
 * A registry behind the Confluent API: Confluent, Apicurio, Karapace.
 *
 * Subjects are `<topic>-io.vigie.<Record>` (TopicRecordNameStrategy), compatibility is BACKWARD. Known ids are asked for
 * once; unknown ones again after `unknownIdTtlMs`. Nothing is retried here: an unreachable registry is
 * `REGISTRY_UNAVAILABLE`, and the stage waits.
 */
export class ConfluentRegistry implements SchemaRegistry {
  readonly #client: Client;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #unknownIdTtlMs: number;
  readonly #timeoutMs: number;
  readonly #texts = new Map<number, string>();
  readonly #unknownUntilMs = new Map<number, number>();

  constructor(options: ConfluentRegistryOptions) {
    const { url, username, password = '', timeoutMs = 10_000, unknownIdTtlMs = 60_000 } = options;
    this.#client = new Client({
      host: url.replace(/\/+$/, ''),
      clientId: 'vigie',
      retry: { retries: 0 },
      middlewares: [answerMiddleware],
      ...(username === undefined ? {} : { auth: { username, password } }),
    });
    this.#prefix = options.prefix;
    this.#clock = options.clock;
    this.#timeoutMs = timeoutMs;
    this.#unknownIdTtlMs = unknownIdTtlMs;
  }

  /** Registers under the subject of every topic that holds the record; gives the id of the first. */
  async register(name: RecordName, schemaJson: string): Promise<number> {
    let first: number | undefined;
    for (const subject of this.#subjects(name)) {
      const id = await this.#registerSubject(subject, schemaJson);
      first ??= id;
    }
    if (first === undefined) throw new TypeError(`${name} stands on no topic`);
    return first;
  }

  async fetch(id: number): Promise<string | undefined> {
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    if (this.#isUnknown(id)) return undefined;
    try {
      const schema = await this.#inTime(this.#client.getSchema(id));
      const text = avroText(schema);
      this.#texts.set(id, text);
      return text;
    } catch (error) {
      if (error instanceof PipelineError) throw error;
      const verdict = registryVerdict(error);
      if (verdict === 'unknownId') {
        this.#rememberUnknown(id);
        return undefined;
      }
      // The answer was good and the client could not compile what it holds: for the codec to say so per record.
      if (verdict === 'unreadable') return JSON.stringify(messageOf(error));
      throw failure(error, `id ${id}`);
    }
  }

  async #registerSubject(subject: string, schemaJson: string): Promise<number> {
    try {
      const schema = { type: SchemaType.AVRO as const, schema: schemaJson };
      const options = { subject, compatibility: COMPATIBILITY.BACKWARD };
      const { id } = await this.#inTime(this.#client.register(schema, options));
      return id;
    } catch (error) {
      throw failure(error, subject);
    }
  }

  #subjects(name: RecordName): readonly string[] {
    return topics
      .filter((topic: TopicEntry) => topic.records.includes(name))
      .map((topic) => `${this.#prefix}${topic.name}-${schemaNamespace}.${name}`);
  }

  #isUnknown(id: number): boolean {
    const untilMs = this.#unknownUntilMs.get(id);
    if (untilMs === undefined) return false;
    if (this.#clock.nowMs() < untilMs) return true;
    this.#unknownUntilMs.delete(id);
    return false;
  }

  #rememberUnknown(id: number): void {
    if (this.#unknownUntilMs.size >= MAX_UNKNOWN_IDS) {
      const oldest = this.#unknownUntilMs.keys().next().value;
      if (oldest !== undefined) this.#unknownUntilMs.delete(oldest);
    }
    this.#unknownUntilMs.set(id, this.#clock.nowMs() + this.#unknownIdTtlMs);
  }

  /** Bounds a call: the client waits for ever when a connection ends in the middle of an answer. */
  async #inTime<T>(call: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new PipelineError('REGISTRY_UNAVAILABLE', `no answer in ${this.#timeoutMs} ms`));
    }, this.#timeoutMs);
    try {
      return await Promise.race([call, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Turns a failed request into our error. */
function failure(error: unknown, subject: string): PipelineError {
  if (error instanceof PipelineError) return error;
  const code = codes[registryVerdict(error)];
  return new PipelineError(code, `${subject}: ${messageOf(error)}`, { cause: error });
}

/** A 404 on anything but an id is a wrong base path; an error without status is the client's refusal of a setting. */
const codes = {
  unknownId: 'REGISTRY_UNAVAILABLE',
  incompatible: 'SCHEMA_INCOMPATIBLE',
  refused: 'TRANSPORT_REFUSED',
  away: 'REGISTRY_UNAVAILABLE',
  unreadable: 'OPTIONS_INVALID',
} as const satisfies Record<RegistryVerdict, ErrorCode>;

/** The schema as the client compiled it, references included; docs and logical types are lost, which reading ignores. */
function avroText(schema: object): string {
  if ('schema' in schema && typeof schema.schema === 'function') {
    return JSON.stringify(schema.schema({ exportAttrs: true }));
  }
  return JSON.stringify('not an Avro schema');
}
