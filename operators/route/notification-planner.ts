import type { Notification } from '../../schemas/generated/notification.ts';
import { KeyedState } from '../keyed-state.ts';
import { idHex } from '../stable-id.ts';
import { isFinal } from './delivery.ts';
import { draftNotification, type NotificationDraft } from './notification-draft.ts';
import type { ReceiverOptions, RouteOptions } from './options.ts';
import { loadNotification, type OutstandingPlan, saveNotification } from './planned-log.ts';
import {
  admit,
  freshLimit,
  hold,
  limitDueMs,
  type ReceiverLimit,
  takeHeld,
} from './receiver-limit.ts';
import { type RouteCode, routeDecision } from './route-decision.ts';
import type { RouteDesk } from './route-desk.ts';

/**
 * Plans notifications within the limit of their receiver, and follows them to their outcome.
 *
 * Above the limit a notification is HELD, and once there is room one DIGEST tells all that was
 * held. A planned one is outstanding until an outcome comes: after a final failure it is planned
 * again under the same id with the attempts so far, unless a later one of its group takes its
 * place; without success it is given up in the end.
 */
export class NotificationPlanner {
  readonly limits = new KeyedState<ReceiverLimit>();
  /** What is outstanding, by group and receiver: of each the notification planned last. */
  readonly plans = new KeyedState<OutstandingPlan>();
  readonly #options: RouteOptions;
  readonly #desk: RouteDesk;

  constructor(options: RouteOptions, desk: RouteDesk) {
    this.#options = options;
    this.#desk = desk;
  }

  /** The receiver of a name, or undefined when it is not configured. */
  receiver(name: string): ReceiverOptions | undefined {
    return this.#options.receivers.find((each) => each.name === name);
  }

  plan(draft: NotificationDraft, receiver: ReceiverOptions): void {
    const { maxNotificationsPerHour } = this.#options;
    const key = JSON.stringify([draft.tenant, receiver.name]);
    const limit = this.limits.get(key) ?? freshLimit(draft.tenant, receiver.name);
    if (admit(limit, this.#desk.nowMs(), maxNotificationsPerHour)) {
      this.#write(draft, receiver, 'PLANNED', 'PLANNED');
    } else {
      hold(limit, draft.incidents);
      this.#write(draft, receiver, 'HELD', 'NOTIFICATIONS_LIMIT');
    }
    this.#keepLimit(key, limit);
  }

  /**
   * Takes in what came of an attempt; records of planned and held notifications are our own and
   * pass by.
   */
  outcome(notification: Notification): void {
    const key = planKey(notification);
    const plan = this.plans.get(key);
    if (plan === undefined || plan.failed || !isFinal(notification)) return;
    if (plan.notification.id !== idHex(notification.id)) return;
    if (notification.attempt <= plan.notification.attempt) return;
    if (notification.state !== 'FAILED') return this.#dropPlan(key);
    const { attempt, code } = notification;
    const retryMs = this.#desk.nowMs() + this.#options.retryIntervalMs;
    const again = { ...plan.notification, attempt, code, possibleRepeat: true };
    const dueMs = Math.min(retryMs, this.#giveUpMs(plan));
    this.#keepPlan(key, { notification: again, dueMs, failed: true });
  }

  /** The digest is due, or the limit need not be kept. */
  runLimit(key: string): void {
    const limit = this.limits.get(key);
    if (limit === undefined) return;
    const receiver = this.receiver(limit.receiver);
    if (limit.held === 0 || receiver === undefined) return this.limits.delete(key);
    const plannedMs = this.#desk.nowMs();
    const { tenant } = limit;
    const { held, incidents } = takeHeld(limit, plannedMs);
    const draft: NotificationDraft = {
      reason: 'DIGEST',
      tenant,
      groupKey: key,
      groupLabels: {},
      incidents,
      held,
      plannedMs,
    };
    this.#write(draft, receiver, 'PLANNED', 'DIGEST');
    this.#keepLimit(key, limit);
  }

  /** A failed notification is due again, or one without outcome is given up. */
  runPlan(key: string): void {
    const plan = this.plans.get(key);
    if (plan === undefined) return;
    const { notification } = plan;
    if (this.#desk.nowMs() >= this.#giveUpMs(plan)) {
      this.#decide('DELIVERY_GIVEN_UP', plan);
      return this.#dropPlan(key);
    }
    const decisionId = this.#decide('DELIVERY_FAILED', plan);
    this.#desk.write({ ...loadNotification(notification), state: 'PLANNED', decisionId });
    this.#keepPlan(key, { notification, dueMs: this.#giveUpMs(plan), failed: false });
  }

  restoreLimit(key: string, limit: ReceiverLimit | undefined): void {
    this.limits.restore(key, limit);
    this.#scheduleLimit(key, limit);
  }

  restorePlan(key: string, plan: OutstandingPlan | undefined): void {
    this.plans.restore(key, plan);
    if (plan === undefined) this.#desk.timers.cancel(`plan/${key}`);
    else this.#desk.timers.schedule(`plan/${key}`, plan.dueMs);
  }

  #write(
    draft: NotificationDraft,
    receiver: ReceiverOptions,
    state: 'PLANNED' | 'HELD',
    code: RouteCode,
  ): void {
    const drafted = draftNotification(draft, receiver, state, this.#options.maxPayloadBytes);
    const id = idHex(drafted.id);
    const incidentId = drafted.incidentId === null ? undefined : idHex(drafted.incidentId);
    const subject = { tenant: draft.tenant, notificationId: id, incidentId };
    const decisionId = this.#desk.decide(routeDecision(code, subject));
    const notification: Notification = { ...drafted, decisionId };
    this.#desk.write(notification);
    if (state === 'HELD') return;
    const key = planKey(notification);
    const before = this.plans.get(key);
    if (before?.failed === true) this.#decide('DELIVERY_SUPERSEDED', before);
    const dueMs = draft.plannedMs + this.#options.giveUpAfterMs;
    this.#keepPlan(key, { notification: saveNotification(notification), dueMs, failed: false });
  }

  #decide(code: RouteCode, { notification }: OutstandingPlan): string {
    const { tenant, id } = notification;
    return this.#desk.decide(routeDecision(code, { tenant, notificationId: id }));
  }

  #giveUpMs(plan: OutstandingPlan): number {
    return plan.notification.plannedMs + this.#options.giveUpAfterMs;
  }

  #keepPlan(key: string, plan: OutstandingPlan): void {
    this.plans.set(key, plan);
    this.#desk.timers.schedule(`plan/${key}`, plan.dueMs);
  }

  #dropPlan(key: string): void {
    this.plans.delete(key);
    this.#desk.timers.cancel(`plan/${key}`);
  }

  #keepLimit(key: string, limit: ReceiverLimit): void {
    this.limits.set(key, limit);
    this.#scheduleLimit(key, limit);
  }

  #scheduleLimit(key: string, limit: ReceiverLimit | undefined): void {
    const { maxNotificationsPerHour } = this.#options;
    const dueMs = limit === undefined ? undefined : limitDueMs(limit, maxNotificationsPerHour);
    if (dueMs === undefined) this.#desk.timers.cancel(`limit/${key}`);
    else this.#desk.timers.schedule(`limit/${key}`, dueMs);
  }
}

function planKey({ groupKey, receiver }: Pick<Notification, 'groupKey' | 'receiver'>): string {
  return JSON.stringify([groupKey, receiver]);
}
