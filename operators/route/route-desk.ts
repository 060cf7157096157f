import type { Notification } from '../../schemas/generated/notification.ts';
import type { DecisionEntry } from '../decision-log.ts';
import type { DueQueue } from '../due-queue.ts';

/** What the parts of routing share: the timers, the present time, and where their output goes. */
export interface RouteDesk {
  readonly timers: DueQueue;
  /** Event time now. */
  nowMs(): number;
  /** Notes a decision at the present time and returns its id. */
  decide(entry: DecisionEntry): string;
  write(notification: Notification): void;
}
