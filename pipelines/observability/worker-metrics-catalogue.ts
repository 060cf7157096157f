import type { MetricSpec } from '../../runtime/metrics/metrics.ts';

const MS = 0.001;
const LATENCY = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000].map((v) => v * MS);
const LONG = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
const SHORT = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000].map((v) => v * MS);

/**
 * Every metric that a worker shows, by name: base units, closed label sets, never a series or a tenant.
 *
 * `docs/reference/metrics.md` is generated from this table. Names are never changed: dashboards and rules hold them.
 */
export const metricCatalogue = {
  monitoring_metrics_ingested_total: counter(
    'Points that validate read from `metrics.raw`, good or bad.',
  ),
  monitoring_anomalies_detected_total: counter('Episodes that detect opened.'),
  monitoring_alerts_fired_total: counter('Alerts that began to fire, or fired again.'),
  monitoring_ml_inference_duration_seconds: histogram(
    'Time of one model over one batch, within its thread.',
    SHORT,
    'model',
  ),
  monitoring_points_in_total: counter('Points that a stage took in.', 'stage'),
  monitoring_points_out_total: counter('Points that a stage passed on.', 'stage'),
  monitoring_points_dropped_total: counter('Points left out by rule and counted.', 'stage', 'code'),
  monitoring_points_late_total: counter(
    'Points that came behind the watermark; those not scored are dropped with `POINT_LATE` too.',
    'policy',
  ),
  monitoring_points_dead_lettered_total: counter(
    'Points in records or parts of records that became dead letters.',
    'stage',
    'code',
  ),
  monitoring_records_dead_lettered_total: counter('Dead letters.', 'stage', 'code'),
  monitoring_dead_letters_left_out_total: counter(
    'Refused records that did not become dead letters, since there were too many (`runtime.deadLetters`); their points count as dropped.',
    'stage',
    'code',
  ),
  monitoring_points_unaccounted: gauge(
    'Points in, less points out, dead-lettered and dropped. Anything but 0 is a defect.',
    'stage',
  ),
  monitoring_points_scored_total: counter('Points scored, by member of the ensemble.', 'member'),
  monitoring_series: gauge('Series of detect by where they are in their life-cycle.', 'state'),
  monitoring_tier_series: gauge(
    'Series of detect by tier: T0 without a season, T1 with times of day, T2 with those of each weekday.',
    'tier',
  ),
  monitoring_tier_refused_total: counter(
    'Hours in which a series was to have a higher tier and `detect.weeklySeries` left no room for it.',
    'tier',
  ),
  monitoring_series_registered: gauge('Series that enrich holds an entry of.'),
  monitoring_series_room: gauge(
    'Series that `series.memoryBytes` leaves room for, over the partitions of this worker.',
  ),
  monitoring_series_evicted_total: counter(
    'Series given up because they were not heard of for `series.ttlMs`.',
    'stage',
  ),
  monitoring_anomaly_records_total: counter('Records written to `anomalies`.', 'phase'),
  monitoring_alert_records_total: counter('Changes of alerts written.', 'state'),
  monitoring_incident_records_total: counter('Changes of incidents written.', 'state'),
  monitoring_notification_records_total: counter('Notifications that route wrote.', 'state'),
  monitoring_kernel_events: gauge(
    'What else a kernel counts or holds, by the name that it gives.',
    'stage',
    'event',
  ),
  monitoring_records_settled_total: counter(
    'Input records whose outputs are acknowledged.',
    'stage',
  ),
  monitoring_records_written_total: counter(
    'Records written and acknowledged; the topic is without prefix.',
    'stage',
    'topic',
  ),
  monitoring_written_bytes_total: counter(
    'Bytes of keys and values written and acknowledged.',
    'stage',
    'topic',
  ),
  monitoring_lag_records: gauge(
    'Input records not yet settled, over the partitions of this worker.',
    'stage',
  ),
  monitoring_lag_seconds: gauge(
    'Age of the oldest input record not yet settled; 0 without lag.',
    'stage',
  ),
  monitoring_record_age_seconds: histogram(
    'Age of the newest record of a fetch when its outputs were acknowledged.',
    LONG,
    'stage',
  ),
  monitoring_queue_items: gauge(
    'Fetches taken in and not yet settled: waiting, in a kernel, or being written.',
    'stage',
  ),
  monitoring_queue_bytes: gauge('Bytes of these.', 'stage'),
  monitoring_partitions_paused: gauge(
    'Partitions that are not fetched because enough waits.',
    'stage',
  ),
  monitoring_partitions: gauge('Assigned partitions, by state.', 'stage', 'state'),
  monitoring_commit_duration_seconds: histogram(
    'Writing outputs, their acknowledgement and storing the offsets.',
    LATENCY,
    'stage',
  ),
  monitoring_checkpoint_duration_seconds: histogram(
    'Writing a checkpoint, or a part of a larger one, and its acknowledgement.',
    LATENCY,
    'stage',
  ),
  monitoring_checkpoint_bytes_total: counter('Bytes of checkpoints written.', 'stage'),
  monitoring_checkpoint_largest_part_bytes: gauge(
    'Most bytes of changed state written at once so far; `runtime.checkpointPartBytes` is what a task takes out at a time.',
    'stage',
  ),
  monitoring_rebalance_duration_seconds: histogram(
    'From being told of partitions gained or lost until they run or are given up; `_count` counts rebalances.',
    LONG,
    'stage',
    'change',
  ),
  monitoring_restore_duration_seconds: histogram(
    'Opening a kernel and restoring its saved state.',
    LONG,
    'stage',
  ),
  monitoring_restored_bytes_total: counter('Saved state handed to kernels.', 'stage'),
  monitoring_restoring_records: gauge(
    'Records of the state topic still to be read by restores under way.',
    'stage',
  ),
  monitoring_restored_records_total: counter(
    'Records of the state topic read to restore assigned partitions; a standby leaves only the newest to read.',
    'stage',
  ),
  monitoring_standby_partitions: gauge('Partitions that this worker stands by for.', 'stage'),
  monitoring_standby_lag_records: gauge(
    'Records of the state topic that standbys have not taken in, as of their last look.',
    'stage',
  ),
  monitoring_standby_take_overs_total: counter(
    'Partitions assigned to this worker while it stood by for them.',
    'stage',
  ),
  monitoring_replay_records: gauge(
    'Committed input still to be read again to bring restored state up to date.',
    'stage',
  ),
  monitoring_replayed_records_total: counter(
    'Committed input that had to be read again after assignments.',
    'stage',
  ),
  monitoring_stage_up: gauge('1 while the stage runs, 0 when it is rebuilt or has ended.', 'stage'),
  monitoring_stage_faults_total: counter(
    'Faults that a stage was rebuilt or ended for.',
    'stage',
    'code',
  ),
  monitoring_kernel_call_duration_seconds: histogram(
    'Time of one kernel call within its thread.',
    LATENCY,
    'stage',
    'op',
  ),
  monitoring_kernel_wait_seconds: histogram(
    'Time a kernel call waited for its thread and crossed threads.',
    LATENCY,
    'stage',
  ),
  monitoring_kernel_timeouts_total: counter('Kernel calls given up at their deadline.', 'stage'),
  monitoring_kernel_oldest_call_seconds: gauge('Age of the oldest kernel call under way.', 'stage'),
  monitoring_lane_busy_seconds_total: counter(
    'Time that a kernel thread worked; its rate is the thread’s utilisation.',
    'lane',
  ),
  monitoring_lane_calls: gauge('Kernel calls under way or waiting for a thread.', 'lane'),
  monitoring_self_alert: gauge(
    '1 while a self-alert is on; docs/runbooks has a page on each.',
    'name',
  ),
  monitoring_trace_spans_total: counter(
    'Spans handed to the collector, by whether it took them; only with `observability.traces`.',
    'outcome',
  ),
  monitoring_build_info: gauge('Always 1; the labels say what runs.', 'version', 'node'),
  monitoring_event_loop_delay_seconds: gauge(
    'Delay of the main thread’s event loop since the last scrape.',
    'statistic',
  ),
  monitoring_heap_used_bytes: gauge('JavaScript heap in use, main thread.'),
  monitoring_external_bytes: gauge('Memory of buffers outside the heap, main thread.'),
  process_cpu_seconds_total: counter('CPU time of the process, all threads.'),
  process_resident_memory_bytes: gauge('Resident memory of the process.'),
  process_start_time_seconds: gauge('When the process started, epoch seconds UTC.'),
} as const satisfies Record<string, MetricSpec>;

/** Name of a metric of the worker. */
export type MetricName = keyof typeof metricCatalogue;

/** What each label’s values are: all of them closed sets. */
export const metricLabels: Readonly<Record<string, string>> = {
  stage: '`validate`, `enrich`, `detect`, `correlate`, `route`',
  code: 'an [error code](errors.md)',
  model: 'a model of `models/manifest.json`',
  member: 'a member of the ensemble',
  policy: '`score`, `count`, `drop`',
  state: 'a state of the record, series or partition',
  phase: '`OPEN`, `UPDATE`, `CLOSE`',
  topic: 'a topic of the product, without prefix',
  event: 'a counter’s name in the kernel’s code',
  change: '`assigned`, `revoked`',
  op: '`warm`, `open`, `restore`, `process`, `checkpoint`, `close`',
  lane: 'number of a kernel thread, from 0',
  name: 'a self-alert',
  outcome: '`exported`, `failed`',
  statistic: '`mean`, `max`',
  version: 'version of the product',
  node: 'version of Node.js',
};

function counter(help: string, ...labels: string[]): MetricSpec {
  return { kind: 'counter', help, labels };
}

function gauge(help: string, ...labels: string[]): MetricSpec {
  return { kind: 'gauge', help, labels };
}

function histogram(help: string, buckets: readonly number[], ...labels: string[]): MetricSpec {
  return { kind: 'histogram', help, labels, buckets };
}
