import type { NotificationReason } from '../../schemas/generated/notification.ts';
import type { IncidentBrief } from './incident-brief.ts';

/** Version of the texts below, for the records that carry them. */
export const templateVersion = '1';

/** What a notification has to say, before it is worded for a receiver. */
export interface NotificationContent {
  readonly reason: NotificationReason;
  readonly tenant: string;
  readonly receiver: string;
  readonly groupLabels: Readonly<Record<string, string>>;
  /** Incidents told about, oldest first. */
  readonly incidents: readonly IncidentBrief[];
  /** Notifications that a digest stands for; 0 in others. */
  readonly held: number;
  readonly plannedMs: number;
}

/** A worded notification, and whether some of it had to be left out. */
export interface Payload {
  readonly text: string;
  readonly truncated: boolean;
}

/** Words content within a number of bytes. */
type Template = (content: NotificationContent, maxBytes: number) => Payload;

const MAX_TEXT_INCIDENTS = 10;

/**
 * The receivers that can be reached, by integration: what text each gets. Writing it out is the
 * sink’s part.
 */
const TEMPLATES: Readonly<Record<string, Template>> = { console: consoleText, file: fileLine };

/**
 * Words a notification for an integration: text of several lines for `console`, one line of JSON
 * for `file`.
 *
 * Incidents are left out from the end until the text fits. An integration without a template gets
 * the JSON.
 */
export function renderNotification(
  integration: string,
  content: NotificationContent,
  maxBytes: number,
): Payload {
  const template = TEMPLATES[integration] ?? fileLine;
  return template(content, maxBytes);
}

function consoleText(content: NotificationContent, maxBytes: number): Payload {
  const fits = (count: number) => Buffer.byteLength(textOf(content, count)) <= maxBytes;
  let shown = Math.min(content.incidents.length, MAX_TEXT_INCIDENTS);
  while (shown > 0 && !fits(shown)) shown--;
  const text = cut(textOf(content, shown), maxBytes);
  return { text, truncated: shown < content.incidents.length };
}

function textOf(content: NotificationContent, shown: number): string {
  const lines = [headline(content)];
  const isPlural = content.incidents.length > 1 || content.reason === 'DIGEST';
  for (const brief of content.incidents.slice(0, shown)) {
    lines.push(...(isPlural ? [`  - ${incidentLine(brief)}`] : details(brief)));
  }
  const rest = content.incidents.length - shown;
  if (rest > 0) lines.push(`  and ${rest} more`);
  return lines.join('\n');
}

function headline({ reason, tenant, incidents, held }: NotificationContent): string {
  const [first] = incidents;
  const about =
    incidents.length === 1 && first !== undefined ? first.title : `${incidents.length} incidents`;
  if (reason === 'DIGEST') {
    return `[DIGEST] ${tenant}: ${held} notifications held, ${incidents.length} incidents`;
  }
  return `[${stateWord(reason, incidents)}] ${tenant}: ${about}${REASON_NOTES[reason] ?? ''}`;
}

const REASON_NOTES: Partial<Readonly<Record<NotificationReason, string>>> = {
  CHANGED: ' (changed)',
  REPEAT: ' (still open)',
};

function stateWord(reason: NotificationReason, incidents: readonly IncidentBrief[]): string {
  if (reason === 'RESOLVED') return 'RESOLVED';
  return incidents.some((brief) => brief.isOpen && brief.isCritical) ? 'CRITICAL' : 'WARNING';
}

function incidentLine(brief: IncidentBrief): string {
  const state = brief.isOpen ? (brief.isCritical ? 'critical' : 'warning') : 'resolved';
  return `${state}: ${brief.title}`;
}

function details(brief: IncidentBrief): string[] {
  const until = brief.endMs === null ? '' : `, until ${isoTime(brief.endMs)}`;
  const lines = [
    `  since ${isoTime(brief.startMs)}${until}`,
    `  alerts ${brief.alertCount}, impact ${brief.impact.toLowerCase()}`,
  ];
  if (brief.services.length > 0) lines.push(`  services ${brief.services.join(', ')}`);
  lines.push(`  incident ${brief.id}`);
  return lines;
}

/**
 * The JSON has Alertmanager’s webhook names where the meaning is the same: status, receiver,
 * groupLabels, truncatedAlerts has its counterpart in `truncatedIncidents`.
 */
function fileLine(content: NotificationContent, maxBytes: number): Payload {
  let shown = content.incidents.length;
  let text = jsonOf(content, shown);
  while (shown > 0 && Buffer.byteLength(text) > maxBytes) {
    shown = Math.floor(shown / 2);
    text = jsonOf(content, shown);
  }
  return { text, truncated: shown < content.incidents.length };
}

function jsonOf(content: NotificationContent, shown: number): string {
  const { incidents, held } = content;
  return JSON.stringify({
    version: templateVersion,
    status: incidents.some((brief) => brief.isOpen) ? 'firing' : 'resolved',
    reason: content.reason,
    tenant: content.tenant,
    receiver: content.receiver,
    groupLabels: content.groupLabels,
    plannedAt: isoTime(content.plannedMs),
    held,
    truncatedIncidents: incidents.length - shown,
    incidents: incidents.slice(0, shown).map((brief) => ({
      id: brief.id,
      status: brief.isOpen ? 'firing' : 'resolved',
      severity: brief.isCritical ? 'critical' : 'warning',
      title: brief.title,
      labels: brief.labels,
      services: brief.services,
      impact: brief.impact,
      alertCount: brief.alertCount,
      startsAt: isoTime(brief.startMs),
      endsAt: brief.endMs === null ? null : isoTime(brief.endMs),
    })),
  });
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Cuts text to a number of bytes without breaking a character. */
function cut(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  let end = maxBytes;
  const bytes = Buffer.from(text);
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
