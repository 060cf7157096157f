import type {
  Alert,
  AlertChangeKind,
  ResolvedReason,
  Suppression,
} from '../../schemas/generated/alert.ts';
import { idBytes } from '../stable-id.ts';
import { alertAnnotations } from './alert-text.ts';
import { impactRecord, impactScore } from './impact.ts';
import type { Signal } from './signal.ts';

const NOT_SUPPRESSED: Suppression = {
  silences: [],
  inhibitions: [],
  intervals: [],
  maintenance: [],
};

/** What is to happen to an alert if no signal comes first. */
export interface AlertTimer {
  readonly kind: 'FIRE' | 'RESOLVE' | 'EXPIRE' | 'FORGET';
  /** Event time of the effect. */
  readonly dueMs: number;
  /**
   * How far behind the clock its last signal came: the timer runs that much later, with the same
   * effect.
   */
  readonly lagMs: number;
}

/** An alert as it is held between signals, as plain JSON. Ids are hex. */
export interface AlertMemory {
  readonly id: string;
  readonly pendingAtMs: number;
  /** Revision of the next record. */
  revision: number;
  state: 'PENDING' | 'FIRING' | 'RESOLVED';
  /** Reached by an episode since it last fired. */
  critical: boolean;
  breach: boolean;
  historical: boolean;
  /** The episode that is open; null when none is. */
  episode: string | null;
  /** Event time at which the last episode ended. */
  episodeEndMs: number | null;
  firedAtMs: number | null;
  endedAtMs: number | null;
  resolvedReason: ResolvedReason | null;
  lastSignalMs: number;
  changedAtMs: number;
  flapCount: number;
  anomalyIds: string[];
  anomalyCount: number;
  groupKey: string | null;
  incidentId: string | null;
  timer: AlertTimer | null;
  /** The last signal that said something new. */
  signal: Signal;
}

/** Writes the record of an alert at its present revision. */
export function alertRecord(
  memory: AlertMemory,
  kind: AlertChangeKind,
  decisionId: string | null,
): Alert {
  const { signal } = memory;
  return {
    id: idBytes(memory.id),
    revision: memory.revision,
    tenant: signal.tenant,
    name: signal.name,
    fingerprint: idBytes(signal.fingerprint),
    labels: signal.labels,
    annotations: alertAnnotations(signal),
    severity: memory.critical ? 'CRITICAL' : 'WARNING',
    state: memory.state,
    resolvedReason: memory.resolvedReason,
    suppressedBy: NOT_SUPPRESSED,
    ack: null,
    pendingAtMs: memory.pendingAtMs,
    firedAtMs: memory.firedAtMs,
    endedAtMs: memory.endedAtMs,
    lastSignalMs: memory.lastSignalMs,
    changedAtMs: memory.changedAtMs,
    flapCount: memory.flapCount,
    anomalyIds: memory.anomalyIds.map(idBytes),
    anomalyCount: memory.anomalyCount,
    ruleId: signal.ruleId,
    ruleVersion: signal.ruleVersion,
    incidentId: memory.incidentId === null ? null : idBytes(memory.incidentId),
    impact: impactRecord(impactScore(signal.grade, signal.metricType), signal.burn),
    runbookUrl: signal.runbookUrl,
    generatorUrl: null,
    historical: memory.historical,
    change: { kind, commandId: null, decisionId },
  };
}
