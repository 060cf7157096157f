import type { BatchSeries, MetricBatch } from '../../schemas/generated/metric-batch.ts';
import type { Point, PointSeries } from './point.ts';

/** The layout number of the columns written here (docs/reference/packed-batches.md). */
const COLUMN_LAYOUT = 1;

interface PackedSeries {
  readonly series: PointSeries;
  readonly timestamps: number[];
  readonly values: number[];
}

/**
 * Gathers points and packs them into one `MetricBatch`: grouped by series in order of first appearance, each series'
 * points in the order they came. Of equal series with another kind or unit the first one counts.
 */
export class BatchPacker {
  readonly #packed = new Map<string, PackedSeries>();
  #points = 0;
  #textLength = 0;

  /** Points gathered. */
  get points(): number {
    return this.#points;
  }

  /** UTF-16 units of names and labels gathered, repeats included: an upper bound of the dictionary. */
  get textLength(): number {
    return this.#textLength;
  }

  /** Adds a point; `key` is what tells its series from others. */
  add(key: string, { series, timestampMs, value }: Point): void {
    let packed = this.#packed.get(key);
    if (packed === undefined) {
      packed = { series, timestamps: [], values: [] };
      this.#packed.set(key, packed);
      this.#textLength += key.length;
    }
    packed.timestamps.push(timestampMs);
    packed.values.push(value);
    this.#points += 1;
  }

  /** Packs what was gathered and starts afresh. */
  pack(tenant: string, backfill: boolean): MetricBatch {
    const dictionary = new Dictionary();
    const groups = [...this.#packed.values()];
    const counts = Buffer.alloc(groups.length * 4);
    const timestamps = Buffer.alloc(this.#points * 8);
    const values = Buffer.alloc(this.#points * 8);
    let at = 0;
    for (const [slot, group] of groups.entries()) {
      counts.writeUInt32LE(group.values.length, slot * 4);
      for (const [i, value] of group.values.entries()) {
        timestamps.writeDoubleLE(group.timestamps[i] ?? Number.NaN, at);
        values.writeDoubleLE(value, at);
        at += 8;
      }
    }
    const series = groups.map((group) => batchSeries(group.series, dictionary));
    this.#packed.clear();
    this.#points = 0;
    this.#textLength = 0;
    return {
      tenant,
      layout: COLUMN_LAYOUT,
      backfill,
      dictionary: dictionary.texts,
      series,
      counts,
      timestamps,
      values,
    };
  }
}

class Dictionary {
  readonly texts: string[] = [];
  readonly #places = new Map<string, number>();

  place(text: string): number {
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.texts.push(text) - 1;
      this.#places.set(text, place);
    }
    return place;
  }
}

function batchSeries(series: PointSeries, dictionary: Dictionary): BatchSeries {
  return {
    name: dictionary.place(series.name),
    labels: Object.entries(series.labels).flatMap(([name, value]) => [
      dictionary.place(name),
      dictionary.place(value),
    ]),
    kind: series.kind ?? 'UNKNOWN',
    unit: series.unit === undefined ? -1 : dictionary.place(series.unit),
  };
}
