import type { ImpactTier } from '../../schemas/generated/impact.ts';
import type { Incident } from '../../schemas/generated/incident.ts';
import type { MetricType } from '../../schemas/generated/metric-type.ts';
import { idHex } from '../stable-id.ts';

/**
 * What routing and notifications need of an incident, as plain JSON. Ids are hex, times epoch ms.
 */
export interface IncidentBrief {
  readonly id: string;
  readonly revision: number;
  readonly tenant: string;
  readonly isOpen: boolean;
  readonly isCritical: boolean;
  readonly title: string;
  readonly services: readonly string[];
  readonly metricTypes: readonly MetricType[];
  readonly labels: Readonly<Record<string, string>>;
  readonly alertIds: readonly string[];
  readonly alertCount: number;
  readonly impact: ImpactTier;
  readonly startMs: number;
  readonly endMs: number | null;
  /**
   * Acknowledged until then; Infinity cannot be saved, so an acknowledgement without end is the
   * largest integer.
   */
  readonly ackUntilMs: number | null;
}

/** Takes from an incident what routing needs. An incident merged into another counts as over. */
export function incidentBrief(incident: Incident): IncidentBrief {
  return {
    id: idHex(incident.id),
    revision: incident.revision,
    tenant: incident.tenant,
    isOpen: incident.state === 'OPEN',
    isCritical: incident.severity === 'CRITICAL',
    title: incident.title,
    services: incident.services,
    metricTypes: incident.metricTypes,
    labels: incident.labels,
    alertIds: incident.alertIds.map(idHex),
    alertCount: incident.alertCount,
    impact: incident.impact?.tier ?? 'UNKNOWN',
    startMs: incident.startMs,
    endMs: incident.endMs,
    ackUntilMs: incident.ack === null ? null : (incident.ack.untilMs ?? Number.MAX_SAFE_INTEGER),
  };
}

/**
 * The labels that routes see of an incident: those its alerts share, and `tenant`, `severity`
 * (critical or warning), `incident` (its id, for grouping) and `service` where there is just one.
 */
export function routingLabels(brief: IncidentBrief): Record<string, string> {
  const labels: Record<string, string> = { ...brief.labels };
  const [service] = brief.services;
  if (brief.services.length === 1 && service !== undefined) labels.service ??= service;
  labels.tenant = brief.tenant;
  labels.severity = brief.isCritical ? 'critical' : 'warning';
  labels.incident = brief.id;
  return labels;
}

/** Orders incidents by start, then id. */
export function compareBriefs(a: IncidentBrief, b: IncidentBrief): number {
  return a.startMs - b.startMs || (a.id < b.id ? -1 : Number(a.id > b.id));
}
