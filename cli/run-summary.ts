import type { Alert } from '../schemas/generated/alert.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { Incident } from '../schemas/generated/incident.ts';
import { formatSeries } from './format-series.ts';
import { hexId, type RunFindings } from './run-findings.ts';

/** An episode in the summary of a run. Times are epoch ms UTC; `endMs` is null while it lasts. */
export interface AnomalySummary {
  readonly id: string;
  readonly series: string;
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly startMs: number;
  readonly endMs: number | null;
  readonly peakMs: number;
  /** Highest score of the episode. */
  readonly score: number;
  readonly grade: number;
  readonly tier: string;
  readonly phase: string;
  readonly value: number;
  readonly expected: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

/** What an incident or alert says of an episode in it. */
export interface MemberSummary {
  readonly id: string;
  readonly series: string;
  readonly startMs: number;
  readonly score: number;
}

/** An alert in the summary; `series`, `startMs` of its strongest episode where that was seen. */
export interface AlertSummary {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly severity: string;
  readonly series: string;
  readonly startMs: number;
  readonly endMs: number | null;
  readonly score: number | null;
  readonly incidentId: string | null;
  readonly members: readonly MemberSummary[];
}

/** An incident in the summary, with the episodes of all its alerts, strongest first. */
export interface IncidentSummary {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly severity: string;
  readonly series: string | null;
  readonly startMs: number;
  readonly endMs: number | null;
  readonly score: number | null;
  readonly alertIds: readonly string[];
  readonly members: readonly MemberSummary[];
}

/** What a run came to; the last line of `vigie start --json`. */
export interface RunSummary {
  readonly points: number;
  readonly series: number;
  readonly elapsedMs: number;
  readonly deadLettered: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly anomalies: readonly AnomalySummary[];
  readonly alerts: readonly AlertSummary[];
  readonly incidents: readonly IncidentSummary[];
}

/** Figures of a run that its findings do not hold. */
export interface RunTotals {
  readonly points: number;
  readonly series: number;
  readonly elapsedMs: number;
  readonly deadLettered: number;
  readonly dropped: Readonly<Record<string, number>>;
}

/** Sums a run up: every episode, alert and incident in its last state, oldest first. */
export function summariseRun(totals: RunTotals, findings: RunFindings): RunSummary {
  return {
    ...totals,
    anomalies: findings.anomalies.map(anomalySummary),
    alerts: findings.alerts.map((alert) => alertSummary(alert, findings.membersOfAlert(alert))),
    incidents: findings.incidents.map((incident) =>
      incidentSummary(incident, findings.membersOf(incident)),
    ),
  };
}

function anomalySummary(anomaly: Anomaly): AnomalySummary {
  const { metric, labels, startMs, endMs, peakMs, peakScore, grade, tier, phase } = anomaly;
  const { value, expected, lower, upper } = anomaly;
  const series = formatSeries(metric, labels);
  const shape = { startMs, endMs, peakMs, score: peakScore, grade, tier, phase };
  return { id: hexId(anomaly.id), series, metric, labels, ...shape, value, expected, lower, upper };
}

function memberSummary({ id, metric, labels, startMs, peakScore }: Anomaly): MemberSummary {
  return { id: hexId(id), series: formatSeries(metric, labels), startMs, score: peakScore };
}

function alertSummary(alert: Alert, members: readonly Anomaly[]): AlertSummary {
  const { name, state, severity, labels, pendingAtMs, endedAtMs, incidentId } = alert;
  const [strongest] = members;
  return {
    id: hexId(alert.id),
    name,
    state,
    severity,
    series:
      strongest === undefined
        ? seriesOfLabels(labels)
        : formatSeries(strongest.metric, strongest.labels),
    startMs: pendingAtMs,
    endMs: endedAtMs,
    score: strongest?.peakScore ?? null,
    incidentId: incidentId === null ? null : hexId(incidentId),
    members: members.map(memberSummary),
  };
}

/** What an alert's labels say of its series, for when the episode itself was not seen. */
function seriesOfLabels(labels: Readonly<Record<string, string>>): string {
  return formatSeries(labels.metric ?? '', labels, ['alertname', 'metric', 'tenant']);
}

function incidentSummary(incident: Incident, members: readonly Anomaly[]): IncidentSummary {
  const { title, state, severity, startMs, endMs, alertIds } = incident;
  const [strongest] = members;
  return {
    id: hexId(incident.id),
    title,
    state,
    severity,
    series: strongest === undefined ? null : formatSeries(strongest.metric, strongest.labels),
    startMs,
    endMs,
    score: strongest?.peakScore ?? null,
    alertIds: alertIds.map(hexId),
    members: members.map(memberSummary),
  };
}
