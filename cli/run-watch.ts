import type { SampleSet } from '../pipelines/producers/host-readings.ts';
import type { LiveAnomaly, LiveIncident, LiveState, LiveStress } from './live-state.ts';
import type { PipelineTotals } from './pipeline-totals.ts';
import type { RunFindings } from './run-findings.ts';
import { SeriesHistory } from './series-history.ts';

/** Anomalies and incidents handed to the view. */
const SHOWN = 50;
const RATES_KEPT = 60;

/** What does not change during a run. */
export interface RunFrame {
  readonly host: string;
  readonly durationMs: number | undefined;
  /** Whether there was a log of an earlier run. */
  readonly resumed: boolean;
  /** Points a series needs before it can open episodes, and before it is live. */
  readonly pointsToOpen: number;
  readonly pointsToLive: number;
  readonly intervalMs: number;
}

/** Figures of one moment. */
export interface RunMoment {
  readonly elapsedMs: number;
  readonly points: number;
  readonly totals: PipelineTotals;
  readonly stress: LiveStress | undefined;
}

/** Follows a run over time and says how it stands; holds a minute of rates and of every sampled series. */
export class RunWatch {
  readonly history = new SeriesHistory();
  readonly #frame: RunFrame;
  readonly #findings: RunFindings;
  readonly #rates: number[] = [];
  #ticks = 0;
  #lastMs = 0;
  #lastPoints = 0;
  #idleMs = 0;

  constructor(frame: RunFrame, findings: RunFindings) {
    this.#frame = frame;
    this.#findings = findings;
  }

  /** Takes a tick of the sampler. */
  sampled(set: SampleSet): void {
    this.history.take(set);
    this.#ticks += 1;
  }

  /** Says how the run stands; call it once per drawing, with rising `elapsedMs`. */
  state({ elapsedMs, points, totals, stress }: RunMoment): LiveState {
    this.#takeRate(elapsedMs, points);
    if (totals.lagRecords === 0) this.#idleMs = elapsedMs;
    const { host, durationMs, resumed, pointsToOpen, pointsToLive } = this.#frame;
    const { live, probation } = totals.lifeCycle;
    const { anomalies, incidents } = this.#findings;
    return {
      host,
      elapsedMs,
      durationMs,
      points,
      pointsPerSecond: this.#rates.at(-1) ?? 0,
      rateHistory: this.#rates,
      lifeCycle: totals.lifeCycle,
      opensInMs: live + probation > 0 ? undefined : this.#untilPoints(pointsToOpen),
      liveInMs: live > 0 ? undefined : this.#untilPoints(pointsToLive),
      resumed,
      lagRecords: totals.lagRecords,
      lagSeconds: (elapsedMs - this.#idleMs) / 1000,
      deadLettered: totals.deadLettered,
      dropped: totals.dropped,
      anomalies: anomalies
        .slice(-SHOWN)
        .reverse()
        .map((each) => this.#liveAnomaly(each)),
      incidents: incidents
        .slice(-SHOWN)
        .reverse()
        .map((each) => this.#liveIncident(each)),
      anomalyCount: anomalies.length,
      incidentCount: incidents.length,
      notificationCount: this.#findings.notifications,
      stress,
    };
  }

  #takeRate(elapsedMs: number, points: number): void {
    const seconds = (elapsedMs - this.#lastMs) / 1000;
    if (seconds <= 0) return;
    this.#rates.push((points - this.#lastPoints) / seconds);
    if (this.#rates.length > RATES_KEPT) this.#rates.shift();
    this.#lastMs = elapsedMs;
    this.#lastPoints = points;
  }

  /** A series of an earlier run may have come as far sooner than the points of this run say, never later. */
  #untilPoints(points: number): number {
    return Math.max(0, points - this.#ticks) * this.#frame.intervalMs;
  }

  #liveAnomaly(anomaly: LiveAnomaly['anomaly']): LiveAnomaly {
    return { anomaly, history: this.history.of(anomaly.metric, anomaly.labels) };
  }

  #liveIncident(incident: LiveIncident['incident']): LiveIncident {
    const alerts = this.#findings.alertsOf(incident);
    return { incident, alerts, peak: this.#findings.membersOf(incident)[0] };
  }
}
