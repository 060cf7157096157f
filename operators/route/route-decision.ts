import type { DecisionEntry } from '../decision-log.ts';

const ROUTE_DECISIONS = {
  ROUTED: { kind: 'ROUTE', outcome: 'grouped', text: 'The incident joined a group of a route.' },
  HISTORICAL: {
    kind: 'SUPPRESS',
    outcome: 'not told',
    text: 'Back-fill and what comes with a lag are stored and not told.',
  },
  INCIDENT_INVALID: {
    kind: 'REJECT',
    outcome: 'dropped',
    text: 'A time of the incident is no time.',
  },
  ACKNOWLEDGED: {
    kind: 'SUPPRESS',
    outcome: 'not told',
    text: 'A repeat was due, and all open incidents of the group are acknowledged.',
  },
  PLANNED: { kind: 'DELIVER', outcome: 'planned', text: 'A notification was planned.' },
  NOTIFICATIONS_LIMIT: {
    kind: 'HOLD',
    outcome: 'held',
    text: 'The receiver had as many notifications within the hour as it may have.',
  },
  DIGEST: {
    kind: 'DIGEST',
    outcome: 'planned',
    text: 'What was held was put together into one notification.',
  },
  DELIVERY_FAILED: {
    kind: 'RETRY',
    outcome: 'planned again',
    text: 'The sink gave the notification up; it is planned again.',
  },
  DELIVERY_GIVEN_UP: {
    kind: 'DROP',
    outcome: 'dropped',
    text: 'The notification had no success within the time it is kept.',
  },
  DELIVERY_SUPERSEDED: {
    kind: 'DROP',
    outcome: 'dropped',
    text: 'The notification failed, and a later one of its group replaces it.',
  },
  INCIDENTS_LIMIT: {
    kind: 'DROP',
    outcome: 'not told',
    text: 'More incidents than are held at once.',
  },
  ROUTE_GONE: {
    kind: 'DROP',
    outcome: 'group ended',
    text: 'The route of the group is no longer configured.',
  },
} as const;

/** Why something was done with an incident, a group or a notification. */
export type RouteCode = keyof typeof ROUTE_DECISIONS;

/** What a routing decision is about. Ids are hex. */
export interface RouteSubject {
  readonly tenant: string;
  readonly incidentId?: string | undefined;
  readonly notificationId?: string | undefined;
  /** Group key, where neither an incident nor a notification is meant. */
  readonly groupKey?: string;
}

/** Words a decision about an incident, a notification or a group. */
export function routeDecision(code: RouteCode, subject: RouteSubject): DecisionEntry {
  const { tenant, incidentId, notificationId, groupKey } = subject;
  const subjectType = notificationId === undefined ? 'INCIDENT' : 'NOTIFICATION';
  return {
    ...ROUTE_DECISIONS[code],
    code,
    tenant,
    subjectType: incidentId === undefined && notificationId === undefined ? 'UNKNOWN' : subjectType,
    subjectId: notificationId ?? incidentId ?? groupKey ?? '',
    incidentId,
    notificationId,
  };
}
