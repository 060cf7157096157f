import { rawFromBatch } from '../operators/validate/raw-points.ts';
import type { Codec } from '../schemas/codec.ts';

/** Takes a packed record apart into one `MetricPoint` record per point, as a producer without batches sends them. */
export function singlePoints(codec: Codec, packed: Uint8Array): Buffer[] {
  const raw = rawFromBatch(codec.decode(packed, ['MetricBatch']).value, Number.POSITIVE_INFINITY);
  if ('code' in raw) throw new Error(`the generator made a bad record: ${raw.detail}`);
  const { tenant, backfill, timestamps, values } = raw;
  const records: Buffer[] = [];
  for (const [s, { name, labels, kind, unit }] of raw.series.entries()) {
    const count = raw.counts[s] ?? 0;
    const series = { tenant, name, labels: Object.fromEntries(labels), kind, unit, backfill };
    for (let end = records.length + count; records.length < end; ) {
      const at = records.length;
      const point = { timestamp: timestamps[at] ?? 0, value: values[at] ?? 0 };
      records.push(codec.encode('MetricPoint', { ...series, ...point }));
    }
  }
  return records;
}
