import type { ModelSet } from '../models/scorer.ts';
import type { EntityEvent, EntityShare } from '../operators/detect/entity-book.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { SeriesDefinition } from '../schemas/generated/series-definition.ts';
import { entityIdOf, longId } from '../schemas/identity.ts';

/** Stands where the name of a metric does: an entity has many. */
const ENTITY_METRIC = 'entity';

/** Whom an entity's episodes belong to. */
export interface EntityOwner {
  readonly tenant: string;
  /** 8 bytes. */
  readonly entityId: Uint8Array;
  /** The label that names it. */
  readonly labels: Readonly<Record<string, string>>;
  readonly service: string | null;
}

/** Returns whom the entity of a series is; undefined where the series is an entity of its own. */
export function entityOwner(
  { tenant, entityId, labels }: SeriesDefinition,
  service: string | null,
): EntityOwner | undefined {
  // Which labels name entities is for the tenant to say, and the id tells which one did.
  for (const [name, value] of Object.entries(labels)) {
    if (Buffer.compare(entityIdOf(tenant, name, value), entityId) === 0) {
      return { tenant, entityId, labels: { [name]: value }, service };
    }
  }
  return undefined;
}

/**
 * Makes the record of a change of an entity's episode; `definitionOf` finds a series that took part, if it is still
 * known. `value` is how many series weighed at the peak, `features` which and how much.
 */
export function entityAnomaly(
  event: EntityEvent,
  { tenant, entityId, labels, service }: EntityOwner,
  definitionOf: (share: EntityShare) => SeriesDefinition | undefined,
  modelSet: ModelSet,
): Anomaly {
  const { phase, revision, startMs, lastMs, endMs, peakMs, points } = event;
  const { score, peakScore, grade, confidence, tier, historical } = event;
  return {
    ...nothingOfASeries,
    id: longId(entityId, 'ENTITY', String(startMs)),
    tenant,
    entityId,
    labels,
    service,
    phase,
    revision,
    startMs,
    lastMs,
    endMs,
    peakMs,
    points,
    intervalMs: Math.round(event.intervalMs),
    value: event.shares.length,
    score,
    peakScore,
    grade,
    confidence,
    tier: tier === 'critical' ? 'CRITICAL' : 'WARNING',
    historical,
    features: event.shares.flatMap((share) => {
      const definition = definitionOf(share);
      if (definition === undefined) return [];
      const { excess, contribution } = share;
      return [{ name: seriesText(definition, labels), value: excess, contribution }];
    }),
    modelSet: { id: modelSet.id, version: String(modelSet.version), sha256: modelSet.sha256 },
  };
}

const nothingOfASeries = {
  kind: 'ENTITY',
  seriesId: null,
  metric: ENTITY_METRIC,
  metricType: 'UNKNOWN',
  class: null,
  unit: null,
  movement: 'SHAPE',
  expected: null,
  lower: null,
  upper: null,
  threshold: 1,
  sensitivity: 0.85,
  lifeCycle: 'LIVE',
  stateTier: 0,
  imputed: 0,
  late: 0,
  members: [],
  nearest: null,
  ruleId: null,
  ruleVersion: null,
  sloId: null,
  burn: null,
  catalogVersion: 0,
  configVersion: '',
  businessImpact: null,
  runbookUrl: null,
  traceId: null,
} as const;

/** Name of a series with the labels that the entity does not have, as in `disk_io{device="sda"}`. */
function seriesText(
  { name, labels }: SeriesDefinition,
  known: Readonly<Record<string, string>>,
): string {
  const others = Object.entries(labels)
    .filter(([label]) => !Object.hasOwn(known, label))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return others.length === 0 ? name : `${name}{${others.join(',')}}`;
}
