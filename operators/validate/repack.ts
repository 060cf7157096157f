import type { MetricBatch } from '../../schemas/generated/metric-batch.ts';
import type { RawPoints } from './raw-points.ts';

/**
 * Packs chosen points of a raw record as a record of their own: the bad part of a half-bad one.
 *
 * @param points indexes into the record’s points, rising.
 * @returns a batch with the same tenant and bits; a series without chosen points is left out.
 */
export function repack(raw: RawPoints, points: readonly number[]): MetricBatch {
  const dictionary = new Dictionary();
  const series: MetricBatch['series'][number][] = [];
  const counts: number[] = [];
  const timestamps = new Float64Array(points.length);
  const words = new Uint32Array(points.length * 2);
  let at = 0;
  let start = 0;
  for (const [s, { name, labels, kind, unit }] of raw.series.entries()) {
    const count = raw.counts[s] ?? 0;
    const first = at;
    for (; at < points.length && (points[at] ?? 0) < start + count; at++) {
      const point = points[at] ?? 0;
      timestamps[at] = raw.timestamps[point] ?? 0;
      words[2 * at] = raw.words[2 * point] ?? 0;
      words[2 * at + 1] = raw.words[2 * point + 1] ?? 0;
    }
    start += count;
    if (at === first) continue;
    counts.push(at - first);
    series.push({
      name: dictionary.place(name),
      labels: labels.flatMap(([label, value]) => [
        dictionary.place(label),
        dictionary.place(value),
      ]),
      kind,
      unit: unit === null ? -1 : dictionary.place(unit),
    });
  }
  return {
    tenant: raw.tenant,
    layout: 1,
    backfill: raw.backfill,
    dictionary: dictionary.words,
    series,
    counts: new Uint8Array(Uint32Array.from(counts).buffer),
    timestamps: new Uint8Array(timestamps.buffer),
    values: new Uint8Array(words.buffer),
  };
}

class Dictionary {
  readonly words: string[] = [];
  readonly #places = new Map<string, number>();

  place(word: string): number {
    const known = this.#places.get(word);
    if (known !== undefined) return known;
    const place = this.words.push(word) - 1;
    this.#places.set(word, place);
    return place;
  }
}
