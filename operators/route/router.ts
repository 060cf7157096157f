import type { Decision } from '../../schemas/generated/decision.ts';
import type { Incident } from '../../schemas/generated/incident.ts';
import type { Notification } from '../../schemas/generated/notification.ts';
import { bucketEndMs, type DecisionEntry, DecisionLog } from '../decision-log.ts';
import { DueQueue } from '../due-queue.ts';
import { isEventTime } from '../is-event-time.ts';
import { idHex } from '../stable-id.ts';
import { incidentBrief } from './incident-brief.ts';
import { NotificationPlanner } from './notification-planner.ts';
import type { RouteOptions } from './options.ts';
import { routeDecision } from './route-decision.ts';
import type { RouteDesk } from './route-desk.ts';
import { RouteGroups } from './route-groups.ts';

/** Where a router puts what it makes, in order; each goes to its topic, same partition. */
export interface RouteSink {
  notification(notification: Notification): void;
  decision(decision: Decision): void;
}

interface Clock {
  readonly nowMs: number | null;
  readonly decisionSeq: number;
}

/**
 * Turns changes of incidents into notifications: the whole of the route stage, a pure state
 * machine.
 *
 * Time is event time: that of the incidents and of the ticks CORRELATE writes between them. Timers
 * run in order of their due time, so how often ticks come changes nothing. An incident that is
 * `historical` is never told. Everything that routes need stands on the incident, so only the topic
 * `incidents` and, for outcomes, `notifications` are read.
 *
 * State is saved and restored as that of the correlator. Cost: O(log n) per change; a flush reads
 * its whole group.
 */
export class Router {
  readonly #timers = new DueQueue();
  readonly #decisions: DecisionLog;
  readonly #planner: NotificationPlanner;
  readonly #groups: RouteGroups;
  #nowMs = Number.NEGATIVE_INFINITY;
  #isClockChanged = false;
  #outputs: (Notification | Decision)[] = [];

  constructor(options: RouteOptions, task: { readonly partition: number }) {
    this.#decisions = new DecisionLog('route', task.partition);
    const desk: RouteDesk = {
      timers: this.#timers,
      nowMs: () => this.#nowMs,
      decide: (entry) => this.#decide(entry),
      write: (notification) => this.#outputs.push(notification),
    };
    this.#planner = new NotificationPlanner(options, desk);
    this.#groups = new RouteGroups(options, desk, this.#planner);
  }

  /** Takes a change of an incident in. Repeated and earlier revisions are ignored. */
  incident(incident: Incident): void {
    const { startMs, changedAtMs, endMs } = incident;
    if (![startMs, changedAtMs, endMs ?? 0].every(isEventTime)) {
      const subject = { tenant: incident.tenant, incidentId: idHex(incident.id) };
      this.#decide(routeDecision('INCIDENT_INVALID', subject));
      return;
    }
    // What is due before this change comes first; what is due with it comes after, as in CORRELATE.
    this.#advance(changedAtMs - 1);
    this.#setNow(changedAtMs);
    const brief = incidentBrief(incident);
    const { tenant, id } = brief;
    if (!incident.historical || this.#groups.knows(id)) return this.#groups.take(brief);
    this.#decide(routeDecision('HISTORICAL', { tenant, incidentId: id }));
  }

  /** Lets event time pass; what is no time is ignored. */
  tick(nowMs: number): void {
    if (!isEventTime(nowMs)) return;
    this.#advance(nowMs);
    this.#setNow(nowMs);
  }

  /**
   * Takes in a record of `notifications`: outcomes count, what this stage wrote itself passes by.
   */
  outcome(notification: Notification): void {
    this.#planner.outcome(notification);
  }

  /** Hands over what was made since the last call, in order. */
  drain(sink: RouteSink): void {
    const outputs = this.#outputs;
    this.#outputs = [];
    for (const record of outputs) {
      if ('idempotencyKey' in record) sink.notification(record);
      else sink.decision(record);
    }
  }

  /**
   * Yields the state entries changed by now, as JSON text; null for one that is gone. Input may
   * come between two entries.
   */
  *entries(): IterableIterator<[key: string, value: string | null]> {
    if (this.#isClockChanged) {
      this.#isClockChanged = false;
      yield ['clock', JSON.stringify(this.#clock())];
    }
    yield* this.#groups.incidents.takeChanged('incident/');
    yield* this.#groups.groups.takeChanged('group/');
    yield* this.#planner.limits.takeChanged('limit/');
    yield* this.#planner.plans.takeChanged('plan/');
    yield* this.#decisions.buckets.takeChanged('decision/');
  }

  /**
   * Puts a state entry back, before any input; entries may come in any order, later ones replace
   * earlier ones.
   */
  restore(key: string, value: string | null): void {
    const [kind, name] = splitKey(key);
    const state = value === null ? undefined : JSON.parse(value);
    if (kind === 'incident') this.#groups.restoreIncident(name, state);
    else if (kind === 'group') this.#groups.restoreGroup(name, state);
    else if (kind === 'limit') this.#planner.restoreLimit(name, state);
    else if (kind === 'plan') this.#planner.restorePlan(name, state);
    else if (kind === 'decision') this.#restoreDecision(name, state);
    else if (kind === 'clock' && state !== undefined) {
      const clock: Clock = state;
      this.#nowMs = clock.nowMs ?? Number.NEGATIVE_INFINITY;
      this.#decisions.seq = clock.decisionSeq;
    }
  }

  #advance(toMs: number): void {
    for (;;) {
      const timer = this.#timers.peek();
      if (timer === undefined || timer.dueMs > toMs) return;
      this.#timers.take();
      this.#setNow(timer.dueMs);
      this.#runTimer(timer.key);
    }
  }

  #runTimer(key: string): void {
    const [kind, name] = splitKey(key);
    if (kind === 'group') this.#groups.flush(name);
    else if (kind === 'incident') this.#groups.forget(name);
    else if (kind === 'limit') this.#planner.runLimit(name);
    else if (kind === 'plan') this.#planner.runPlan(name);
    else {
      const record = this.#decisions.close(name);
      if (record !== undefined) this.#outputs.push(record);
    }
  }

  #setNow(atMs: number): void {
    if (atMs <= this.#nowMs) return;
    this.#nowMs = atMs;
    this.#isClockChanged = true;
  }

  #decide(entry: DecisionEntry): string {
    const { id, opened } = this.#decisions.note(entry, Math.max(this.#nowMs, 0));
    if (opened !== undefined) this.#timers.schedule(`decision/${opened.key}`, opened.dueMs);
    this.#isClockChanged = true;
    return id;
  }

  #clock(): Clock {
    return {
      nowMs: Number.isFinite(this.#nowMs) ? this.#nowMs : null,
      decisionSeq: this.#decisions.seq,
    };
  }

  #restoreDecision(key: string, state: Parameters<DecisionLog['buckets']['restore']>[1]): void {
    this.#decisions.buckets.restore(key, state);
    if (state === undefined) this.#timers.cancel(`decision/${key}`);
    else this.#timers.schedule(`decision/${key}`, bucketEndMs(key));
  }
}

function splitKey(key: string): [kind: string, name: string] {
  const slash = key.indexOf('/');
  return slash < 0 ? [key, ''] : [key.slice(0, slash), key.slice(slash + 1)];
}
