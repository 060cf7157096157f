import type { MetricBatch } from '../../schemas/generated/metric-batch.ts';
import type { MetricPoint } from '../../schemas/generated/metric-point.ts';
import type { SeriesKind } from '../../schemas/generated/series-kind.ts';
import type { LabelPair } from '../../schemas/identity.ts';
import type { MetricColumns } from '../../schemas/metric-columns.ts';
import { HeadPlaces } from './head-places.ts';

/** Layout of `MetricBatch` columns that this version reads. */
const LAYOUT = 1;
/** Most characters that the names and labels of a record’s series may have in all. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

type BatchSeries = MetricBatch['series'][number];

/**
 * A series as a producer named it.
 *
 * Labels are sorted by name; one with an empty value is the same as none, as in Prometheus, and is left out.
 */
export interface RawSeries {
  readonly name: string;
  readonly labels: readonly LabelPair[];
  readonly kind: SeriesKind;
  readonly unit: string | null;
}

/** What a record says before its points: whose they are, and of which series. */
export interface RawHead {
  readonly tenant: string;
  readonly backfill: boolean;
  /** What was found out about its series. */
  readonly places: HeadPlaces;
}

/**
 * One raw record, friendly or packed, in one shape: points grouped by series.
 *
 * `counts` are the points of each series. `words` are the values’ bits (low word first): a NaN’s payload does not survive
 * as a number.
 */
export interface RawPoints extends RawHead {
  /** Read only when it is asked for where the head is known: names and labels are most of a record. */
  readonly series: readonly RawSeries[];
  readonly counts: Uint32Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly words: Uint32Array;
}

/** Reads a record with one point. */
export function rawFromPoint(point: MetricPoint): RawPoints {
  const { tenant, name, labels, kind, unit, backfill } = point;
  const values = Float64Array.of(point.value);
  return {
    tenant,
    backfill,
    places: new HeadPlaces(1),
    series: [{ name, labels: sortedPairs(Object.entries(labels)), kind, unit }],
    counts: Uint32Array.of(1),
    timestamps: Float64Array.of(point.timestamp),
    values,
    words: new Uint32Array(values.buffer),
  };
}

/** What is wrong with a packed record as a whole. */
export interface RawFault {
  readonly code: 'BATCH_COLUMNS' | 'RECORD_TOO_LARGE';
  readonly detail: string;
}

/**
 * Reads a packed record, or says in which way its columns disagree or it is too large.
 *
 * Copies each column once, to align it; checks every dictionary reference and count before any point is read. Texts that
 * many series share count for each of them, for that is what they become later.
 *
 * @param maxSeries most series of a record.
 */
export function rawFromBatch(batch: MetricBatch, maxSeries: number): RawPoints | RawFault {
  if (batch.series.length > maxSeries)
    return tooLarge(`${batch.series.length} series, at most ${maxSeries}`);
  if (batch.layout !== LAYOUT) return disagree(`layout ${batch.layout}, expected ${LAYOUT}`);
  const misfit = columnFault(batch, batch.series.length);
  if (misfit !== undefined) return disagree(misfit);
  const { tenant, backfill, dictionary, series } = batch;
  const named: RawSeries[] = [];
  let characters = 0;
  for (let i = 0; i < series.length; i++) {
    const header = series[i] as (typeof series)[number];
    characters += charactersOf(header, dictionary);
    if (characters > MOST_CHARACTERS)
      return tooLarge(`its series have over ${MOST_CHARACTERS} characters`);
    const read = readSeries(header, dictionary);
    if (typeof read === 'string') return disagree(`series ${i}: ${read}`);
    named.push(read);
  }
  return withPoints({ tenant, backfill, places: new HeadPlaces(named.length) }, batch, () => named);
}

/**
 * Reads a packed record whose head is known already, or says in which way its columns disagree with it.
 *
 * @param series reads the record’s series, where they are asked for after all.
 */
export function rawFromHead(
  head: RawHead,
  columns: MetricColumns,
  series: () => readonly RawSeries[],
): RawPoints | RawFault {
  const misfit = columnFault(columns, head.places.series);
  return misfit === undefined ? withPoints(head, columns, series) : disagree(misfit);
}

function withPoints(
  { tenant, backfill, places }: RawHead,
  columns: MetricColumns,
  series: () => readonly RawSeries[],
): RawPoints {
  const bits = aligned(columns.values);
  let read: readonly RawSeries[] | undefined;
  return {
    tenant,
    backfill,
    places,
    get series() {
      read ??= series();
      return read;
    },
    counts: new Uint32Array(aligned(columns.counts)),
    timestamps: new Float64Array(aligned(columns.timestamps)),
    values: new Float64Array(bits),
    words: new Uint32Array(bits),
  };
}

function tooLarge(detail: string): RawFault {
  return { code: 'RECORD_TOO_LARGE', detail };
}

function disagree(detail: string): RawFault {
  return { code: 'BATCH_COLUMNS', detail };
}

function columnFault(
  { counts, timestamps, values }: MetricColumns,
  series: number,
): string | undefined {
  if (counts.length !== series * 4) return `${series} series but ${counts.length} bytes of counts`;
  const points = Math.floor(values.length / 8);
  if (values.length % 8 !== 0 || timestamps.length !== values.length) {
    return `${timestamps.length} bytes of timestamps, ${values.length} of values`;
  }
  let sum = 0;
  for (const count of new Uint32Array(aligned(counts))) sum += count;
  return sum === points ? undefined : `counts add up to ${sum}, the columns hold ${points} points`;
}

function charactersOf({ name, labels }: BatchSeries, dictionary: readonly string[]): number {
  let characters = dictionary[name]?.length ?? 0;
  // A label weighs something even when it is empty: it takes memory here.
  for (const reference of labels) characters += 8 + (dictionary[reference]?.length ?? 0);
  return characters;
}

function readSeries(header: BatchSeries, dictionary: readonly string[]): RawSeries | string {
  const name = dictionary[header.name];
  if (name === undefined) return `name ${header.name} is not in the dictionary`;
  if (header.labels.length % 2 !== 0) return 'a label name has no value';
  const unit = header.unit < 0 ? null : dictionary[header.unit];
  if (unit === undefined) return `unit ${header.unit} is not in the dictionary`;
  const labels: [string, string][] = [];
  for (let i = 0; i < header.labels.length; i += 2) {
    const label = dictionary[header.labels[i] ?? -1];
    const value = dictionary[header.labels[i + 1] ?? -1];
    if (label === undefined || value === undefined) return 'a label is not in the dictionary';
    labels.push([label, value]);
  }
  return { name, labels: sortedPairs(labels), kind: header.kind, unit };
}

function sortedPairs(labels: [string, string][]): readonly LabelPair[] {
  const present = labels.filter(([, value]) => value !== '');
  return present.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** A copy of its own, because a view into a record may start at any byte. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy.buffer;
}
