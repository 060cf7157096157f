import type { NotificationReason } from '../../schemas/generated/notification.ts';
import type { IncidentBrief } from './incident-brief.ts';
import type { Route } from './route-tree.ts';

/** What a receiver was last told of an open incident. */
export interface Told {
  readonly isCritical: boolean;
  readonly alertCount: number;
  readonly services: number;
}

/** Incidents that are told together, as plain JSON. Ids are hex. */
export interface RouteGroup {
  readonly key: string;
  readonly routeId: string;
  readonly receiver: string;
  readonly tenant: string;
  readonly labels: Readonly<Record<string, string>>;
  incidentIds: string[];
  /** Open incidents of the last notification; null before the first. */
  told: Record<string, Told> | null;
  toldMs: number;
  dueMs: number;
}

/** Why a group is told at a flush, or why it is not. */
export type FlushVerdict = NotificationReason | 'NOTHING' | 'ACKNOWLEDGED';

/**
 * Decides whether a receiver must be told about a group, by Alertmanager’s rules.
 *
 * FIRST: nothing of it was told, and something is open. CHANGED: an incident is new to it, one it
 * was told of ended, or one got worse (critical, another service, or twice the alerts). RESOLVED:
 * all it was told of ended. REPEAT: nothing changed for the repeat interval; never while all open
 * incidents are acknowledged.
 */
export function flushVerdict(
  group: RouteGroup,
  briefs: readonly IncidentBrief[],
  terms: { readonly route: Route; readonly sendResolved: boolean; readonly nowMs: number },
): FlushVerdict {
  const told = group.told ?? {};
  const open = briefs.filter((brief) => brief.isOpen);
  const knowsSomething = Object.keys(told).length > 0;
  if (open.length === 0) return knowsSomething && terms.sendResolved ? 'RESOLVED' : 'NOTHING';
  if (!knowsSomething) return 'FIRST';
  if (open.some((brief) => isNews(told[brief.id], brief))) return 'CHANGED';
  const ended = briefs.some((brief) => !brief.isOpen && told[brief.id] !== undefined);
  if (ended && terms.sendResolved) return 'CHANGED';
  if (terms.nowMs - group.toldMs < terms.route.repeatIntervalMs) return 'NOTHING';
  const isQuiet = open.every((brief) => (brief.ackUntilMs ?? 0) > terms.nowMs);
  return isQuiet ? 'ACKNOWLEDGED' : 'REPEAT';
}

/** What is remembered of the open incidents of a notification. */
export function toldOf(briefs: readonly IncidentBrief[]): Record<string, Told> {
  const told: Record<string, Told> = {};
  for (const { id, isOpen, isCritical, alertCount, services } of briefs) {
    if (isOpen) told[id] = { isCritical, alertCount, services: services.length };
  }
  return told;
}

function isNews(told: Told | undefined, brief: IncidentBrief): boolean {
  if (told === undefined) return true;
  if (brief.isCritical && !told.isCritical) return true;
  return brief.services.length > told.services || brief.alertCount >= 2 * told.alertCount;
}
