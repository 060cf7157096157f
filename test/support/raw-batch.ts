import type { MetricBatch } from '../../schemas/generated/metric-batch.ts';

/** A series and its points, for tests. */
export interface TestSeries {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly kind?: MetricBatch['series'][number]['kind'];
  readonly points: readonly (readonly [timestampMs: number, value: number])[];
}

/** Packs series as a raw record. */
export function rawBatch(
  series: readonly TestSeries[],
  over: Partial<MetricBatch> = {},
): MetricBatch {
  const dictionary: string[] = [];
  const place = (word: string): number => {
    const known = dictionary.indexOf(word);
    return known >= 0 ? known : dictionary.push(word) - 1;
  };
  const points = series.flatMap((each) => each.points);
  return {
    tenant: 'default',
    layout: 1,
    backfill: false,
    dictionary,
    series: series.map(({ name, labels = {}, kind = 'GAUGE' }) => ({
      name: place(name),
      labels: Object.entries(labels).flatMap(([label, value]) => [place(label), place(value)]),
      kind,
      unit: -1,
    })),
    counts: new Uint8Array(Uint32Array.from(series, (each) => each.points.length).buffer),
    timestamps: new Uint8Array(Float64Array.from(points, ([ms]) => ms).buffer),
    values: new Uint8Array(Float64Array.from(points, ([, value]) => value).buffer),
    ...over,
  };
}
