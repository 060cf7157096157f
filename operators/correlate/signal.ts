import type { Anomaly, AnomalyKind, Movement } from '../../schemas/generated/anomaly.ts';
import type { MetricType } from '../../schemas/generated/metric-type.ts';
import { idHex } from '../stable-id.ts';
import { fingerprint } from './fingerprint.ts';

/** What an anomaly is called as an alert, by kind; a rule gives its own name. */
const ALERT_NAMES: Readonly<Record<AnomalyKind, string>> = {
  UNKNOWN: 'MetricAnomaly',
  ANOMALY: 'MetricAnomaly',
  BREACH: 'RuleBreach',
  ABSENCE: 'MetricAbsent',
  BURN: 'ErrorBudgetBurn',
  ENTITY: 'EntityAnomaly',
};

/**
 * The part of an anomaly record that correlation needs, as plain JSON. Ids are hex, times epoch ms
 * in event time.
 */
export interface Signal {
  readonly id: string;
  readonly revision: number;
  readonly phase: 'OPEN' | 'UPDATE' | 'CLOSE';
  /**
   * Event time by which signals are ordered: the onset of an opening, else the last point taken in.
   */
  readonly atMs: number;
  readonly startMs: number;
  readonly endMs: number | null;
  readonly tenant: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly fingerprint: string;
  readonly metric: string;
  readonly metricType: MetricType;
  readonly service: string | null;
  readonly unit: string | null;
  readonly movement: Movement;
  readonly value: number | null;
  readonly expected: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly peakScore: number;
  readonly grade: number;
  readonly critical: boolean;
  /** A rule or an error budget said so: it needs no second opinion. */
  readonly breach: boolean;
  readonly burn: number | null;
  readonly ruleId: string | null;
  readonly ruleVersion: number | null;
  readonly runbookUrl: string | null;
  readonly businessImpact: string | null;
  readonly historical: boolean;
}

/**
 * Takes from an anomaly what correlation needs, and gives it the labels and fingerprint of its
 * alert.
 *
 * An unknown phase is taken as an update: the episode is there, and only a CLOSE ends it.
 */
export function signalOf(anomaly: Anomaly): Signal {
  const phase = anomaly.phase === 'UNKNOWN' ? 'UPDATE' : anomaly.phase;
  const name = anomaly.ruleId ?? ALERT_NAMES[anomaly.kind];
  const labels = alertLabels(anomaly, name);
  return {
    id: idHex(anomaly.id),
    revision: anomaly.revision,
    phase,
    atMs: phase === 'OPEN' ? anomaly.startMs : Math.max(anomaly.startMs, anomaly.lastMs),
    startMs: anomaly.startMs,
    endMs: anomaly.endMs,
    tenant: anomaly.tenant,
    name,
    labels,
    fingerprint: fingerprint(labels),
    metric: anomaly.metric,
    metricType: anomaly.metricType,
    service: anomaly.service,
    unit: anomaly.unit,
    movement: anomaly.movement,
    value: finite(anomaly.value),
    expected: finite(anomaly.expected),
    lower: finite(anomaly.lower),
    upper: finite(anomaly.upper),
    peakScore: finite(anomaly.peakScore) ?? 0,
    grade: finite(anomaly.grade) ?? 0,
    critical: anomaly.tier === 'CRITICAL',
    breach: anomaly.kind === 'BREACH' || anomaly.kind === 'BURN',
    burn: finite(anomaly.burn),
    ruleId: anomaly.ruleId,
    ruleVersion: anomaly.ruleVersion,
    runbookUrl: anomaly.runbookUrl,
    businessImpact: anomaly.businessImpact,
    historical: anomaly.historical,
  };
}

/**
 * The labels that identify an alert: those of the series, and alertname, metric, service and
 * tenant.
 *
 * A label of the series that has one of these names and another value is kept as `exported_<name>`;
 * empty values are left out; both as Prometheus does. Severity is a field and no label: an episode
 * that climbs stays the same alert.
 */
export function alertLabels(anomaly: Anomaly, name: string): Record<string, string> {
  const own: Record<string, string> = {
    alertname: name,
    metric: anomaly.metric,
    tenant: anomaly.tenant,
  };
  if (anomaly.service !== null) own.service = anomaly.service;
  const labels: Record<string, string> = {};
  for (const [label, value] of Object.entries(anomaly.labels)) {
    if (value === '') continue;
    const isOurs = Object.hasOwn(own, label) && own[label] !== value;
    labels[isOurs ? `exported_${label}` : label] = value;
  }
  for (const [label, value] of Object.entries(own)) if (value !== '') labels[label] = value;
  return labels;
}

/** Whether a signal is of an entity, and so of several series that may have signals of their own. */
export function isOfEntity({ name }: Pick<Signal, 'name'>): boolean {
  return name === ALERT_NAMES.ENTITY;
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
