import manifest from '../../package.json' with { type: 'json' };
import type { Clock, MonotonicClock } from '../../runtime/clock.ts';
import { DEAD_LETTER_TOPIC } from '../../runtime/dead-letter.ts';
import { type HealthVerdict, judgeLive, judgeReady } from '../../runtime/metrics/health.ts';
import { Metrics, type WriteMetric } from '../../runtime/metrics/metrics.ts';
import { type LaneFigures, LaneMeter } from '../../runtime/metrics/metrics-lanes.ts';
import { ProcessMeter } from '../../runtime/metrics/metrics-process.ts';
import type { StageStats } from '../stage-stats.ts';
import type { SelfAlert, StageSample, WorkerSample } from './self-alerts.ts';
import { selfAlertNames } from './self-alerts.ts';
import type { SpanFigures } from './traces.ts';
import { type MetricName, metricCatalogue } from './worker-metrics-catalogue.ts';
import { sumKernelFigures, sumOf, writeKernelFigures } from './worker-metrics-figures.ts';
import { StageMeter } from './worker-metrics-stage.ts';

/** How much longer than its deadline a kernel call, or a write, may take before the worker counts as stuck. */
const STUCK_FACTOR = 2;
const LEAST_WRITE_SECONDS = 120;

/** What the metrics of a worker are made with. */
export interface WorkerMetricsSetup {
  readonly clock: Clock;
  readonly monotonic: MonotonicClock;
  readonly prefix: string;
  readonly threads: number;
  readonly kernelTimeoutMs: number;
}

/** One stage with its figures and its meter. */
export interface MeteredStage {
  readonly stats: StageStats;
  readonly meter: StageMeter;
}

/**
 * Everything that a worker can tell about itself: metrics as text, health, and samples for self-alerts.
 *
 * What it costs is a few figures per kernel call and per write; nothing per point.
 */
export class WorkerMetrics {
  readonly metrics: Metrics<MetricName>;
  readonly lanes: LaneMeter;
  readonly #setup: WorkerMetricsSetup;
  readonly #stages: MeteredStage[] = [];
  readonly #process = new ProcessMeter();
  #alerts: readonly SelfAlert[] = [];
  #spans: () => SpanFigures | undefined = () => undefined;

  constructor(setup: WorkerMetricsSetup) {
    this.#setup = setup;
    this.metrics = new Metrics(metricCatalogue, (write) => this.#collect(write));
    this.lanes = new LaneMeter(setup.monotonic, setup.threads, (call) => {
      const { stage, op, waitedSeconds, ranSeconds } = call;
      this.metrics.observe('monitoring_kernel_call_duration_seconds', ranSeconds, { stage, op });
      const waited = Math.max(0, waitedSeconds - ranSeconds);
      this.metrics.observe('monitoring_kernel_wait_seconds', waited, { stage });
    });
  }

  /** Makes the meter of a stage; its figures are shown from now on. */
  addStage(stage: string, stats: StageStats): StageMeter {
    const { prefix, clock, monotonic } = this.#setup;
    const observe = this.metrics.observe.bind(this.metrics);
    const meter = new StageMeter({ stage, prefix, clock, monotonic, observe });
    this.#stages.push({ stats, meter });
    return meter;
  }

  get stages(): readonly MeteredStage[] {
    return this.#stages;
  }

  /** Shows these self-alerts, and no others, as being on. */
  showAlerts(alerts: readonly SelfAlert[]): void {
    this.#alerts = alerts;
  }

  /** Shows what became of traces, as long as there are figures of them. */
  showSpans(figures: () => SpanFigures | undefined): void {
    this.#spans = figures;
  }

  live(): HealthVerdict {
    return judgeLive(this.#conditions(), this.#limits());
  }

  ready(): HealthVerdict {
    return judgeReady(this.#conditions(), this.#limits());
  }

  /** The figures that self-alerts are judged by. */
  sample(): WorkerSample {
    const lanes = this.lanes.figures();
    const stages = this.#stages.map((each) => this.#stageSample(each, lanes));
    const atMs = this.#setup.monotonic.elapsedMs();
    const detect = this.#stages.find(({ meter }) => meter.stage === 'detect');
    if (detect === undefined) return { atMs, stages };
    const { counters, gauges } = detect.stats.figures();
    const scored = {
      points: sumOf(counters, 'scored_total'),
      series: sumOf(gauges, 'series'),
      pointsIn: counters.points_in_total ?? 0,
    };
    return { atMs, stages, scored };
  }

  close(): void {
    this.#process.close();
  }

  #limits() {
    const callSeconds = (STUCK_FACTOR * this.#setup.kernelTimeoutMs) / 1000;
    return { callSeconds, writeSeconds: Math.max(LEAST_WRITE_SECONDS, callSeconds) };
  }

  #conditions() {
    const { oldestCallSeconds } = this.lanes.figures();
    return this.#stages.map(({ meter }) => meter.condition(oldestCallSeconds[meter.stage] ?? 0));
  }

  #stageSample({ stats, meter }: MeteredStage, lanes: LaneFigures): StageSample {
    const { stage } = meter;
    const { counters } = stats.figures();
    const { lagRecords, settledRecords } = stats.progress();
    const sums = sumKernelFigures(counters);
    const { phase, fault, oldestCallSeconds } = meter.condition(
      lanes.oldestCallSeconds[stage] ?? 0,
    );
    return {
      stage,
      phase,
      fault,
      lagRecords,
      lagSeconds: this.#lagSeconds(stats),
      settledRecords,
      unaccountedPoints: sums.unaccounted,
      droppedPoints: sums.dropped,
      refusedPoints: sums.refused,
      deadLettersCounted: sums.deadLetters,
      deadLettersWritten: meter.written.get(DEAD_LETTER_TOPIC)?.records ?? 0,
      decisionsWritten: meter.written.get('decisions')?.records ?? 0,
      kernelTimeouts: lanes.timeouts[stage] ?? 0,
      oldestCallSeconds,
    };
  }

  #lagSeconds(stats: StageStats): number {
    const { waitingSinceMs } = stats.progress();
    if (waitingSinceMs === undefined) return 0;
    return Math.max(0, (this.#setup.clock.nowMs() - waitingSinceMs) / 1000);
  }

  #collect(write: WriteMetric<MetricName>): void {
    const lanes = this.lanes.figures();
    for (const each of this.#stages) this.#collectStage(each, lanes, write);
    lanes.busySeconds.forEach((seconds, lane) => {
      write('monitoring_lane_busy_seconds_total', seconds, { lane });
      write('monitoring_lane_calls', lanes.calls[lane] ?? 0, { lane });
    });
    for (const name of selfAlertNames) {
      const isOn = this.#alerts.some((alert) => alert.name === name);
      write('monitoring_self_alert', isOn ? 1 : 0, { name });
    }
    const spans = this.#spans();
    if (spans !== undefined) {
      for (const outcome of ['exported', 'failed'] as const)
        write('monitoring_trace_spans_total', spans[outcome], { outcome });
    }
    this.#collectProcess(write);
  }

  #collectStage(
    { stats, meter }: MeteredStage,
    lanes: LaneFigures,
    write: WriteMetric<MetricName>,
  ): void {
    const { stage, queue } = meter;
    const { counters, gauges } = stats.figures();
    const progress = stats.progress();
    writeKernelFigures(stage, counters, gauges, write);
    write('monitoring_points_unaccounted', sumKernelFigures(counters).unaccounted, { stage });
    write('monitoring_records_settled_total', progress.settledRecords, { stage });
    write('monitoring_lag_records', progress.lagRecords, { stage });
    write('monitoring_lag_seconds', this.#lagSeconds(stats), { stage });
    write('monitoring_replay_records', progress.replayRecords, { stage });
    write('monitoring_replayed_records_total', progress.replayedRecords, { stage });
    const { handover } = meter;
    write('monitoring_restoring_records', handover.restoring, { stage });
    write('monitoring_restored_records_total', handover.restored, { stage });
    write('monitoring_standby_partitions', handover.standbys, { stage });
    write('monitoring_standby_lag_records', handover.standbyLagRecords, { stage });
    write('monitoring_standby_take_overs_total', handover.takeOvers, { stage });
    write('monitoring_queue_items', queue.items, { stage });
    write('monitoring_queue_bytes', queue.bytes, { stage });
    write('monitoring_partitions_paused', queue.paused, { stage });
    for (const state of ['restoring', 'running'] as const)
      write('monitoring_partitions', meter.partitions(state), { stage, state });
    for (const [topic, { records, bytes }] of meter.written) {
      write('monitoring_records_written_total', records, { stage, topic });
      write('monitoring_written_bytes_total', bytes, { stage, topic });
    }
    write('monitoring_checkpoint_bytes_total', meter.checkpointBytes, { stage });
    write('monitoring_checkpoint_largest_part_bytes', meter.largestPartBytes, { stage });
    for (const [code, faults] of meter.faults)
      write('monitoring_stage_faults_total', faults, { stage, code });
    const oldest = lanes.oldestCallSeconds[stage] ?? 0;
    write('monitoring_stage_up', meter.condition(oldest).phase === 'running' ? 1 : 0, { stage });
    write('monitoring_kernel_oldest_call_seconds', oldest, { stage });
    write('monitoring_kernel_timeouts_total', lanes.timeouts[stage] ?? 0, { stage });
    write('monitoring_restored_bytes_total', lanes.restoredBytes[stage] ?? 0, { stage });
  }

  #collectProcess(write: WriteMetric<MetricName>): void {
    const figures = this.#process.read();
    const { loopDelayMeanSeconds: mean, loopDelayMaxSeconds: max } = figures;
    write('monitoring_event_loop_delay_seconds', mean, { statistic: 'mean' });
    write('monitoring_event_loop_delay_seconds', max, { statistic: 'max' });
    write('monitoring_heap_used_bytes', figures.heapUsedBytes);
    write('monitoring_external_bytes', figures.externalBytes);
    write('process_cpu_seconds_total', figures.cpuSeconds);
    write('process_resident_memory_bytes', figures.residentBytes);
    const startSeconds = this.#setup.clock.nowMs() / 1000 - figures.uptimeSeconds;
    write('process_start_time_seconds', startSeconds);
    const { version } = manifest;
    write('monitoring_build_info', 1, { version, node: process.versions.node });
  }
}
