import { PipelineError } from '../runtime/errors.ts';
import type { OutboundRecord, Transport } from '../runtime/transport.ts';
import type { Codec } from '../schemas/codec.ts';
import type { RecordName, RecordTypes } from '../schemas/generated/record-types.ts';
import type { CatalogOptions } from './catalog-options.ts';

/** What `publishCatalog` needs. */
export interface PublishCatalog {
  readonly transport: Transport;
  readonly codec: Codec;
  readonly prefix: string;
  readonly catalog: CatalogOptions;
  /** Processing time, epoch ms: changed definitions act from here on. */
  readonly nowMs: number;
}

const CATALOG_TOPIC = 'catalog';

type DefinitionName =
  | 'TenantDefinition'
  | 'MetricDefinition'
  | 'ServiceDefinition'
  | 'ReceiverDefinition'
  | 'RouteDefinition';

interface Definition {
  readonly name: DefinitionName;
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/**
 * Brings the `catalog` topic up to the configuration: writes what is new or changed, and nothing else.
 *
 * A definition that the topic does not have yet acts for all time; a changed one gets the next version and acts from
 * now on. What the configuration no longer has is left: it may come from elsewhere.
 *
 * @returns how many definitions were written.
 */
export async function publishCatalog(publish: PublishCatalog): Promise<number> {
  const { transport, codec, prefix, catalog, nowMs } = publish;
  const topic = prefix + CATALOG_TOPIC;
  const known = await readCatalog(transport, codec, topic);
  const records: OutboundRecord[] = [];
  for (const { name, key, value } of definitionsOf(catalog)) {
    const former = known.get(key);
    const unchanged = former !== undefined && sameDefinition(former, value);
    if (unchanged) continue;
    const version = former === undefined ? 1 : Number(former.version) + 1;
    const effectiveFromMs = former === undefined ? 0 : nowMs;
    const definition = { ...value, version, effectiveFromMs };
    records.push({
      topic,
      partition: 0,
      key: Buffer.from(key),
      value: codec.encode(name, definition as unknown as RecordTypes[typeof name]),
      headers: {},
      timestampMs: nowMs,
    });
  }
  if (records.length > 0) await transport.write('catalog', records);
  return records.length;
}

const definitionNames: readonly (RecordName & DefinitionName)[] = [
  'TenantDefinition',
  'MetricDefinition',
  'ServiceDefinition',
  'ReceiverDefinition',
  'RouteDefinition',
];

async function readCatalog(
  transport: Transport,
  codec: Codec,
  topic: string,
): Promise<Map<string, Readonly<Record<string, unknown>>>> {
  const known = new Map<string, Readonly<Record<string, unknown>>>();
  const [range] = await transport.ranges(topic);
  if (range === undefined || range.high === range.low) return known;
  for await (const records of transport.read(topic, 0, range.low, { to: range.high })) {
    for (const { key, value } of records) {
      if (key === null) continue;
      const name = Buffer.from(key).toString();
      if (value === null) known.delete(name);
      else known.set(name, definitionIn(codec, value));
    }
  }
  return known;
}

/** One that cannot be read is nothing like the configuration’s, and is written anew. */
function definitionIn(codec: Codec, value: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return { ...codec.decode(value, definitionNames).value };
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return { version: 0 };
  }
}

function definitionsOf(catalog: CatalogOptions): Definition[] {
  const named = (
    name: DefinitionName,
    kind: string,
    entries: readonly { tenant: string; name: string }[],
  ) =>
    entries.map((value) => ({
      name,
      key: `${value.tenant}/${kind}/${value.name}`,
      value: { ...value },
    }));
  return [
    ...catalog.tenants.map((value) => ({
      name: 'TenantDefinition' as const,
      key: `${value.tenant}/tenant/${value.tenant}`,
      value: { ...value },
    })),
    ...named('MetricDefinition', 'metric', catalog.metrics),
    ...named('ServiceDefinition', 'service', catalog.services),
  ];
}

/** Compares what the configuration says, which has no version and no time. */
function sameDefinition(
  former: Readonly<Record<string, unknown>>,
  value: Readonly<Record<string, unknown>>,
): boolean {
  return Object.keys(value).every(
    (field) => JSON.stringify(former[field]) === JSON.stringify(value[field]),
  );
}
