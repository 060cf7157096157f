import { beforeEach, describe, expect, it } from 'vitest';
import type { FetchedRecord, OutboundRecord, Transport } from '../runtime/transport.ts';
import { Codec } from '../schemas/codec.ts';
import { FileRegistry } from '../schemas/file-registry.ts';
import { registerRecords } from '../schemas/registry.ts';
import { type CatalogOptions, catalogOptions } from './catalog-options.ts';
import { publishCatalog } from './catalog-publisher.ts';

const TOPIC = 'test.catalog';

/** One topic with one partition, in memory; everything that publishing does not use is missing. */
class MemoryTransport implements Pick<Transport, 'ranges' | 'read' | 'write'> {
  readonly log: FetchedRecord[] = [];
  writes = 0;

  async ranges(topic: string) {
    return topic === TOPIC ? [{ partition: 0, low: 0, high: this.log.length }] : [];
  }

  async *read(_topic: string, _partition: number, from: number, { to = this.log.length } = {}) {
    for (let at = from; at < to; at += 2) yield this.log.slice(at, Math.min(to, at + 2));
  }

  async write(_producer: string, records: readonly OutboundRecord[]) {
    this.writes += 1;
    for (const record of records) this.log.push({ ...record, offset: this.log.length });
  }
}

const full = {
  tenants: [{ tenant: 'acme', title: 'Acme' }, { tenant: 'other' }],
  metrics: [
    { name: 'up', kind: 'GAUGE' },
    { name: 'up', tenant: 'acme', dataMin: 0 },
  ],
  services: [{ name: 'shop', matchers: ['job="web"'], dependsOn: ['db'] }],
};

describe('publishCatalog', () => {
  let codec: Codec;
  let transport: MemoryTransport;
  beforeEach(async () => {
    codec = new Codec(await registerRecords(new FileRegistry()));
    transport = new MemoryTransport();
  });
  const publish = (catalog: CatalogOptions, nowMs: number) =>
    publishCatalog({
      transport: transport as unknown as Transport,
      codec,
      prefix: 'test.',
      catalog,
      nowMs,
    });
  const published = () =>
    transport.log.map(({ key, value }) => {
      const names = ['TenantDefinition', 'MetricDefinition', 'ServiceDefinition'] as const;
      const { version, effectiveFromMs } = codec.decode(value ?? new Uint8Array(0), names).value;
      return [`${key}`, version, effectiveFromMs];
    });

  it('writes nothing for an empty catalog', async () => {
    expect(await publish(catalogOptions.parse({}), 1000)).toBe(0);
    expect(transport.writes).toBe(0);
  });

  it('writes what is new, for all time, and the same again never', async () => {
    const catalog = catalogOptions.parse(full);
    expect(await publish(catalog, 1000)).toBe(5);
    expect(published()).toEqual([
      ['acme/tenant/acme', 1, 0],
      ['other/tenant/other', 1, 0],
      ['*/metric/up', 1, 0],
      ['acme/metric/up', 1, 0],
      ['*/service/shop', 1, 0],
    ]);
    expect(await publish(catalog, 2000)).toBe(0);
    expect(await publish(catalogOptions.parse(structuredClone(full)), 3000)).toBe(0);
    expect(transport.writes).toBe(1);
  });

  it('writes only what changed, as the next version, from now on', async () => {
    await publish(catalogOptions.parse(full), 1000);
    const changed = {
      ...full,
      tenants: [{ tenant: 'acme', title: 'Acme', maxSeries: 5 }, { tenant: 'other' }],
    };
    expect(await publish(catalogOptions.parse(changed), 2000)).toBe(1);
    expect(published().at(-1)).toEqual(['acme/tenant/acme', 2, 2000]);
    expect(await publish(catalogOptions.parse(full), 3000)).toBe(1);
    expect(published().at(-1)).toEqual(['acme/tenant/acme', 3, 3000]);
  });

  it('leaves what the configuration no longer has', async () => {
    await publish(catalogOptions.parse(full), 1000);
    expect(await publish(catalogOptions.parse({}), 2000)).toBe(0);
  });

  it('writes anew what was removed, and what cannot be read', async () => {
    const catalog = catalogOptions.parse({ tenants: [{ tenant: 'acme' }] });
    const key = Buffer.from('acme/tenant/acme');
    await publish(catalog, 1000);
    transport.log.push({ key, value: null, headers: {}, timestampMs: 0, offset: 1 });
    expect(await publish(catalog, 2000)).toBe(1);
    transport.log.push({
      key,
      value: Buffer.from('not Avro'),
      headers: {},
      timestampMs: 0,
      offset: 3,
    });
    expect(await publish(catalog, 3000)).toBe(1);
    expect(await publish(catalog, 4000)).toBe(0);
  });
});
