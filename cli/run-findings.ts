import type { Alert } from '../schemas/generated/alert.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { Incident } from '../schemas/generated/incident.ts';

/** Most episodes, alerts and incidents kept, of each; the oldest go. */
const KEPT = 10_000;

/** Writes an id as hex, as commands and notifications show it. */
export function hexId(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('hex');
}

/**
 * What a run found so far: the last revision of every episode, alert and incident, in the order they appeared.
 *
 * Older revisions that arrive late are ignored, so repeats and replays change nothing.
 */
export class RunFindings {
  readonly #anomalies = new Map<string, Anomaly>();
  readonly #earlier = new Map<string, Anomaly>();
  readonly #alerts = new Map<string, Alert>();
  readonly #incidents = new Map<string, Incident>();
  readonly #incidentOfAlert = new Map<string, string>();

  /** Notifications printed so far. */
  notifications = 0;

  /** Takes a record of an episode. */
  takeAnomaly(anomaly: Anomaly): void {
    keep(this.#anomalies, anomaly);
  }

  /** Takes a record of an episode from before the run: not found by it, but alerts of it may hold it. */
  takeEarlier(anomaly: Anomaly): void {
    keep(this.#earlier, anomaly);
  }

  /** Takes a record of an alert. */
  takeAlert(alert: Alert): void {
    if (alert.incidentId !== null)
      this.#incidentOfAlert.set(hexId(alert.id), hexId(alert.incidentId));
    keep(this.#alerts, alert);
  }

  /** Takes a record of an incident. */
  takeIncident(incident: Incident): void {
    for (const id of incident.alertIds) this.#incidentOfAlert.set(hexId(id), hexId(incident.id));
    keep(this.#incidents, incident);
  }

  get anomalies(): readonly Anomaly[] {
    return [...this.#anomalies.values()];
  }

  get alerts(): readonly Alert[] {
    return [...this.#alerts.values()];
  }

  get incidents(): readonly Incident[] {
    return [...this.#incidents.values()];
  }

  /** The episode behind an id, if it was seen. */
  anomaly(id: Uint8Array): Anomaly | undefined {
    return this.#anomalies.get(hexId(id)) ?? this.#earlier.get(hexId(id));
  }

  /** Alerts that belong to an incident, as far as they were seen. */
  alertsOf(incident: Incident): readonly Alert[] {
    const id = hexId(incident.id);
    return this.alerts.filter((alert) => this.#incidentOfAlert.get(hexId(alert.id)) === id);
  }

  /** Episodes behind an incident, strongest first, as far as they were seen. */
  membersOf(incident: Incident): readonly Anomaly[] {
    const members = this.alertsOf(incident).flatMap((alert) => this.membersOfAlert(alert));
    return [...new Set(members)].sort((a, b) => b.peakScore - a.peakScore);
  }

  /** Episodes behind an alert, strongest first, as far as they were seen. */
  membersOfAlert(alert: Alert): readonly Anomaly[] {
    const members = alert.anomalyIds
      .map((id) => this.anomaly(id))
      .filter((each) => each !== undefined);
    return members.sort((a, b) => b.peakScore - a.peakScore);
  }
}

function keep<R extends { readonly id: Uint8Array; readonly revision: number }>(
  map: Map<string, R>,
  record: R,
): void {
  const id = hexId(record.id);
  const known = map.get(id);
  if (known !== undefined && known.revision >= record.revision) return;
  map.set(id, record);
  if (map.size > KEPT) map.delete(map.keys().next().value ?? id);
}
