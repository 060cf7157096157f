import type { DecisionEntry } from '../decision-log.ts';
import type { AlertMemory } from './alert-memory.ts';
import type { Signal } from './signal.ts';

const ALERT_DECISIONS = {
  ALERT_PENDING: { kind: 'OPEN', outcome: 'pending', text: 'An episode opened; its alert waits.' },
  ALERT_FIRED: { kind: 'OPEN', outcome: 'firing', text: 'An episode opened; its alert fires.' },
  ALERT_FIRED_AGAIN: {
    kind: 'OPEN',
    outcome: 'firing',
    text: 'An episode opened within the window after the end of its alert, which goes on.',
  },
  ALERT_RESOLVED: { kind: 'CLOSE', outcome: 'resolved', text: 'The episode ended and stayed so.' },
  ALERT_EXPIRED: { kind: 'CLOSE', outcome: 'resolved', text: 'Nothing was heard of the episode.' },
  ALERTS_LIMIT: { kind: 'DROP', outcome: 'dropped', text: 'More alerts than are held at once.' },
  SIGNAL_OUTDATED: {
    kind: 'DROP',
    outcome: 'dropped',
    text: 'A later episode of the series was heard of before.',
  },
  SIGNAL_INVALID: {
    kind: 'REJECT',
    outcome: 'dropped',
    text: 'A time of the episode is no time.',
  },
  SIGNAL_LATE: {
    kind: 'GROUP',
    outcome: 'taken',
    text: 'The signal came behind the watermark and was taken at once.',
  },
  SIGNAL_REPEATED: {
    kind: 'DROP',
    outcome: 'dropped',
    text: 'This or a later revision of the episode was taken before.',
  },
  SIGNALS_LIMIT: {
    kind: 'GROUP',
    outcome: 'taken',
    text: 'More signals than may wait for the watermark; the oldest was taken early.',
  },
  CLOSE_WITHOUT_EPISODE: {
    kind: 'DROP',
    outcome: 'dropped',
    text: 'An episode ended of which no alert is held.',
  },
} as const;

/** Why something was done with a signal or alert. */
export type AlertCode = keyof typeof ALERT_DECISIONS;

/** Words a decision about a signal, and about its alert where there is one. */
export function alertDecision(
  code: AlertCode,
  signal: Signal,
  memory?: AlertMemory,
): DecisionEntry {
  return {
    ...ALERT_DECISIONS[code],
    code,
    tenant: signal.tenant,
    subjectType: memory === undefined ? 'ANOMALY' : 'ALERT',
    subjectId: memory?.id ?? signal.id,
    anomalyId: signal.id,
    alertId: memory?.id,
    incidentId: memory?.incidentId ?? undefined,
    ruleId: signal.ruleId,
    ruleVersion: signal.ruleVersion,
  };
}
