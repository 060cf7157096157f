import type { WriteMetric } from '../../runtime/metrics/metrics.ts';
import type { MetricName } from './worker-metrics-catalogue.ts';

type Figures = Readonly<Record<string, number>>;

/** Drops that are as they should be: the first value of a counter, which rates begin from, and repeats. */
export const EXPECTED_DROPS = ['COUNTER_BASE', 'RECORD_REPEATED'];

/** A kernel’s counter as a metric, and the label that carries what stands in its braces. */
interface Translation {
  readonly metric: MetricName;
  readonly label?: string;
  /** Whether the stage is a label: where several stages count the same thing. */
  readonly staged?: boolean;
}

const STAGED: Readonly<Record<string, Translation>> = {
  points_in_total: { metric: 'monitoring_points_in_total', staged: true },
  points_out_total: { metric: 'monitoring_points_out_total', staged: true },
  series_evicted_total: { metric: 'monitoring_series_evicted_total', staged: true },
  points_dropped_total: { metric: 'monitoring_points_dropped_total', label: 'code', staged: true },
  points_dead_lettered_total: {
    metric: 'monitoring_points_dead_lettered_total',
    label: 'code',
    staged: true,
  },
  records_dead_lettered_total: {
    metric: 'monitoring_records_dead_lettered_total',
    label: 'code',
    staged: true,
  },
  dead_letters_left_out_total: {
    metric: 'monitoring_dead_letters_left_out_total',
    label: 'code',
    staged: true,
  },
};

const BY_STAGE: Readonly<Record<string, Readonly<Record<string, Translation>>>> = {
  detect: {
    scored_total: { metric: 'monitoring_points_scored_total', label: 'member' },
    anomalies_total: { metric: 'monitoring_anomaly_records_total', label: 'phase' },
    series: { metric: 'monitoring_series', label: 'state' },
    tier_series: { metric: 'monitoring_tier_series', label: 'tier' },
    tier_refused_total: { metric: 'monitoring_tier_refused_total', label: 'tier' },
  },
  enrich: {
    series: { metric: 'monitoring_series_registered' },
    series_room: { metric: 'monitoring_series_room' },
    points_late_total: { metric: 'monitoring_points_late_total', label: 'policy' },
  },
  correlate: {
    alerts_total: { metric: 'monitoring_alert_records_total', label: 'state' },
    alerts_fired_total: { metric: 'monitoring_alerts_fired_total' },
    incidents_total: { metric: 'monitoring_incident_records_total', label: 'state' },
  },
  route: {
    notifications_total: { metric: 'monitoring_notification_records_total', label: 'state' },
  },
};

const COUNTER = /^(\w+)(?:\{\w+="([^"]*)"\})?$/;

/** Writes what a stage’s kernels counted as metrics; a name that no metric is made for is not lost. */
export function writeKernelFigures(
  stage: string,
  counters: Figures,
  gauges: Figures,
  write: WriteMetric<MetricName>,
): void {
  for (const [text, value] of [...Object.entries(counters), ...Object.entries(gauges)]) {
    writeFigure(stage, text, value, write);
  }
  if (stage === 'validate')
    write('monitoring_metrics_ingested_total', counters.points_in_total ?? 0);
  if (stage === 'detect')
    write('monitoring_anomalies_detected_total', counters['anomalies_total{phase="OPEN"}'] ?? 0);
}

function writeFigure(
  stage: string,
  text: string,
  value: number,
  write: WriteMetric<MetricName>,
): void {
  const [, name = text, labelValue = ''] = COUNTER.exec(text) ?? [];
  // These are a histogram already.
  if (name === 'inference_seconds') return;
  const translation = BY_STAGE[stage]?.[name] ?? STAGED[name];
  if (translation === undefined) {
    write('monitoring_kernel_events', value, { stage, event: name });
    return;
  }
  const { metric, label, staged } = translation;
  const stageLabel = staged === true ? { stage } : {};
  write(metric, value, label === undefined ? stageLabel : { ...stageLabel, [label]: labelValue });
}

/** What a stage’s kernels counted, summed up as far as a worker judges itself by it. */
export interface KernelSums {
  readonly pointsIn: number;
  /** Points in, less points out, dead-lettered and dropped; 0 for stages that do not carry points. */
  readonly unaccounted: number;
  /** Points dropped for a reason that is not a matter of course. */
  readonly dropped: number;
  /** Of these, points of series that there was no memory for. */
  readonly refused: number;
  readonly deadLetters: number;
}

/** Sums up what a stage’s kernels counted. */
export function sumKernelFigures(counters: Figures): KernelSums {
  let dropped = 0;
  let expected = 0;
  let deadLettered = 0;
  let deadLetters = 0;
  const refused = counters['points_dropped_total{code="SERIES_MEMORY"}'] ?? 0;
  for (const [text, value] of Object.entries(counters)) {
    const [, name, code = ''] = COUNTER.exec(text) ?? [];
    if (name === 'points_dropped_total') {
      if (EXPECTED_DROPS.includes(code)) expected += value;
      else dropped += value;
    } else if (name === 'points_dead_lettered_total') deadLettered += value;
    else if (name === 'records_dead_lettered_total') deadLetters += value;
  }
  const pointsIn = counters.points_in_total ?? 0;
  const pointsOut = counters.points_out_total ?? 0;
  const hasPoints = counters.points_in_total !== undefined;
  const unaccounted = hasPoints ? pointsIn - pointsOut - deadLettered - dropped - expected : 0;
  return { pointsIn, unaccounted, dropped, refused, deadLetters };
}

/** Sums up the values of a counter or gauge over its labels. */
export function sumOf(figures: Figures, metric: string): number {
  let sum = 0;
  for (const [text, value] of Object.entries(figures)) {
    if (COUNTER.exec(text)?.[1] === metric) sum += value;
  }
  return sum;
}
