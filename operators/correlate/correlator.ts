import type { Alert } from '../../schemas/generated/alert.ts';
import type { Anomaly } from '../../schemas/generated/anomaly.ts';
import type { Decision } from '../../schemas/generated/decision.ts';
import type { Incident } from '../../schemas/generated/incident.ts';
import { bucketEndMs, type DecisionEntry, DecisionLog } from '../decision-log.ts';
import { DueQueue } from '../due-queue.ts';
import { isEventTime } from '../is-event-time.ts';
import {
  PartitionWatermark,
  type SavedWatermark,
  type WatermarkTerms,
} from '../partition-watermark.ts';
import { AlertBook } from './alert-book.ts';
import { type AlertCode, alertDecision } from './alert-decision.ts';
import type { CorrelationDesk } from './correlation-desk.ts';
import { EpisodeLog } from './episode-log.ts';
import { IncidentBook } from './incident-book.ts';
import type { CorrelateOptions } from './options.ts';
import { type Signal, signalOf } from './signal.ts';
import { SignalBuffer } from './signal-buffer.ts';

/**
 * Where a correlator puts what it makes, in this order of time; each goes to its topic, same
 * partition.
 */
export interface CorrelationSink {
  alert(alert: Alert): void;
  incident(incident: Incident): void;
  decision(decision: Decision): void;
  /** Progress of event time, for ROUTE: everything written after it is due later, or was late. */
  tick(watermarkMs: number): void;
}

/** Which task a correlator works for. */
export interface CorrelatorTask {
  readonly partition: number;
  /** Partitions of DETECT that will tick; absent: those heard of. */
  readonly sources?: number;
  /** When one of them is no longer waited for. */
  readonly terms: WatermarkTerms;
}

interface Clock {
  readonly nowMs: number | null;
  readonly decisionSeq: number;
  readonly watermark: SavedWatermark;
}

type Output =
  | { readonly kind: 'alert'; readonly record: Alert }
  | { readonly kind: 'incident'; readonly record: Incident }
  | { readonly kind: 'decision'; readonly record: Decision }
  | { readonly kind: 'tick'; readonly watermarkMs: number };

/**
 * Turns episodes into alerts and incidents: the whole of the correlate stage, a pure state machine.
 *
 * Signals wait until the watermark has passed them and are taken by (event time, id, revision);
 * timers run in order of their due time, between them, at equal times after them. So neither the
 * order in which partitions are heard nor how often they tick changes what comes out. Late signals
 * are taken at once and counted.
 *
 * State: `entries` gives what changed since the last call, after `drain`; a correlator that has
 * taken all entries back goes on exactly like the one that gave them. Cost: O(log n) per signal.
 */
export class Correlator {
  readonly #options: CorrelateOptions;
  readonly #timers = new DueQueue();
  readonly #decisions: DecisionLog;
  readonly #watermark: PartitionWatermark;
  readonly #buffer = new SignalBuffer();
  readonly #episodes: EpisodeLog;
  readonly #alerts: AlertBook;
  readonly #incidents: IncidentBook;
  #nowMs = Number.NEGATIVE_INFINITY;
  #isClockChanged = false;
  #outputs: Output[] = [];

  constructor(options: CorrelateOptions, task: CorrelatorTask) {
    this.#options = options;
    this.#decisions = new DecisionLog('correlate', task.partition);
    this.#watermark = new PartitionWatermark(task.terms, task.sources);
    this.#episodes = new EpisodeLog(options, this.#timers);
    const desk: CorrelationDesk = {
      timers: this.#timers,
      decide: (entry) => this.#decide(entry),
      writeAlert: (record) => this.#outputs.push({ kind: 'alert', record }),
      writeIncident: (record) => this.#outputs.push({ kind: 'incident', record }),
    };
    const incidents: IncidentBook = new IncidentBook(options, desk, {
      get: (fingerprint) => alerts.alerts.get(fingerprint),
      writeGrouped: (memory, atMs) => alerts.writeGrouped(memory, atMs),
      settle: (fingerprint, atMs) => alerts.settle(fingerprint, atMs),
      detach: (fingerprint) => alerts.detach(fingerprint),
    });
    const alerts: AlertBook = new AlertBook(options, desk, incidents);
    this.#alerts = alerts;
    this.#incidents = incidents;
  }

  /** Takes an anomaly record in. */
  anomaly(anomaly: Anomaly): void {
    const signal = signalOf(anomaly);
    this.#isClockChanged = true;
    if (![signal.startMs, signal.atMs, signal.endMs ?? 0].every(isEventTime)) {
      this.#decide(alertDecision('SIGNAL_INVALID', signal), Math.max(this.#nowMs, 0));
      return;
    }
    if (signal.atMs <= this.#watermark.watermarkMs) {
      this.#take(signal, 'SIGNAL_LATE');
      return;
    }
    if (!this.#buffer.add(signal)) {
      // It waits for its time, which is when the repeat counts: there may be no present time yet.
      this.#decide(alertDecision('SIGNAL_REPEATED', signal), Math.max(this.#nowMs, signal.atMs));
    }
    while (this.#buffer.size > this.#options.maxBufferedSignals) this.#takeEarly();
  }

  /** Takes in how far a partition of DETECT has got; what is no time is ignored. */
  tick(sourcePartition: number, watermarkMs: number): void {
    if (!isEventTime(watermarkMs)) return;
    const before = this.#watermark.watermarkMs;
    const next = this.#watermark.advance(sourcePartition, watermarkMs);
    this.#isClockChanged = true;
    if (next <= before) return;
    this.#advance(next);
    this.#outputs.push({ kind: 'tick', watermarkMs: next });
  }

  /** Hands over what was made since the last call, in order. */
  drain(sink: CorrelationSink): void {
    const outputs = this.#outputs;
    this.#outputs = [];
    for (const output of outputs) {
      if (output.kind === 'alert') sink.alert(output.record);
      else if (output.kind === 'incident') sink.incident(output.record);
      else if (output.kind === 'decision') sink.decision(output.record);
      else sink.tick(output.watermarkMs);
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
    yield* this.#buffer.signals.takeChanged('signal/');
    yield* this.#episodes.episodes.takeChanged('episode/');
    yield* this.#alerts.alerts.takeChanged('alert/');
    yield* this.#incidents.groups.takeChanged('group/');
    yield* this.#decisions.buckets.takeChanged('decision/');
  }

  /**
   * Puts a state entry back, before any input; entries may come in any order, later ones replace
   * earlier ones.
   */
  restore(key: string, value: string | null): void {
    const kind = key.slice(0, key.indexOf('/') === -1 ? undefined : key.indexOf('/'));
    const name = key.slice(kind.length + 1);
    const state = value === null ? undefined : JSON.parse(value);
    if (kind === 'signal') this.#buffer.restore(name, state);
    else if (kind === 'episode') this.#episodes.restore(name, state);
    else if (kind === 'group') this.#incidents.restoreGroup(name, state);
    else if (kind === 'decision') this.#restoreDecision(name, state);
    else if (kind === 'clock' && state !== undefined) this.#restoreClock(state);
    else if (kind === 'alert') {
      this.#incidents.restoreAlert(this.#alerts.alerts.get(name), state);
      this.#alerts.restore(name, state);
    }
  }

  /** Runs signals and timers up to an event time, in order. */
  #advance(toMs: number): void {
    for (;;) {
      const timer = this.#timers.peek();
      const timerMs = timer?.dueMs ?? Number.POSITIVE_INFINITY;
      const signalMs = this.#buffer.earliestMs;
      if (Math.min(timerMs, signalMs) > toMs) break;
      if (signalMs <= timerMs) {
        const signal = this.#buffer.take();
        if (signal !== undefined) this.#take(signal);
      } else {
        this.#timers.take();
        this.#setNow(timerMs);
        this.#runTimer(timer?.key ?? '');
      }
    }
    this.#setNow(toMs);
  }

  /** The buffer is full: its earliest signal is taken although an earlier one may come yet. */
  #takeEarly(): void {
    const { earliestMs } = this.#buffer;
    const signal = this.#buffer.take();
    if (signal === undefined) return;
    this.#advance(Math.max(this.#nowMs, earliestMs - 1));
    this.#note('SIGNALS_LIMIT', signal);
    this.#take(signal);
  }

  #take(signal: Signal, remark?: AlertCode): void {
    this.#setNow(signal.atMs);
    if (!this.#episodes.note(signal, this.#nowMs)) {
      this.#note('SIGNAL_REPEATED', signal);
      return;
    }
    if (remark !== undefined) this.#note(remark, signal);
    this.#alerts.take(signal, this.#nowMs - signal.atMs);
  }

  #runTimer(key: string): void {
    const slash = key.indexOf('/');
    const name = key.slice(slash + 1);
    const kind = key.slice(0, slash);
    if (kind === 'alert') this.#alerts.runTimer(name);
    else if (kind === 'group') this.#incidents.runTimer(name);
    else if (kind === 'episode') this.#episodes.forget(name);
    else this.#closeDecision(name);
  }

  #setNow(atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }

  #note(code: AlertCode, signal: Signal): void {
    this.#decide(alertDecision(code, signal));
  }

  #decide(entry: DecisionEntry, nowMs: number = this.#nowMs): string {
    const { id, opened } = this.#decisions.note(entry, nowMs);
    if (opened !== undefined) this.#timers.schedule(`decision/${opened.key}`, opened.dueMs);
    return id;
  }

  #closeDecision(key: string): void {
    const record = this.#decisions.close(key);
    if (record !== undefined) this.#outputs.push({ kind: 'decision', record });
  }

  #clock(): Clock {
    return {
      nowMs: Number.isFinite(this.#nowMs) ? this.#nowMs : null,
      decisionSeq: this.#decisions.seq,
      watermark: this.#watermark.save(),
    };
  }

  #restoreClock(clock: Clock): void {
    this.#nowMs = clock.nowMs ?? Number.NEGATIVE_INFINITY;
    this.#decisions.seq = clock.decisionSeq;
    this.#watermark.restore(clock.watermark);
  }

  #restoreDecision(key: string, state: Parameters<DecisionLog['buckets']['restore']>[1]): void {
    this.#decisions.buckets.restore(key, state);
    if (state === undefined) this.#timers.cancel(`decision/${key}`);
    else this.#timers.schedule(`decision/${key}`, bucketEndMs(key));
  }
}
