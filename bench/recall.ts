import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { Planted } from './fleet-source.ts';

/** How many of the planted anomalies were found. */
export interface Recall {
  readonly planted: number;
  readonly found: number;
  readonly recall: number | null;
  /** Episodes that opened, planted or not. */
  readonly episodes: number;
}

/**
 * Matches planted anomalies with the episodes on their series.
 *
 * @param graceMs how long after its last point an episode may begin and still be the planted one’s: windows close late.
 */
export function recallOf(
  planted: readonly Planted[],
  anomalies: readonly Anomaly[],
  graceMs: number,
): Recall {
  const starts = new Map<number, number[]>();
  const seen = new Set<string>();
  for (const { id, startMs, labels } of anomalies) {
    const key = Buffer.from(id).toString('hex');
    if (seen.has(key)) continue;
    seen.add(key);
    const series = seriesOf(labels);
    const known = starts.get(series);
    if (known === undefined) starts.set(series, [startMs]);
    else known.push(startMs);
  }
  const found = planted.filter(({ series, startMs, endMs }) =>
    starts.get(series)?.some((ms) => ms >= startMs && ms <= endMs + graceMs),
  ).length;
  const recall = planted.length === 0 ? null : found / planted.length;
  return { planted: planted.length, found, recall, episodes: seen.size };
}

/** Number of the fleet’s series that an anomaly speaks of. */
export function seriesOf(labels: Readonly<Record<string, string>>): number {
  return Number(labels.unit?.slice(1) ?? Number.NaN);
}
