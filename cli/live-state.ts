import type { Alert } from '../schemas/generated/alert.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { Incident } from '../schemas/generated/incident.ts';

/** Series by stage of their life. */
export interface LifeCycleCounts {
  readonly cold: number;
  readonly warming: number;
  readonly probation: number;
  readonly live: number;
  readonly stale: number;
}

/** An episode with the last values of its series, oldest first. */
export interface LiveAnomaly {
  readonly anomaly: Anomaly;
  readonly history: readonly number[];
}

/** An incident with its alerts and the strongest of its episodes. */
export interface LiveIncident {
  readonly incident: Incident;
  readonly alerts: readonly Alert[];
  readonly peak: Anomaly | undefined;
}

/** A load that the person asked for, and whether it is on. */
export interface LiveStress {
  readonly kind: string;
  readonly state: 'waiting' | 'running' | 'done';
  /** Until it begins while waiting, until it ends while running. */
  readonly remainingMs: number;
}

/** Everything the live view shows; the view is a pure function of it. */
export interface LiveState {
  readonly host: string;
  readonly elapsedMs: number;
  /** Absent when the run has no end of its own. */
  readonly durationMs?: number | undefined;
  readonly points: number;
  readonly pointsPerSecond: number;
  readonly rateHistory: readonly number[];
  readonly lifeCycle: LifeCycleCounts;
  /** Until the first series can open episodes; absent once one can. */
  readonly opensInMs?: number | undefined;
  /** Until the first series is live; absent once one is. */
  readonly liveInMs?: number | undefined;
  /** True when the run began with the state of an earlier one. */
  readonly resumed: boolean;
  readonly lagRecords: number;
  readonly lagSeconds: number;
  readonly deadLettered: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** Newest first. */
  readonly anomalies: readonly LiveAnomaly[];
  /** Newest first. */
  readonly incidents: readonly LiveIncident[];
  readonly anomalyCount: number;
  readonly incidentCount: number;
  /** Notifications that the console receiver got. */
  readonly notificationCount: number;
  readonly stress?: LiveStress | undefined;
}
