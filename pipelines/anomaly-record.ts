import type { ModelSet } from '../models/scorer.ts';
import type { EpisodeEvent, LifeCycle } from '../operators/detect/detect-output.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { SeriesContext } from '../schemas/generated/series-context.ts';
import type { SeriesDefinition } from '../schemas/generated/series-definition.ts';
import { longId } from '../schemas/identity.ts';

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
  return {
    id: longId(definition.seriesId, 'ANOMALY', String(event.startMs)),
    kind: 'ANOMALY',
    ...whose(definition, context),
    ...course(event),
    ...why(event, modelSet),
    stateTier: 0,
    imputed: 0,
    nearest: null,
    ruleId: null,
    ruleVersion: null,
    sloId: null,
    burn: null,
    configVersion: '',
    traceId: null,
  };
}

function whose(
  { seriesId, entityId, tenant, name, labels, unit }: SeriesDefinition,
  context: SeriesContext | undefined,
) {
  return {
    tenant,
    seriesId,
    entityId,
    metric: name,
    labels,
    service: context?.service ?? null,
    metricType: context?.metricType ?? 'UNKNOWN',
    unit: context?.unit ?? unit,
    sensitivity: context?.sensitivity ?? 0.85,
    catalogVersion: context?.catalogVersion ?? 0,
    businessImpact: context?.businessImpact ?? null,
    runbookUrl: context?.runbookUrl ?? null,
  } as const;
}

function course(event: EpisodeEvent) {
  const { revision, phase, startMs, lastMs, endMs, peakMs, points, late } = event;
  const { movement, value } = event;
  return {
    revision,
    phase,
    startMs,
    lastMs,
    endMs,
    peakMs,
    intervalMs: Math.round(event.intervalMs),
    points,
    late,
    movement,
    value,
    expected: finiteOrNull(event.expected),
    lower: finiteOrNull(event.lower),
    upper: finiteOrNull(event.upper),
    lifeCycle: lifeCycleSymbols[event.lifeCycle],
    class: event.metricClass === 'general' ? null : event.metricClass,
    historical: event.historical,
  } as const;
}

function why(
  { score, threshold, peakScore, grade, confidence, tier, members, features }: EpisodeEvent,
  modelSet: ModelSet,
) {
  return {
    score,
    threshold,
    peakScore,
    grade,
    confidence,
    tier: tier === 'critical' ? 'CRITICAL' : 'WARNING',
    members: members.map(({ modelId, raw, surprise, weight, skipped }) => ({
      modelId,
      generation: modelSet.version,
      raw,
      surprise,
      weight,
      skipped: skipped ? 'warming' : null,
    })),
    features,
    modelSet: { id: modelSet.id, version: String(modelSet.version), sha256: modelSet.sha256 },
  } as const;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
