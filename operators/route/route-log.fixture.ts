import type { Decision } from '../../schemas/generated/decision.ts';
import type { Notification } from '../../schemas/generated/notification.ts';
import { asText } from '../correlate/correlation-log.fixture.ts';
import type { RouteSink } from './router.ts';

/** A sink for tests that keeps all it is given. */
export class RouteLog implements RouteSink {
  readonly notifications: Notification[] = [];
  readonly decisions: Decision[] = [];
  /** All of it, in order, as text: equal logs are equal byte for byte. */
  readonly lines: string[] = [];

  notification(notification: Notification): void {
    this.notifications.push(notification);
    this.lines.push(`notification ${asText(notification)}`);
  }

  decision(decision: Decision): void {
    this.decisions.push(decision);
    this.lines.push(`decision ${asText(decision)}`);
  }

  /** Reason, state and time of each notification, short. */
  get summary(): string[] {
    return this.notifications.map(
      ({ reason, state, plannedMs, receiver }) =>
        `${plannedMs / 1000}s ${receiver} ${reason} ${state}`,
    );
  }

  /** Number of decisions with a code, repeats counted. */
  count(code: string): number {
    return this.decisions.reduce((sum, each) => sum + (each.code === code ? each.count : 0), 0);
  }
}
