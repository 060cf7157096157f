import type { MetricDefinition } from '../../schemas/generated/metric-definition.ts';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import { createIdentity } from '../../schemas/identity.ts';

export const NOW_MS = Date.UTC(2026, 0, 5);

/** The definition of a series, with its real ids. */
export function seriesDefinition(
  name: string,
  labels: Readonly<Record<string, string>> = { host: 'a' },
  over: Partial<SeriesDefinition> = {},
): SeriesDefinition {
  const tenant = over.tenant ?? 'acme';
  const { seriesId, entityId } = createIdentity().of(tenant, name, Object.entries(labels));
  return {
    seriesId,
    entityId,
    tenant,
    name,
    labels,
    kind: 'GAUGE',
    unit: null,
    firstSeenMs: NOW_MS,
    ...over,
  };
}

/** A metric as the catalog has it. */
export function metricDefinition(
  name: string,
  over: Partial<MetricDefinition> = {},
): MetricDefinition {
  return {
    tenant: '*',
    name,
    role: null,
    type: 'SLI',
    kind: 'UNKNOWN',
    unit: null,
    direction: 'ABOVE',
    timeZone: 'UTC',
    season: 'UNKNOWN',
    intervalMs: 60_000,
    hop: null,
    missingPolicy: 'IGNORE',
    latePoints: 'UNKNOWN',
    dataMin: null,
    dataMax: null,
    minAbs: 0,
    minRel: 0.2,
    sensitivity: 0.85,
    suppress: [],
    ignoreConsecutive: 0,
    maintenance: [],
    maintenanceHours: [],
    modelType: null,
    covariates: [],
    class: null,
    sloTarget: null,
    businessImpact: null,
    ownerService: null,
    runbookUrl: null,
    version: 1,
    effectiveFromMs: 0,
    ...over,
  };
}
