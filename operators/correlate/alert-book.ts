import type { AlertChangeKind, ResolvedReason } from '../../schemas/generated/alert.ts';
import { KeyedState } from '../keyed-state.ts';
import { stableId } from '../stable-id.ts';
import { type AlertCode, alertDecision } from './alert-decision.ts';
import { type AlertMemory, type AlertTimer, alertRecord } from './alert-memory.ts';
import type { CorrelationDesk } from './correlation-desk.ts';
import type { CorrelateOptions } from './options.ts';
import type { Signal } from './signal.ts';

const MAX_ANOMALY_IDS = 100;
const EVICTED_SHARE = 16;

/**
 * Who wants to know what becomes of alerts. Called before the record is written, so that it can
 * name the incident.
 */
export interface AlertListener {
  /** The alert began to fire. */
  fired(memory: AlertMemory, atMs: number, lagMs: number): void;
  /** A signal came for a firing alert. */
  changed(memory: AlertMemory, atMs: number, lagMs: number): void;
  /** A firing alert was resolved. */
  resolved(memory: AlertMemory, atMs: number, lagMs: number): void;
  /** The alert is no longer held. */
  forgotten(memory: AlertMemory): void;
}

/**
 * Turns the signals of episodes into alerts: pending, firing, resolved.
 *
 * Signals of one fingerprint come in order of event time. `lagMs` is how far behind the clock a
 * signal came, 0 when it was in time. An alert that is heard again within the window goes on, with
 * a higher flap count and a longer resolve delay; an episode without a CLOSE expires.
 */
export class AlertBook {
  readonly alerts = new KeyedState<AlertMemory>();
  readonly #options: CorrelateOptions;
  readonly #desk: CorrelationDesk;
  readonly #listener: AlertListener;

  constructor(options: CorrelateOptions, desk: CorrelationDesk, listener: AlertListener) {
    this.#options = options;
    this.#desk = desk;
    this.#listener = listener;
  }

  take(signal: Signal, lagMs: number): void {
    if (lagMs > 0) this.settle(signal.fingerprint, signal.atMs);
    const memory = this.alerts.get(signal.fingerprint);
    if (memory !== undefined && isOutdated(memory, signal)) {
      this.#decide('SIGNAL_OUTDATED', signal, memory);
    } else if (signal.phase !== 'CLOSE') {
      if (memory === undefined) this.#open(signal, lagMs);
      else this.#hear(memory, signal, lagMs);
    } else if (memory === undefined || memory.episode !== signal.id) {
      this.#decide('CLOSE_WITHOUT_EPISODE', signal, memory);
    } else {
      this.#close(memory, signal, lagMs);
    }
  }

  /** Lets the timer of an alert take effect, if it has one at this event time. */
  runTimer(fingerprint: string): void {
    const memory = this.alerts.get(fingerprint);
    const timer = memory?.timer;
    if (memory === undefined || timer === null || timer === undefined) return;
    switch (timer.kind) {
      case 'FIRE':
        this.#fire(memory, timer.dueMs, timer.lagMs);
        this.#setTimer(memory, this.#expiry(memory, timer.dueMs, timer.lagMs));
        return this.#write(memory, 'FIRED', this.#decide('ALERT_FIRED', memory.signal, memory));
      case 'RESOLVE':
        return this.#resolve(memory, 'RECOVERED', timer);
      case 'EXPIRE':
        return this.#resolve(memory, 'EXPIRED', timer);
      case 'FORGET':
        return this.#forget(memory);
    }
  }

  /**
   * Lets timers of an alert that are due by its own event time take effect before a late signal
   * does.
   */
  settle(fingerprint: string, atMs: number): void {
    for (;;) {
      const timer = this.alerts.get(fingerprint)?.timer;
      if (timer === null || timer === undefined || timer.dueMs > atMs) return;
      this.runTimer(fingerprint);
    }
  }

  /** Writes that an alert now belongs to an incident. */
  writeGrouped(memory: AlertMemory, atMs: number): void {
    this.#stamp(memory, atMs);
    this.#write(memory, 'GROUPED', null);
  }

  /** Takes an alert out of its group, which ends. */
  detach(fingerprint: string): void {
    const memory = this.alerts.get(fingerprint);
    if (memory === undefined) return;
    memory.groupKey = null;
    this.alerts.touch(fingerprint);
  }

  restore(fingerprint: string, memory: AlertMemory | undefined): void {
    this.alerts.restore(fingerprint, memory);
    this.#schedule(fingerprint, memory?.timer ?? null);
  }

  #open(signal: Signal, lagMs: number): void {
    if (this.alerts.size >= this.#options.maxAlerts) this.#evict();
    const memory: AlertMemory = {
      id: stableId('alert', signal.tenant, signal.fingerprint, signal.atMs),
      pendingAtMs: signal.atMs,
      revision: 0,
      state: 'PENDING',
      critical: signal.critical,
      breach: signal.breach,
      historical: signal.historical,
      episode: signal.id,
      episodeEndMs: null,
      firedAtMs: null,
      endedAtMs: null,
      resolvedReason: null,
      lastSignalMs: signal.atMs,
      changedAtMs: signal.atMs,
      flapCount: 0,
      anomalyIds: [signal.id],
      anomalyCount: 1,
      groupKey: null,
      incidentId: null,
      timer: null,
      signal,
    };
    this.alerts.set(signal.fingerprint, memory);
    this.#start(memory, signal.atMs, lagMs);
  }

  /** Begins to fire, or to wait for it. */
  #start(memory: AlertMemory, atMs: number, lagMs: number): void {
    const { pendingForMs } = this.#options;
    if (pendingForMs > 0) {
      this.#setTimer(memory, { kind: 'FIRE', dueMs: atMs + pendingForMs, lagMs });
      this.#write(memory, 'CREATED', this.#decide('ALERT_PENDING', memory.signal, memory));
      return;
    }
    this.#fire(memory, atMs, lagMs);
    this.#setTimer(memory, this.#expiry(memory, atMs, lagMs));
    this.#write(memory, 'FIRED', this.#decide('ALERT_FIRED', memory.signal, memory));
  }

  #hear(memory: AlertMemory, signal: Signal, lagMs: number): void {
    const isNewEpisode = memory.episode !== signal.id;
    const { state } = memory;
    this.#stamp(memory, signal.atMs);
    memory.lastSignalMs = Math.max(memory.lastSignalMs, signal.atMs);
    memory.signal = signal;
    memory.episode = signal.id;
    if (isNewEpisode) {
      memory.anomalyIds = [...memory.anomalyIds, signal.id].slice(-MAX_ANOMALY_IDS);
      memory.anomalyCount++;
    }
    if (state === 'RESOLVED') return this.#refire(memory, signal, lagMs);
    memory.critical ||= signal.critical;
    memory.breach ||= signal.breach;
    memory.historical &&= signal.historical;
    if (state === 'FIRING') {
      if (memory.timer?.kind === 'RESOLVE') memory.flapCount++;
      this.#listener.changed(memory, signal.atMs, lagMs);
      this.#setTimer(memory, this.#expiry(memory, signal.atMs, lagMs));
    }
    this.#write(memory, 'UPDATED', null);
  }

  #refire(memory: AlertMemory, signal: Signal, lagMs: number): void {
    const hadFired = memory.firedAtMs !== null;
    memory.critical = signal.critical;
    memory.breach = signal.breach;
    memory.historical = signal.historical;
    memory.resolvedReason = null;
    memory.endedAtMs = null;
    memory.flapCount++;
    if (!hadFired) {
      memory.state = 'PENDING';
      return this.#start(memory, signal.atMs, lagMs);
    }
    this.#fire(memory, signal.atMs, lagMs);
    this.#setTimer(memory, this.#expiry(memory, signal.atMs, lagMs));
    this.#write(memory, 'FIRED', this.#decide('ALERT_FIRED_AGAIN', signal, memory));
  }

  #close(memory: AlertMemory, signal: Signal, lagMs: number): void {
    const { resolveDelayMs, maxResolveDelayMs } = this.#options;
    this.#stamp(memory, signal.atMs);
    memory.lastSignalMs = Math.max(memory.lastSignalMs, signal.atMs);
    memory.signal = signal;
    memory.episode = null;
    memory.episodeEndMs = signal.endMs ?? signal.atMs;
    const damped = resolveDelayMs * 2 ** Math.min(memory.flapCount, 30);
    const delayMs = Math.min(damped, Math.max(resolveDelayMs, maxResolveDelayMs));
    const timer: AlertTimer = { kind: 'RESOLVE', dueMs: signal.atMs + delayMs, lagMs };
    if (memory.state === 'PENDING') {
      return this.#resolve(memory, 'RECOVERED', { ...timer, dueMs: signal.atMs });
    }
    this.#listener.changed(memory, signal.atMs, lagMs);
    this.#setTimer(memory, timer);
    this.#write(memory, 'UPDATED', null);
  }

  #fire(memory: AlertMemory, atMs: number, lagMs: number): void {
    this.#stamp(memory, atMs);
    memory.state = 'FIRING';
    memory.firedAtMs = atMs;
    this.#listener.fired(memory, atMs, lagMs);
  }

  #resolve(memory: AlertMemory, reason: ResolvedReason, { dueMs, lagMs }: AlertTimer): void {
    const wasFiring = memory.state === 'FIRING';
    this.#stamp(memory, dueMs);
    memory.state = 'RESOLVED';
    memory.resolvedReason = reason;
    memory.endedAtMs = memory.episode === null ? memory.episodeEndMs : memory.lastSignalMs;
    memory.episode = null;
    this.#setTimer(memory, { kind: 'FORGET', dueMs: dueMs + this.#options.windowMs, lagMs });
    if (wasFiring) this.#listener.resolved(memory, dueMs, lagMs);
    const code = reason === 'EXPIRED' ? 'ALERT_EXPIRED' : 'ALERT_RESOLVED';
    this.#write(memory, 'RESOLVED', this.#decide(code, memory.signal, memory));
  }

  #forget(memory: AlertMemory): void {
    const key = memory.signal.fingerprint;
    this.#listener.forgotten(memory);
    this.alerts.delete(key);
    this.#schedule(key, null);
  }

  /** Gives up a share of the alerts: ended ones first, then those heard of longest ago. */
  #evict(): void {
    const ordered = [...this.alerts.entries()].sort(([keyA, a], [keyB, b]) => {
      const ended = Number(b.state === 'RESOLVED') - Number(a.state === 'RESOLVED');
      return ended || a.lastSignalMs - b.lastSignalMs || (keyA < keyB ? -1 : 1);
    });
    const share = Math.ceil(this.#options.maxAlerts / EVICTED_SHARE);
    for (const [, memory] of ordered.slice(0, share)) {
      this.#decide('ALERTS_LIMIT', memory.signal, memory);
      if (memory.state !== 'RESOLVED') {
        const { dueMs, lagMs } = { dueMs: memory.changedAtMs, lagMs: memory.timer?.lagMs ?? 0 };
        this.#resolve(memory, 'EXPIRED', { kind: 'EXPIRE', dueMs, lagMs });
      }
      this.#forget(memory);
    }
  }

  #expiry(memory: AlertMemory, atMs: number, lagMs: number): AlertTimer {
    const dueMs = Math.max(atMs, memory.lastSignalMs + this.#options.expireAfterMs);
    return { kind: 'EXPIRE', dueMs, lagMs };
  }

  #setTimer(memory: AlertMemory, timer: AlertTimer): void {
    memory.timer = timer;
    this.#schedule(memory.signal.fingerprint, timer);
  }

  #schedule(fingerprint: string, timer: AlertTimer | null): void {
    const key = `alert/${fingerprint}`;
    if (timer === null) this.#desk.timers.cancel(key);
    else this.#desk.timers.schedule(key, timer.dueMs + timer.lagMs);
  }

  #stamp(memory: AlertMemory, atMs: number): void {
    memory.changedAtMs = Math.max(memory.changedAtMs, atMs);
  }

  #write(memory: AlertMemory, kind: AlertChangeKind, decisionId: string | null): void {
    this.#desk.writeAlert(alertRecord(memory, kind, decisionId));
    memory.revision++;
    this.alerts.touch(memory.signal.fingerprint);
  }

  #decide(code: AlertCode, signal: Signal, memory: AlertMemory | undefined): string {
    return this.#desk.decide(alertDecision(code, signal, memory));
  }
}

/** Another episode of the series was heard of since: this one can only confuse. */
function isOutdated(memory: AlertMemory, signal: Signal): boolean {
  return memory.episode !== signal.id && signal.atMs < memory.lastSignalMs;
}
