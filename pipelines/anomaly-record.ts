import type { ModelSet } from '../models/scorer.ts';
import type { EpisodeEvent, LifeCycle } from '../operators/detect/detect-output.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { SeriesContext } from '../schemas/generated/series-context.ts';
import type { SeriesDefinition } from '../schemas/generated/series-definition.ts';
import { longId } from '../schemas/identity.ts';

/** Score at which a warning opens, by definition. */
const THRESHOLD = 1;

const lifeCycleSymbols: Readonly<Record<LifeCycle, Anomaly['lifeCycle']>> = {
  cold: 'COLD',
  warming: 'WARMING',
  probation: 'PROBATION',
  live: 'LIVE',
  stale: 'STALE',
};

/** Makes the record of an episode’s change: what the detector saw, and whose series it is. */
export function anomalyRecord(
  event: EpisodeEvent,
  definition: SeriesDefinition,
  context: SeriesContext | undefined,
  modelSet: ModelSet,
): Anomaly {
  const { seriesId, entityId, tenant, name, labels } = definition;
  return {
    id: longId(seriesId, 'ANOMALY', String(event.startMs)),
    revision: event.revision,
    phase: event.phase,
    kind: 'ANOMALY',
    tenant,
    seriesId,
    entityId,
    metric: name,
    labels,
    service: context?.service ?? null,
    metricType: context?.metricType ?? 'UNKNOWN',
    class: context?.class ?? null,
    unit: context?.unit ?? definition.unit,
    startMs: event.startMs,
    lastMs: event.lastMs,
    endMs: event.endMs,
    peakMs: event.peakMs,
    intervalMs: Math.round(event.intervalMs),
    points: event.points,
    movement: event.movement,
    value: event.value,
    expected: finiteOrNull(event.expected),
    lower: finiteOrNull(event.lower),
    upper: finiteOrNull(event.upper),
    score: event.score,
    peakScore: event.peakScore,
    grade: event.grade,
    confidence: event.confidence,
    tier: event.tier === 'critical' ? 'CRITICAL' : 'WARNING',
    threshold: THRESHOLD,
    sensitivity: context?.sensitivity ?? 0.85,
    lifeCycle: lifeCycleSymbols[event.lifeCycle],
    stateTier: 0,
    imputed: 0,
    late: 0,
    historical: event.historical,
    members: event.members.map(({ modelId, raw, surprise, weight, skipped }) => ({
      modelId,
      generation: modelSet.version,
      raw,
      surprise,
      weight,
      skipped: skipped ? 'warming' : null,
    })),
    features: event.features,
    nearest: null,
    ruleId: null,
    ruleVersion: null,
    sloId: null,
    burn: null,
    modelSet: { id: modelSet.id, version: String(modelSet.version), sha256: modelSet.sha256 },
    catalogVersion: context?.catalogVersion ?? 0,
    configVersion: '',
    businessImpact: context?.businessImpact ?? null,
    runbookUrl: context?.runbookUrl ?? null,
    traceId: null,
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
