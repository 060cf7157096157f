import type { Anomaly } from '../../schemas/generated/anomaly.ts';
import { idBytes, stableId } from '../stable-id.ts';

/** What the tests do not look at. */
const UNSEEN = {
  seriesId: null,
  entityId: null,
  class: null,
  intervalMs: 1000,
  points: 1,
  confidence: 1,
  threshold: 1,
  sensitivity: 0.85,
  lifeCycle: 'LIVE',
  stateTier: 0,
  imputed: 0,
  late: 0,
  members: [],
  features: [],
  nearest: null,
  sloId: null,
  modelSet: null,
  catalogVersion: 0,
  configVersion: '',
  traceId: null,
} as const satisfies Partial<Anomaly>;

/** An anomaly for tests: a warning on the CPU of host `web-1`, with the fields given instead. */
export function exampleAnomaly(fields: Partial<Anomaly> & { readonly episode?: string }): Anomaly {
  const { episode, ...given } = fields;
  const startMs = given.startMs ?? 0;
  const metric = given.metric ?? 'cpu';
  const labels = given.labels ?? { host: 'web-1' };
  return {
    ...UNSEEN,
    id: idBytes(stableId(episode ?? `${metric} ${JSON.stringify(labels)} ${startMs}`)),
    revision: 0,
    phase: 'OPEN',
    kind: 'ANOMALY',
    tenant: 'acme',
    metric,
    labels,
    service: null,
    metricType: 'INFRASTRUCTURE',
    unit: '%',
    startMs,
    lastMs: startMs,
    endMs: null,
    peakMs: startMs,
    movement: 'UP',
    value: 97.25,
    expected: 40,
    lower: 30,
    upper: 50,
    score: 1.2,
    peakScore: 1.2,
    grade: 0.9,
    tier: 'WARNING',
    historical: false,
    ruleId: null,
    ruleVersion: null,
    burn: null,
    businessImpact: null,
    runbookUrl: null,
    ...given,
  };
}

/** The record that ends the episode of `opening` at an event time. */
export function closing(opening: Anomaly, endMs: number, revision = 1): Anomaly {
  return { ...opening, phase: 'CLOSE', revision, lastMs: endMs, endMs };
}
