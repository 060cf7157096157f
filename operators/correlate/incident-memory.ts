import type { Movement } from '../../schemas/generated/anomaly.ts';
import type { Incident } from '../../schemas/generated/incident.ts';
import type { MetricType } from '../../schemas/generated/metric-type.ts';
import { idBytes, stableId } from '../stable-id.ts';
import type { AlertMemory } from './alert-memory.ts';
import { movementText } from './alert-text.ts';
import { impactRecord, impactScore } from './impact.ts';

const MAX_LISTED = 100;

/**
 * An incident as it is held between changes, as plain JSON: what its alerts came to so far. Ids are
 * hex.
 */
export interface IncidentMemory {
  readonly id: string;
  readonly startMs: number;
  /** Revision of the next record. */
  revision: number;
  critical: boolean;
  historical: boolean;
  alertIds: string[];
  alertCount: number;
  services: string[];
  metricTypes: MetricType[];
  labels: Record<string, string>;
  impact: number;
  burn: number | null;
  /** The alert with the highest score so far, for the title. */
  lead: { readonly metric: string; readonly movement: Movement; readonly score: number };
  endMs: number | null;
  changedAtMs: number;
}

/**
 * Makes an incident of its first alert; the others are added by `absorb`.
 *
 * Its id follows from the tenant, that alert and `startMs`.
 */
export function createIncident(first: AlertMemory, startMs: number): IncidentMemory {
  const { signal } = first;
  return {
    id: stableId('incident', signal.tenant, first.id, startMs),
    startMs,
    revision: 0,
    critical: false,
    historical: true,
    alertIds: [],
    alertCount: 0,
    services: [],
    metricTypes: [],
    labels: { ...signal.labels },
    impact: 0,
    burn: null,
    lead: { metric: signal.metric, movement: signal.movement, score: Number.NEGATIVE_INFINITY },
    endMs: null,
    changedAtMs: startMs,
  };
}

/** Adds an alert to the sums of an incident. */
export function absorb(incident: IncidentMemory, alert: AlertMemory): void {
  const { signal } = alert;
  incident.alertCount++;
  if (incident.alertIds.length < MAX_LISTED) incident.alertIds.push(alert.id);
  if (signal.service !== null) insertSorted(incident.services, signal.service);
  insertSorted(incident.metricTypes, signal.metricType);
  for (const [name, value] of Object.entries(incident.labels)) {
    if (signal.labels[name] !== value) delete incident.labels[name];
  }
  raise(incident, alert);
}

/**
 * Takes what an alert has come to into the sums of its incident; returns true when any of them
 * rose.
 */
export function raise(incident: IncidentMemory, alert: AlertMemory): boolean {
  const { signal } = alert;
  const impact = impactScore(signal.grade, signal.metricType);
  const burn = Math.max(signal.burn ?? 0, incident.burn ?? 0);
  const rose = impact > incident.impact || signal.peakScore > incident.lead.score;
  const worse = alert.critical && !incident.critical;
  incident.critical ||= alert.critical;
  incident.impact = Math.max(incident.impact, impact);
  if (burn > 0) incident.burn = burn;
  if (signal.peakScore > incident.lead.score) {
    const { metric, movement, peakScore } = signal;
    incident.lead = { metric, movement, score: peakScore };
  }
  return rose || worse;
}

/** Writes the record of an incident at its present revision; `place` says what its alerts share. */
export function incidentRecord(incident: IncidentMemory, tenant: string, place: string): Incident {
  return {
    id: idBytes(incident.id),
    revision: incident.revision,
    tenant,
    state: incident.endMs === null ? 'OPEN' : 'RESOLVED',
    mergedInto: null,
    splitFrom: null,
    title: titleOf(incident, place),
    alertIds: incident.alertIds.map(idBytes),
    alertCount: incident.alertCount,
    severity: incident.critical ? 'CRITICAL' : 'WARNING',
    labels: { ...incident.labels },
    metricTypes: [...incident.metricTypes],
    services: [...incident.services],
    causes: [],
    impact: impactRecord(incident.impact, incident.burn),
    ack: null,
    escalation: null,
    startMs: incident.startMs,
    endMs: incident.endMs,
    changedAtMs: incident.changedAtMs,
    remediations: [],
    historical: incident.historical,
  };
}

function titleOf(incident: IncidentMemory, place: string): string {
  const { metric, movement } = incident.lead;
  const others = incident.alertCount - 1;
  const more = others === 0 ? '' : `, and ${others} more alert${others === 1 ? '' : 's'}`;
  const where = place === metric ? '' : `${place}: `;
  return `${where}${metric} ${movementText(movement)}${more}`;
}

/** Keeps a short list sorted and without repeats; beyond the bound new entries are left out. */
function insertSorted<T extends string>(list: T[], entry: T): void {
  if (list.includes(entry) || list.length >= MAX_LISTED) return;
  list.push(entry);
  list.sort();
}
