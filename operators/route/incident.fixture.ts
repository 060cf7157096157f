import type { Incident } from '../../schemas/generated/incident.ts';
import { idBytes, stableId } from '../stable-id.ts';

/** An incident for tests: open and critical on host `web-1`, with the fields given instead. */
export function exampleIncident(fields: Partial<Incident> & { readonly name?: string }): Incident {
  const { name, ...given } = fields;
  const startMs = given.startMs ?? 0;
  return {
    id: idBytes(stableId('example', name ?? 'first')),
    revision: 0,
    tenant: 'acme',
    state: 'OPEN',
    mergedInto: null,
    splitFrom: null,
    title: `${name ?? 'web-1'}: cpu is above its expected band`,
    alertIds: [idBytes(stableId('alert', name ?? 'first'))],
    alertCount: 1,
    severity: 'CRITICAL',
    labels: { alertname: 'MetricAnomaly', host: 'web-1', metric: 'cpu', tenant: 'acme' },
    metricTypes: ['INFRASTRUCTURE'],
    services: [],
    causes: [],
    impact: { score: 0.73, tier: 'HIGH', burn: null, tenants: 1, revenue: null, override: null },
    ack: null,
    escalation: null,
    startMs,
    endMs: null,
    changedAtMs: startMs,
    remediations: [],
    historical: false,
    ...given,
  };
}

/** The record that ends an incident at an event time. */
export function resolved(
  incident: Incident,
  atMs: number,
  revision = incident.revision + 1,
): Incident {
  return { ...incident, state: 'RESOLVED', revision, endMs: atMs, changedAtMs: atMs };
}
