import type { MetricBatch } from './generated/metric-batch.ts';

/** The byte columns of a `MetricBatch`: the last three fields of its encoding. */
export type MetricColumns = Pick<MetricBatch, 'counts' | 'timestamps' | 'values'>;

/** Most bytes of an Avro long that says a length: more is not one of ours. */
const LENGTH_BYTES = 5;

/**
 * Reads the columns of an encoded `MetricBatch` whose fields before them end at `at`.
 *
 * @returns views of `bytes`, or `undefined` when what follows is not three columns up to the end.
 */
export function readMetricColumns(bytes: Uint8Array, at: number): MetricColumns | undefined {
  const counts = readColumn(bytes, at);
  const timestamps = readColumn(bytes, endOf(bytes, counts));
  const values = readColumn(bytes, endOf(bytes, timestamps));
  if (counts === undefined || timestamps === undefined || values === undefined) return undefined;
  return endOf(bytes, values) === bytes.length ? { counts, timestamps, values } : undefined;
}

/**
 * Returns where the fields before the columns of an encoded `MetricBatch` end.
 *
 * @param columns as decoded from `bytes`: views of it.
 * @returns `undefined` when a length is written in more bytes than it takes, so that it cannot be told where it begins.
 */
export function metricColumnsAt(bytes: Uint8Array, columns: MetricColumns): number | undefined {
  const { counts, values } = columns;
  const at = counts.byteOffset - bytes.byteOffset - lengthBytes(counts.length);
  const read = readMetricColumns(bytes, at);
  const same = read?.counts.length === counts.length && read.values.length === values.length;
  return same ? at : undefined;
}

function endOf(bytes: Uint8Array, column: Uint8Array | undefined): number {
  if (column === undefined) return bytes.length;
  return column.byteOffset - bytes.byteOffset + column.length;
}

/** Reads a length as an Avro long, and so many bytes. */
function readColumn(bytes: Uint8Array, at: number): Uint8Array | undefined {
  let zigzag = 0;
  for (let i = 0; i < LENGTH_BYTES; i++) {
    const byte = bytes[at + i] ?? 0x80;
    zigzag += (byte & 0x7f) * 2 ** (7 * i);
    if (byte >= 0x80) continue;
    const start = at + i + 1;
    const end = start + zigzag / 2;
    return zigzag % 2 === 0 && end <= bytes.length ? bytes.subarray(start, end) : undefined;
  }
  return undefined;
}

function lengthBytes(length: number): number {
  let bytes = 1;
  for (let zigzag = 2 * length; zigzag >= 128; zigzag = Math.floor(zigzag / 128)) bytes += 1;
  return bytes;
}
