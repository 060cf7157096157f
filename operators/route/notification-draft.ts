import { createHash } from 'node:crypto';
import type {
  EventType,
  Notification,
  NotificationReason,
  NotificationState,
} from '../../schemas/generated/notification.ts';
import { idBytes, stableId } from '../stable-id.ts';
import { compareBriefs, type IncidentBrief } from './incident-brief.ts';
import type { ReceiverOptions } from './options.ts';
import { type NotificationContent, renderNotification, templateVersion } from './receivers.ts';

const MAX_LISTED = 100;

/** What a notification is made of. */
export interface NotificationDraft {
  readonly reason: NotificationReason;
  readonly tenant: string;
  readonly groupKey: string;
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly incidents: readonly IncidentBrief[];
  readonly held: number;
  readonly plannedMs: number;
}

/**
 * Writes the record of a planned or held notification; only a planned one is worded.
 *
 * The id follows from the incidents with their revisions, receiver, reason and group; a repeat and
 * a digest also from the time, since nothing else tells one from the next. The earliest incident
 * that is open leads.
 */
export function draftNotification(
  draft: NotificationDraft,
  receiver: ReceiverOptions,
  state: NotificationState & ('PLANNED' | 'HELD'),
  maxPayloadBytes: number,
): Notification {
  const incidents = [...draft.incidents].sort(compareBriefs);
  const lead = incidents.find((brief) => brief.isOpen) ?? incidents[0];
  const id = notificationId(draft, receiver.name, incidents);
  const content: NotificationContent = { ...draft, incidents, receiver: receiver.name };
  const payload =
    state === 'PLANNED'
      ? renderNotification(receiver.integration, content, maxPayloadBytes)
      : undefined;
  const isDigest = draft.reason === 'DIGEST';
  return {
    id: idBytes(id),
    tenant: draft.tenant,
    incidentId: isDigest || lead === undefined ? null : idBytes(lead.id),
    incidentIds: incidents.slice(0, MAX_LISTED).map((brief) => idBytes(brief.id)),
    alertIds: isDigest ? [] : alertIds(incidents).map(idBytes),
    groupKey: draft.groupKey,
    receiver: receiver.name,
    integration: receiver.integration,
    eventType: eventType(draft.reason, lead),
    reason: draft.reason,
    level: null,
    target: receiver.path ?? receiver.integration,
    idempotencyKey: `vigie-${id}`,
    state,
    attempt: 0,
    code: null,
    retryAtMs: null,
    plannedMs: draft.plannedMs,
    startMs: incidents[0]?.startMs ?? null,
    sentMs: null,
    onsetDelayMs: null,
    templateVersion,
    payload: payload?.text ?? null,
    payloadSha256: payload === undefined ? null : sha256(payload.text),
    truncated: payload?.truncated ?? false,
    possibleRepeat: false,
    decisionId: null,
  };
}

function notificationId(
  draft: NotificationDraft,
  receiver: string,
  incidents: readonly IncidentBrief[],
): string {
  const what = incidents.map((brief) => `${brief.id}:${brief.revision}`).join(' ');
  const isTimed = draft.reason === 'REPEAT' || draft.reason === 'DIGEST';
  const when = isTimed ? String(draft.plannedMs) : '';
  return stableId('notification', draft.tenant, draft.groupKey, receiver, draft.reason, what, when);
}

function alertIds(incidents: readonly IncidentBrief[]): string[] {
  return incidents.flatMap((brief) => brief.alertIds).slice(0, MAX_LISTED);
}

function eventType(reason: NotificationReason, lead: IncidentBrief | undefined): EventType {
  if (reason === 'DIGEST') return 'digest';
  if (reason === 'RESOLVED') return 'resolved';
  const types = lead?.metricTypes ?? [];
  if (types.includes('SECURITY')) return 'security_incident';
  if (types.includes('COMPLIANCE')) return 'compliance_violation';
  if (types.includes('SLI')) return 'sla_breach';
  if (types.includes('ML')) return 'model_drift';
  return lead?.isCritical === true ? 'critical_alert' : 'anomaly_detected';
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
