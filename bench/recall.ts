import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { Planted } from './fleet-source.ts';

/** How many of the planted anomalies were found. */
export interface Recall {
  readonly planted: number;
  readonly found: number;
  readonly recall: number | null;
  /** The same of those that are the first on their series: a like one soon after is less of a surprise. */
  readonly first: { readonly planted: number; readonly found: number };
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
  const isFound = ({ series, startMs, endMs }: Planted): boolean =>
    starts.get(series)?.some((ms) => ms >= startMs && ms <= endMs + graceMs) === true;
  const found = planted.filter(isFound).length;
  const recall = planted.length === 0 ? null : found / planted.length;
  const known = new Set<number>();
  const first = planted.filter(({ series }) => !known.has(series) && known.add(series));
  return {
    planted: planted.length,
    found,
    recall,
    first: { planted: first.length, found: first.filter(isFound).length },
    episodes: seen.size,
  };
}

/** Number of the fleet’s series that an anomaly speaks of. */
export function seriesOf(labels: Readonly<Record<string, string>>): number {
  return Number(labels.unit?.slice(1) ?? Number.NaN);
}
