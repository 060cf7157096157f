import type { DecisionEntry } from '../decision-log.ts';
import type { AlertMemory } from './alert-memory.ts';
import type { GroupMemory } from './group-memory.ts';

const INCIDENT_DECISIONS = {
  INCIDENT_OPENED: {
    kind: 'OPEN',
    outcome: 'open',
    text: 'A critical alert, a breach or enough warnings came together.',
  },
  INCIDENT_RESOLVED: {
    kind: 'CLOSE',
    outcome: 'resolved',
    text: 'All alerts of the incident have been over for the window.',
  },
  ALERT_JOINED: { kind: 'GROUP', outcome: 'grouped', text: 'The alert joined an open incident.' },
  WARNING_ALONE: {
    kind: 'SUPPRESS',
    outcome: 'no incident',
    text: 'Warnings of fewer than minMembers series do not open an incident.',
  },
  GROUPS_LIMIT: {
    kind: 'DROP',
    outcome: 'closed early',
    text: 'More groups than are held at once.',
  },
} as const;

/** Why something was done with a group or incident. */
export type IncidentCode = keyof typeof INCIDENT_DECISIONS;

/** Words a decision about an incident, or about an alert of a group that has none. */
export function incidentDecision(
  code: IncidentCode,
  group: GroupMemory,
  alert?: AlertMemory,
): DecisionEntry {
  const { incident, terms } = group;
  const isAboutAlert = alert !== undefined && code !== 'INCIDENT_OPENED';
  return {
    ...INCIDENT_DECISIONS[code],
    code,
    tenant: terms.tenant,
    subjectType: isAboutAlert ? 'ALERT' : 'INCIDENT',
    subjectId: isAboutAlert ? alert.id : (incident?.id ?? group.key),
    alertId: alert?.id,
    incidentId: incident?.id,
  };
}
