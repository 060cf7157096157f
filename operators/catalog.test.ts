import { describe, expect, it } from 'vitest';
import type { MetricDefinition } from '../schemas/generated/metric-definition.ts';
import type { TenantDefinition } from '../schemas/generated/tenant-definition.ts';
import { Catalog } from './catalog.ts';

function metric(tenant: string, name: string, hop: number, effectiveFromMs = 0): MetricDefinition {
  return { tenant, name, hop, effectiveFromMs } as MetricDefinition;
}

describe('Catalog', () => {
  it('prefers the tenant’s own definition, then the longest pattern', () => {
    const catalog = new Catalog();
    catalog.put('MetricDefinition', metric('*', '*', 1));
    catalog.put('MetricDefinition', metric('*', 'node_cpu_*', 2));
    catalog.put('MetricDefinition', metric('*', 'node_*_ratio', 3));
    catalog.put('MetricDefinition', metric('acme', 'node_*', 4));
    const hop = (tenant: string, name: string) => catalog.metric(tenant, name, 0)?.hop;
    expect(hop('other', 'load')).toBe(1);
    expect(hop('other', 'node_cpu_seconds')).toBe(2);
    expect(hop('other', 'node_disk_ratio')).toBe(3);
    expect(hop('other', 'node_ratio')).toBe(1);
    expect(hop('acme', 'node_cpu_seconds')).toBe(4);
  });

  it('lets a definition act from its time on, whatever the order they came in', () => {
    const catalog = new Catalog();
    const hops = () => [500, 1000, 1999, 2000].map((at) => catalog.metric('a', 'x', at)?.hop);
    catalog.put('MetricDefinition', { ...metric('*', 'x', 20, 2000), version: 2 });
    expect(hops()).toEqual([20, 20, 20, 20]);
    catalog.put('MetricDefinition', { ...metric('*', 'x', 10, 1000), version: 1 });
    expect(hops()).toEqual([undefined, 10, 10, 20]);
  });

  it('says when the next change comes into effect', () => {
    const catalog = new Catalog();
    expect(catalog.nextChangeMs(0)).toBe(Number.POSITIVE_INFINITY);
    catalog.put('MetricDefinition', metric('*', 'x', 20, 2000));
    catalog.put('MetricDefinition', metric('*', 'y', 10, 1000));
    const next = [0, 999, 1000, 1999, 2000].map((at) => catalog.nextChangeMs(at));
    expect(next).toEqual([1000, 1000, 2000, 2000, Number.POSITIVE_INFINITY]);
    expect([999, 1000, 2000].map((at) => catalog.epochAt(at))).toEqual([0, 1, 2]);
  });

  it('lets any tenant write until one is defined, from the time of its definition on', () => {
    const catalog = new Catalog();
    const knows = () =>
      [999, 1000].map((at) => [catalog.knowsTenant('acme', at), catalog.knowsTenant('other', at)]);
    expect(knows().flat()).toEqual([true, true, true, true]);
    const acme = { tenant: 'acme', effectiveFromMs: 1000, version: 1 } as TenantDefinition;
    catalog.put('TenantDefinition', acme);
    expect(knows()).toEqual([
      [true, true],
      [true, false],
    ]);
    catalog.put('TenantDefinition', { ...acme, tenant: 'other', version: 3 });
    expect(knows()).toEqual([
      [false, true],
      [true, true],
    ]);
  });
});
