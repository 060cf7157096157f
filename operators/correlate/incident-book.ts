import { KeyedState } from '../keyed-state.ts';
import type { AlertMemory } from './alert-memory.ts';
import type { CorrelationDesk } from './correlation-desk.ts';
import { GroupIndex, sessionKey } from './group-index.ts';
import { type GroupMemory, type GroupTerms, groupDueMs, groupTerms } from './group-memory.ts';
import { type IncidentCode, incidentDecision } from './incident-decision.ts';
import { absorb, createIncident, incidentRecord, raise } from './incident-memory.ts';
import { compareFired, firedNear, opensIncident } from './open-rule.ts';
import type { CorrelateOptions } from './options.ts';

const EVICTED_SHARE = 16;

/** What the incidents need of the alerts they hold. */
export interface AlertAccess {
  get(fingerprint: string): AlertMemory | undefined;
  /** Writes that an alert now belongs to an incident. */
  writeGrouped(memory: AlertMemory, atMs: number): void;
  /** Lets what is due of an alert by its own event time take effect. */
  settle(fingerprint: string, atMs: number): void;
  /** Takes an alert out of its group, which ends. */
  detach(fingerprint: string): void;
}

/**
 * Groups firing alerts into incidents, by tenant and one label they share, in sessions of event
 * time.
 *
 * A session takes an alert in when one of its alerts fires or was heard less than a window ago. It
 * becomes an incident with the first critical alert or rule breach, or when `minMembers` series
 * fired within a window. The incident is resolved when all its alerts have been so for a window.
 * Back-filled alerts count, but an incident that would not have opened without them is
 * `historical`.
 */
export class IncidentBook {
  readonly groups = new KeyedState<GroupMemory>();
  readonly #options: CorrelateOptions;
  readonly #desk: CorrelationDesk;
  readonly #alerts: AlertAccess;
  readonly #index = new GroupIndex();

  constructor(options: CorrelateOptions, desk: CorrelationDesk, alerts: AlertAccess) {
    this.#options = options;
    this.#desk = desk;
    this.#alerts = alerts;
  }

  /** Takes in an alert that began to fire. */
  fired(alert: AlertMemory, atMs: number, lagMs: number): void {
    const group = this.#groupOf(alert, atMs, lagMs);
    this.#index.fired(group.key, alert.signal.fingerprint);
    group.lastMs = Math.max(group.lastMs, atMs);
    group.closeMs = null;
    this.#schedule(group, lagMs);
    this.#consider(group, alert, atMs, lagMs);
    if (group.incident === null) this.#decide('WARNING_ALONE', group, alert);
  }

  /** Takes in what a firing alert has come to. */
  changed(alert: AlertMemory, atMs: number, lagMs: number): void {
    const group = alert.groupKey === null ? undefined : this.groups.get(alert.groupKey);
    if (group === undefined) return;
    group.lastMs = Math.max(group.lastMs, atMs);
    this.groups.touch(group.key);
    this.#consider(group, alert, atMs, lagMs);
  }

  resolved(alert: AlertMemory, atMs: number, lagMs: number): void {
    const group = alert.groupKey === null ? undefined : this.groups.get(alert.groupKey);
    if (group === undefined) return;
    this.#index.resolved(group.key, alert.signal.fingerprint);
    group.lastMs = Math.max(group.lastMs, atMs);
    const { incident } = group;
    if (incident !== null && alert.incidentId === incident.id) {
      group.endedMs = Math.max(group.endedMs ?? incident.startMs, alert.endedAtMs ?? atMs);
    }
    if (!this.#index.isFiring(group.key)) group.closeMs = group.lastMs + this.#options.windowMs;
    this.#schedule(group, lagMs);
  }

  forgotten(alert: AlertMemory): void {
    if (alert.groupKey !== null) this.#index.left(alert.groupKey, alert.signal.fingerprint);
  }

  /**
   * Lets what is due of a group take effect: a record put off, the end of its incident, its own
   * end.
   */
  runTimer(key: string): void {
    const group = this.groups.get(key);
    if (group === undefined) return;
    const { updateMs, closeMs } = group;
    if (updateMs !== null && (closeMs === null || updateMs <= closeMs)) {
      return this.#write(group, updateMs);
    }
    if (closeMs !== null) this.#close(group, closeMs);
  }

  restoreGroup(key: string, group: GroupMemory | undefined): void {
    const before = this.groups.get(key);
    this.groups.restore(key, group);
    if (before !== undefined) this.#index.removeSession(before);
    if (group !== undefined) this.#index.addSession(group);
    this.#setTimer(key, group);
  }

  /**
   * Follows an alert that is restored: what the index held of the former entry goes, the new one
   * comes in.
   */
  restoreAlert(before: AlertMemory | undefined, after: AlertMemory | undefined): void {
    if (before !== undefined) this.forgotten(before);
    if (after === undefined || after.groupKey === null) return;
    this.#index.fired(after.groupKey, after.signal.fingerprint);
    if (after.state !== 'FIRING') this.#index.resolved(after.groupKey, after.signal.fingerprint);
  }

  #groupOf(alert: AlertMemory, atMs: number, lagMs: number): GroupMemory {
    const held = alert.groupKey === null ? undefined : this.groups.get(alert.groupKey);
    if (held !== undefined) return held;
    const terms = groupTerms(alert.signal, this.#options.groupBy);
    if (lagMs > 0) this.#settle(terms, atMs);
    const group = this.#sessionAt(terms, atMs) ?? this.#createGroup(terms, atMs, lagMs);
    alert.groupKey = group.key;
    alert.incidentId = null;
    return group;
  }

  /** The earliest session of these terms that an alert at this event time touches. */
  #sessionAt(terms: GroupTerms, atMs: number): GroupMemory | undefined {
    const { windowMs } = this.#options;
    for (const key of this.#index.sessions(terms.key)) {
      const group = this.groups.get(key);
      if (group === undefined || atMs < group.startMs - windowMs) continue;
      if (this.#index.isFiring(key) || atMs <= group.lastMs + windowMs) return group;
    }
    return undefined;
  }

  /** Before a late alert looks for its session: what is over by its event time must be over. */
  #settle(terms: GroupTerms, atMs: number): void {
    for (const key of this.#index.sessions(terms.key)) {
      const quietMs = atMs - (this.groups.get(key)?.lastMs ?? atMs);
      if (quietMs <= this.#options.windowMs) continue;
      for (const fingerprint of this.#index.members(key).sort()) {
        this.#alerts.settle(fingerprint, atMs);
      }
      for (;;) {
        const group = this.groups.get(key);
        if (group === undefined || groupDueMs(group) > atMs) break;
        this.runTimer(key);
      }
    }
  }

  #createGroup(terms: GroupTerms, atMs: number, lagMs: number): GroupMemory {
    if (this.groups.size >= this.#options.maxAlerts) this.#evict();
    const key = sessionKey(terms.key, atMs);
    const group: GroupMemory = {
      key,
      terms,
      startMs: atMs,
      lastMs: atMs,
      endedMs: null,
      incident: null,
      closeMs: null,
      updateMs: null,
      lagMs,
    };
    this.groups.set(key, group);
    this.#index.addSession(group);
    return group;
  }

  /** Decides what an alert that fired or changed means for its group. */
  #consider(group: GroupMemory, alert: AlertMemory, atMs: number, lagMs: number): void {
    const { incident } = group;
    if (incident === null) {
      const members = this.#members(group);
      if (opensIncident(members, atMs, this.#options)) this.#open(group, members, alert, atMs);
      return;
    }
    const wasCritical = incident.critical;
    let rose = true;
    if (alert.incidentId === incident.id) {
      rose = raise(incident, alert);
    } else {
      alert.incidentId = incident.id;
      absorb(incident, alert);
      this.#decide('ALERT_JOINED', group, alert);
    }
    const isLiveNow = incident.historical && !alert.historical && this.#isLive(group, atMs);
    if (isLiveNow) incident.historical = false;
    if (isLiveNow || wasCritical !== incident.critical) return this.#write(group, atMs);
    if (rose && group.updateMs === null) {
      group.updateMs = atMs + this.#options.updateIntervalMs;
      this.#schedule(group, lagMs);
    }
  }

  #open(group: GroupMemory, members: AlertMemory[], trigger: AlertMemory, atMs: number): void {
    const isRecent = (member: AlertMemory) => firedNear(member, atMs, this.#options.windowMs);
    const chosen = members.filter((member) => member.state === 'FIRING' || isRecent(member));
    const starts = chosen.filter(isRecent).map((member) => member.pendingAtMs);
    const startMs = Math.min(atMs, ...starts);
    const incident = createIncident(chosen[0] ?? trigger, startMs);
    for (const member of chosen) {
      member.incidentId = incident.id;
      absorb(incident, member);
      if (member !== trigger) this.#alerts.writeGrouped(member, atMs);
    }
    group.incident = incident;
    incident.historical = !this.#isLive(group, atMs);
    this.#decide('INCIDENT_OPENED', group, trigger);
    this.#write(group, atMs);
  }

  /**
   * Tells whether the alerts that are not back-fill would have opened the incident by themselves.
   */
  #isLive(group: GroupMemory, atMs: number): boolean {
    const live = this.#members(group).filter((member) => !member.historical);
    return opensIncident(live, atMs, this.#options);
  }

  /** Alerts of a group that have fired, by time of firing. */
  #members(group: GroupMemory): AlertMemory[] {
    const members: AlertMemory[] = [];
    for (const fingerprint of this.#index.members(group.key)) {
      const alert = this.#alerts.get(fingerprint);
      if (alert !== undefined && alert.firedAtMs !== null) members.push(alert);
    }
    return members.sort(compareFired);
  }

  #close(group: GroupMemory, atMs: number): void {
    const { incident } = group;
    if (incident !== null) {
      incident.endMs = group.endedMs ?? group.lastMs;
      this.#decide('INCIDENT_RESOLVED', group);
      this.#write(group, atMs);
    }
    for (const fingerprint of this.#index.members(group.key)) {
      this.#alerts.detach(fingerprint);
      this.#index.left(group.key, fingerprint);
    }
    this.#index.removeSession(group);
    this.groups.delete(group.key);
    this.#setTimer(group.key, undefined);
  }

  /** Ends a share of the groups early: those without a firing alert first, then the quietest. */
  #evict(): void {
    const ordered = [...this.groups.entries()].sort(([keyA, a], [keyB, b]) => {
      const firing = Number(this.#index.isFiring(keyA)) - Number(this.#index.isFiring(keyB));
      return firing || a.lastMs - b.lastMs || (keyA < keyB ? -1 : 1);
    });
    const share = Math.ceil(this.#options.maxAlerts / EVICTED_SHARE);
    for (const [, group] of ordered.slice(0, share)) {
      this.#decide('GROUPS_LIMIT', group);
      this.#close(group, group.lastMs);
    }
  }

  #write(group: GroupMemory, atMs: number): void {
    const { incident, terms } = group;
    if (incident === null) return;
    incident.changedAtMs = Math.max(incident.changedAtMs, atMs);
    this.#desk.writeIncident(incidentRecord(incident, terms.tenant, terms.value));
    incident.revision++;
    group.updateMs = null;
    this.#schedule(group, group.lagMs);
  }

  #schedule(group: GroupMemory, lagMs: number): void {
    group.lagMs = lagMs;
    this.groups.touch(group.key);
    this.#setTimer(group.key, group);
  }

  #setTimer(key: string, group: GroupMemory | undefined): void {
    const due = group === undefined ? Number.POSITIVE_INFINITY : groupDueMs(group);
    if (due === Number.POSITIVE_INFINITY) this.#desk.timers.cancel(`group/${key}`);
    else this.#desk.timers.schedule(`group/${key}`, due + (group?.lagMs ?? 0));
  }

  #decide(code: IncidentCode, group: GroupMemory, alert?: AlertMemory): void {
    this.#desk.decide(incidentDecision(code, group, alert));
  }
}
