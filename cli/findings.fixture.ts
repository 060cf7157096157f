import type { Alert } from '../schemas/generated/alert.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { Incident } from '../schemas/generated/incident.ts';

const START_MS = 1_764_000_000_000;

const NO_CONTEXT = {
  catalogVersion: 0,
  configVersion: '0',
  businessImpact: null,
  runbookUrl: null,
  traceId: null,
};

/** An id whose bytes are all `byte`. */
export function exampleId(byte: number): Uint8Array {
  return new Uint8Array(16).fill(byte);
}

/** A critical episode of a load metric, as detect writes it. */
export function exampleAnomaly(byte: number, more: Partial<Anomaly> = {}): Anomaly {
  return {
    id: exampleId(byte),
    revision: 0,
    phase: 'OPEN',
    kind: 'ANOMALY',
    tenant: 'default',
    seriesId: new Uint8Array(8).fill(byte),
    entityId: new Uint8Array(8),
    metric: 'node_load1',
    labels: { host: 'a' },
    service: null,
    metricType: 'UNKNOWN',
    class: null,
    unit: '1',
    startMs: START_MS + byte * 1000,
    lastMs: START_MS + byte * 1000,
    endMs: null,
    peakMs: START_MS + byte * 1000,
    intervalMs: 1000,
    points: 3,
    movement: 'UP',
    value: 7.5,
    expected: 1.25,
    lower: 0.5,
    upper: 2,
    score: 2.1,
    peakScore: 2.1,
    grade: 0.98,
    confidence: 0.7,
    tier: 'CRITICAL',
    threshold: 1,
    sensitivity: 0.85,
    lifeCycle: 'LIVE',
    stateTier: 0,
    imputed: 0,
    late: 0,
    historical: false,
    members: [
      { modelId: 'forecast', generation: 1, raw: 4.2, surprise: 3.1, weight: 1.25, skipped: null },
    ],
    features: [{ name: 'slope', value: 0.4, contribution: 0.6 }],
    nearest: null,
    ruleId: null,
    ruleVersion: null,
    sloId: null,
    burn: null,
    modelSet: null,
    ...NO_CONTEXT,
    ...more,
  };
}

/** A firing alert on episodes. */
export function exampleAlert(
  byte: number,
  anomalies: readonly Anomaly[],
  more: Partial<Alert> = {},
): Alert {
  return {
    id: exampleId(byte),
    revision: 0,
    tenant: 'default',
    name: 'node_load1',
    fingerprint: new Uint8Array(8),
    labels: { alertname: 'node_load1', host: 'a' },
    annotations: {},
    severity: 'CRITICAL',
    state: 'FIRING',
    resolvedReason: null,
    suppressedBy: { silences: [], inhibitions: [], intervals: [], maintenance: [] },
    ack: null,
    pendingAtMs: START_MS,
    firedAtMs: START_MS,
    endedAtMs: null,
    lastSignalMs: START_MS,
    changedAtMs: START_MS,
    flapCount: 0,
    anomalyIds: anomalies.map(({ id }) => id),
    anomalyCount: anomalies.length,
    ruleId: null,
    ruleVersion: null,
    incidentId: null,
    impact: null,
    runbookUrl: null,
    generatorUrl: null,
    historical: false,
    change: { kind: 'CREATED', commandId: null, decisionId: null },
    ...more,
  };
}

/** An open incident that holds alerts. */
export function exampleIncident(
  byte: number,
  alerts: readonly Alert[],
  more: Partial<Incident> = {},
): Incident {
  return {
    id: exampleId(byte),
    revision: 0,
    tenant: 'default',
    state: 'OPEN',
    mergedInto: null,
    splitFrom: null,
    title: 'node_load1 on host a',
    alertIds: alerts.map(({ id }) => id),
    alertCount: alerts.length,
    severity: 'CRITICAL',
    labels: { host: 'a' },
    metricTypes: [],
    services: [],
    causes: [],
    impact: null,
    ack: null,
    escalation: null,
    startMs: START_MS,
    endMs: null,
    changedAtMs: START_MS,
    remediations: [],
    historical: false,
    ...more,
  };
}
