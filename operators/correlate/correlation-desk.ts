import type { Alert } from '../../schemas/generated/alert.ts';
import type { Incident } from '../../schemas/generated/incident.ts';
import type { DecisionEntry } from '../decision-log.ts';
import type { DueQueue } from '../due-queue.ts';

/** What the parts of correlation share: the timers, and where their output goes. */
export interface CorrelationDesk {
  readonly timers: DueQueue;
  /** Notes a decision at the present time and returns its id. */
  decide(entry: DecisionEntry): string;
  writeAlert(alert: Alert): void;
  writeIncident(incident: Incident): void;
}
