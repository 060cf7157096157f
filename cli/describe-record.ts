import type { DecodedRecord } from '../schemas/codec.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import { formatSeries } from './format-series.ts';
import { formatNumber } from './number-format.ts';
import { recordJson } from './record-json.ts';
import { hexId } from './run-findings.ts';

/** Says in one line what a record says; kinds without words of their own are shown as JSON. */
export function describeRecord(record: DecodedRecord): string {
  switch (record.name) {
    case 'MetricPoint': {
      const { tenant, name, labels, timestamp, value } = record.value;
      return `${tenant} ${formatSeries(name, labels)} = ${value} at ${new Date(timestamp).toISOString()}`;
    }
    case 'MetricBatch': {
      const { tenant, series, counts, values } = record.value;
      return `${tenant}: ${values.length / 8} points of ${counts.length / 4} series (${series.length} named)`;
    }
    case 'Anomaly':
      return describeEpisode(record.value);
    case 'Alert': {
      const { id, state, severity, name, labels, anomalyCount } = record.value;
      return `${shortId(id)} ${state} ${severity} ${formatSeries(name, labels)} ${anomalyCount} episodes`;
    }
    case 'Incident': {
      const { id, state, severity, title, alertCount } = record.value;
      return `${shortId(id)} ${state} ${severity} "${title}" ${alertCount} alerts`;
    }
    case 'Notification': {
      const { id, state, reason, receiver, eventType, code } = record.value;
      return `${shortId(id)} ${state} ${reason} ${eventType} to ${receiver}${code === null ? '' : ` (${code})`}`;
    }
    case 'Decision': {
      const { stage, kind, outcome, code, text, count } = record.value;
      return `${stage} ${kind} ${outcome} ${code}${count > 1 ? ` ×${count}` : ''}: ${text}`;
    }
    case 'SeriesDefinition':
      return `${record.value.tenant} ${formatSeries(record.value.name, record.value.labels)}`;
    default:
      return JSON.stringify(recordJson(record.name, record.value));
  }
}

function describeEpisode(anomaly: Anomaly): string {
  const { id, phase, tier, peakScore, metric, labels, value, expected, startMs } = anomaly;
  const seen =
    expected === null
      ? formatNumber(value)
      : `${formatNumber(value)}, expected ${formatNumber(expected)}`;
  const series = formatSeries(metric, labels);
  return `${shortId(id)} ${phase} ${tier} ${peakScore.toFixed(2)} ${series} ${seen} since ${new Date(startMs).toISOString().slice(0, 19)}Z`;
}

function shortId(id: Uint8Array): string {
  return hexId(id).slice(0, 8);
}
