import { PipelineError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { FetchedRecord, TopicRecord } from '../runtime/transport.ts';
import type { SchemaRegistry } from '../schemas/registry.ts';
import type { BroadcastRecords } from './stage-run.ts';
import { SCHEMAS_TOPIC } from './topology.ts';

const RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/**
 * Asks the registry for the writer schemas of raw records before a kernel, which has no I/O, meets them.
 *
 * An id that the registry does not know is left unlearned: the kernel rejects its records (`SCHEMA_UNKNOWN_ID`). While
 * the registry is away the records wait and nothing is rejected. One registry call per id at a time.
 */
export class SchemaGate {
  readonly #registry: SchemaRegistry;
  readonly #log: Log;
  readonly #own: ReadonlySet<number>;
  readonly #known = new Map<number, TopicRecord>();
  readonly #asking = new Map<number, Promise<TopicRecord | undefined>>();
  readonly #closing = new AbortController();

  /** @param own schema ids that every kernel has from the start. */
  constructor(registry: SchemaRegistry, own: ReadonlySet<number>, log: Log) {
    this.#registry = registry;
    this.#own = own;
    this.#log = log;
  }

  /** Gives the foreign writer schemas of these records; `undefined` when there are none. */
  admit(
    records: readonly FetchedRecord[],
  ): BroadcastRecords | Promise<BroadcastRecords> | undefined {
    const ids = new Set<number>();
    for (const { value } of records) {
      const id = frameId(value);
      if (id !== undefined && !this.#own.has(id)) ids.add(id);
    }
    if (ids.size === 0) return undefined;
    const cached = [...ids].map((id) => this.#known.get(id));
    if (cached.every((record) => record !== undefined))
      return { topic: SCHEMAS_TOPIC, records: cached };
    return this.#fetchAll(ids);
  }

  /** Makes everything that waits for the registry give up; its records stay uncommitted. */
  close(): void {
    this.#closing.abort();
  }

  async #fetchAll(ids: ReadonlySet<number>): Promise<BroadcastRecords> {
    const records: TopicRecord[] = [];
    for (const id of ids) {
      const record = this.#known.get(id) ?? (await this.#ask(id));
      if (record !== undefined) records.push(record);
    }
    return { topic: SCHEMAS_TOPIC, records };
  }

  /** Joins the call for this id that is under way, or makes one. */
  #ask(id: number): Promise<TopicRecord | undefined> {
    const under = this.#asking.get(id);
    if (under !== undefined) return under;
    const asked = this.#fetch(id).finally(() => this.#asking.delete(id));
    this.#asking.set(id, asked);
    return asked;
  }

  async #fetch(id: number): Promise<TopicRecord | undefined> {
    for (let attempt = 0; ; attempt++) {
      try {
        const schema = await this.#registry.fetch(id);
        if (schema === undefined) return undefined;
        const record = {
          key: Buffer.from(String(id)),
          value: Buffer.from(schema),
          headers: {},
          timestampMs: 0,
        };
        this.#known.set(id, record);
        return record;
      } catch (error) {
        if (!(error instanceof PipelineError) || error.fate !== 'retry') throw error;
        const waitMs = Math.min(RETRY_MS * 2 ** attempt, LONGEST_RETRY_MS);
        this.#log.warn({ schemaId: id, code: error.code, attempt, waitMs }, error.message);
        await this.#wait(waitMs);
      }
    }
  }

  async #wait(ms: number): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted) throw new PipelineError('REGISTRY_UNAVAILABLE', 'the worker is stopping');
    await new Promise<void>((resolve, reject) => {
      const give = () => {
        clearTimeout(timer);
        reject(new PipelineError('REGISTRY_UNAVAILABLE', 'the worker is stopping'));
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', give);
        resolve();
      }, ms);
      signal.addEventListener('abort', give, { once: true });
    });
  }
}

/** The schema id of a Confluent frame, or `undefined` where there is no frame: the kernel says what is wrong then. */
function frameId(value: Uint8Array | null): number | undefined {
  if (value === null || value.length < 5 || value[0] !== 0) return undefined;
  return new DataView(value.buffer, value.byteOffset).getUint32(1);
}
