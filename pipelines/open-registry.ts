import type { SchemaIds } from '../schemas/codec.ts';
import { FileRegistry } from '../schemas/file-registry.ts';
import { registerRecords, type SchemaRegistry } from '../schemas/registry.ts';
import type { Config } from './config.ts';

/** The registry of this installation, with our own records registered. */
export interface RegisteredSchemas {
  readonly registry: SchemaRegistry;
  readonly ids: SchemaIds;
  /** Ids that every kernel knows from the start. */
  readonly own: ReadonlySet<number>;
}

/**
 * Opens the registry that the configuration names and registers every record of ours there.
 *
 * @throws PipelineError `REGISTRY_UNAVAILABLE` (retry), `SCHEMA_INCOMPATIBLE` or `SCHEMA_UNREGISTERED` (stop).
 */
export async function registerSchemas(config: Config): Promise<RegisteredSchemas> {
  const registry = await openRegistry(config);
  const ids = await registerRecords(registry);
  return { registry, ids, own: new Set(Object.values(ids)) };
}

async function openRegistry({ schemaRegistry, topics }: Config): Promise<SchemaRegistry> {
  const { url, username, password } = schemaRegistry;
  if (url === undefined) return new FileRegistry();
  const { ConfluentRegistry } = await import('../schemas/confluent-registry.ts');
  const { systemClock } = await import('../runtime/clock.ts');
  const auth = username === undefined ? {} : { auth: { username, password: password ?? '' } };
  return new ConfluentRegistry({ url, prefix: topics.prefix, clock: systemClock, ...auth });
}
