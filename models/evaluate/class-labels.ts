import type { MetricClass } from '../metric-class.ts';

/**
 * What the labelled series are, by hand and by nothing but their names; names that say nothing of it are left out.
 *
 * KPI's names are numbers: the name of the set is what is known of them.
 */
const labels: readonly (readonly [part: string, metricClass: MetricClass])[] = [
  ['art_daily', 'seasonal-kpi'],
  ['art_load_balancer', 'throughput'],
  ['cpu_utilization', 'saturation'],
  ['disk_write_bytes', 'throughput'],
  ['network_in', 'throughput'],
  ['cpc_results', 'seasonal-kpi'],
  ['request_latency', 'latency'],
  ['nyc_taxi', 'seasonal-kpi'],
  ['TravelTime', 'latency'],
  ['occupancy', 'saturation'],
  ['Twitter_volume', 'sparse-counts'],
  ['key_updown', 'sparse-counts'],
];

/** Returns the class of a labelled series by its name; `undefined` where that does not say. */
export function labelledClass(set: string, name: string): MetricClass | undefined {
  if (set === 'kpi') return 'seasonal-kpi';
  return labels.find(([part]) => name.includes(part))?.[1];
}
