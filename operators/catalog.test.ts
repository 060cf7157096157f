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
    catalog.put('MetricDefinition', metric('*', 'x', 20, 2000));
    catalog.put('MetricDefinition', metric('*', 'x', 10, 1000));
    expect([500, 1000, 1999, 2000].map((at) => catalog.metric('a', 'x', at)?.hop)).toEqual([
      10, 10, 10, 20,
    ]);
  });

  it('lets any tenant write until one is defined', () => {
    const catalog = new Catalog();
    expect(catalog.knowsTenant('acme')).toBe(true);
    catalog.put('TenantDefinition', { tenant: 'acme', effectiveFromMs: 0 } as TenantDefinition);
    expect(catalog.knowsTenant('acme')).toBe(true);
    expect(catalog.knowsTenant('other')).toBe(false);
  });
});
