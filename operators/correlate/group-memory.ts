import type { IncidentMemory } from './incident-memory.ts';
import type { Signal } from './signal.ts';

/** What holds the alerts of a group together: one label of one tenant. */
export interface GroupTerms {
  readonly key: string;
  readonly tenant: string;
  readonly label: string;
  readonly value: string;
}

/** A session of alerts that fired close together, as plain JSON. */
export interface GroupMemory {
  readonly key: string;
  readonly terms: GroupTerms;
  readonly startMs: number;
  /** Event time of the last thing heard of its alerts. */
  lastMs: number;
  /** Event time at which the last alert of its incident ended so far. */
  endedMs: number | null;
  incident: IncidentMemory | null;
  /** When it ends; null while an alert fires. */
  closeMs: number | null;
  /** When a record that was put off is due; null when none is. */
  updateMs: number | null;
  /** How much later than that by the clock, because its alerts came late. */
  lagMs: number;
}

/** The terms by which an alert is grouped: the first of the labels it has, else its metric. */
export function groupTerms(signal: Signal, groupBy: readonly string[]): GroupTerms {
  const label = groupBy.find((name) => (signal.labels[name] ?? '') !== '') ?? 'metric';
  const value = signal.labels[label] ?? signal.metric;
  const key = JSON.stringify([signal.tenant, label, value]);
  return { key, tenant: signal.tenant, label, value };
}

/** Event time at which the next thing is due of a group; Infinity when nothing is. */
export function groupDueMs(group: GroupMemory): number {
  const { updateMs, closeMs } = group;
  return Math.min(updateMs ?? Number.POSITIVE_INFINITY, closeMs ?? Number.POSITIVE_INFINITY);
}
