import type { IncidentBrief } from './incident-brief.ts';

const HOUR_MS = 3_600_000;
const MAX_HELD_INCIDENTS = 100;

/** What a receiver was sent of a tenant in the last hour, and what is held back, as plain JSON. */
export interface ReceiverLimit {
  readonly tenant: string;
  readonly receiver: string;
  /** Times of the notifications of the last hour, oldest first. */
  plannedMs: number[];
  /** Notifications held since the last digest. */
  held: number;
  /** Incidents of those notifications, as they were last, at most 100. */
  incidents: IncidentBrief[];
}

/** The limit of a receiver that was sent nothing yet. */
export function freshLimit(tenant: string, receiver: string): ReceiverLimit {
  return { tenant, receiver, plannedMs: [], held: 0, incidents: [] };
}

/**
 * Tells whether a notification may be planned, and if so counts it.
 *
 * While anything is held, everything is: the digest goes first.
 */
export function admit(limit: ReceiverLimit, nowMs: number, perHour: number): boolean {
  if (limit.held > 0 || !hasRoom(limit, nowMs, perHour)) return false;
  limit.plannedMs.push(nowMs);
  return true;
}

/** Holds a notification back; of an incident the latest stays. */
export function hold(limit: ReceiverLimit, incidents: readonly IncidentBrief[]): void {
  limit.held++;
  for (const brief of incidents) {
    const at = limit.incidents.findIndex((each) => each.id === brief.id);
    if (at >= 0) limit.incidents[at] = brief;
    else if (limit.incidents.length < MAX_HELD_INCIDENTS) limit.incidents.push(brief);
  }
}

/** Takes out what is held, for the digest, and counts that. */
export function takeHeld(
  limit: ReceiverLimit,
  nowMs: number,
): { readonly held: number; readonly incidents: readonly IncidentBrief[] } {
  const { held, incidents } = limit;
  limit.plannedMs = limit.plannedMs.filter((ms) => ms > nowMs - HOUR_MS);
  limit.plannedMs.push(nowMs);
  limit.held = 0;
  limit.incidents = [];
  return { held, incidents };
}

/**
 * When something is to be done: the digest once there is room, or the end of the hour of the last
 * notification, when the limit need not be kept any longer; undefined when nothing is known.
 */
export function limitDueMs(limit: ReceiverLimit, perHour: number): number | undefined {
  const { plannedMs, held } = limit;
  const at = held > 0 ? plannedMs.length - perHour : plannedMs.length - 1;
  const ms = plannedMs[Math.max(0, at)];
  return ms === undefined ? undefined : ms + HOUR_MS;
}

function hasRoom(limit: ReceiverLimit, nowMs: number, perHour: number): boolean {
  limit.plannedMs = limit.plannedMs.filter((ms) => ms > nowMs - HOUR_MS);
  return limit.plannedMs.length < perHour;
}
