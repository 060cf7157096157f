import type { Alert } from './generated/alert.ts';
import type { MetricBatch } from './generated/metric-batch.ts';
import type { MetricPoint } from './generated/metric-point.ts';

/** A point with texts beyond ASCII and a negative zero. */
export const examplePoint: MetricPoint = {
  tenant: 'acme',
  name: 'température',
  labels: { host: 'web-1', __proto__x: 'y' },
  timestamp: 1_700_000_000_000,
  value: -0,
  kind: 'GAUGE',
  unit: null,
  backfill: false,
};

/** A packed batch of one series with two points. */
export const exampleBatch: MetricBatch = {
  tenant: 'acme',
  layout: 1,
  backfill: false,
  dictionary: ['up', 'host', 'web-1'],
  series: [{ name: 0, labels: [1, 2], kind: 'UNKNOWN', unit: -1 }],
  counts: Uint8Array.of(2, 0, 0, 0),
  timestamps: new Uint8Array(Float64Array.of(1000, 2000).buffer),
  values: new Uint8Array(Float64Array.of(1, 2).buffer),
};

/** An alert with nested records, nulls, ids and arrays. */
export const exampleAlert: Alert = {
  id: new Uint8Array(16).fill(1),
  revision: 3,
  tenant: 'acme',
  name: 'CpuHigh',
  fingerprint: Buffer.alloc(8, 2),
  labels: { alertname: 'CpuHigh' },
  annotations: {},
  severity: 'WARNING',
  state: 'FIRING',
  resolvedReason: null,
  suppressedBy: { silences: ['00'], inhibitions: [], intervals: [], maintenance: [] },
  ack: { by: 'p1', atMs: 1, untilMs: null, comment: null },
  pendingAtMs: 1,
  firedAtMs: 2,
  endedAtMs: null,
  lastSignalMs: 3,
  changedAtMs: 3,
  flapCount: 0,
  anomalyIds: [new Uint8Array(16).fill(4)],
  anomalyCount: 1,
  ruleId: null,
  ruleVersion: null,
  incidentId: new Uint8Array(16).fill(5),
  impact: null,
  runbookUrl: null,
  generatorUrl: null,
  historical: false,
  change: { kind: 'FIRED', commandId: null, decisionId: null },
};
