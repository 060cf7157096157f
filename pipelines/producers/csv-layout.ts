import { parseNumber } from './number-text.ts';
import { parseSeriesText, type SeriesText } from './series-text.ts';
import { parseTimestamp, type TimestampUnit } from './timestamp-text.ts';

/**
 * How a CSV file is laid out.
 *
 * `single`: one value column of one series. `long`: a metric column names the series of each line, with labels in a
 * column of pairs or in columns of their own. `wide`: every other column is a series.
 */
export type CsvLayout =
  | {
      readonly form: 'single';
      readonly width: number;
      readonly timestamp: number;
      readonly value: number;
    }
  | {
      readonly form: 'long';
      readonly width: number;
      readonly timestamp: number;
      readonly value: number;
      readonly metric: number;
      readonly labels: number | undefined;
      readonly labelColumns: readonly CsvColumn<string>[];
    }
  | {
      readonly form: 'wide';
      readonly width: number;
      readonly timestamp: number;
      readonly columns: readonly CsvColumn<SeriesText>[];
    };

/** A column and what stands for it. */
export interface CsvColumn<T> {
  readonly index: number;
  readonly title: T;
}

const TIMESTAMP_TITLES = [
  'timestamp',
  'time',
  'ts',
  'timestamp_ms',
  'timestampms',
  'datetime',
  'date',
  '_time',
];
const METRIC_TITLES = ['metric', 'name', 'metric_name', '__name__'];

/** What finding the layout needs of the parser's options. */
export interface CsvLayoutOptions {
  readonly timestampUnit: TimestampUnit;
  /** Columns of the long form that are labels. */
  readonly labelColumns: readonly string[];
}

/** A file whose first line holds points already: `timestamp,value` without titles. */
export function headlessLayout(
  cells: readonly string[],
  unit: TimestampUnit,
): CsvLayout | undefined {
  const [time, value] = cells;
  if (time === undefined || value === undefined) return undefined;
  if (parseTimestamp(time.trim(), unit) === undefined || parseNumber(value.trim()) === undefined)
    return undefined;
  return { form: 'single', width: cells.length, timestamp: 0, value: 1 };
}

/** Finds the layout from the titles, or says what is missing. Titles match in any case. */
export function layoutOf(
  titles: readonly string[],
  options: CsvLayoutOptions,
): CsvLayout | { readonly form: 'fault'; readonly index: number; readonly reason: string } {
  const lower = titles.map((title) => title.trim().toLowerCase());
  const find = (wanted: readonly string[]) =>
    wanted.map((title) => lower.indexOf(title)).find((index) => index >= 0);
  const timestamp = find(TIMESTAMP_TITLES);
  if (timestamp === undefined) {
    const reason = `no column is called ${TIMESTAMP_TITLES.slice(0, 3).join(', ')}, and the first line holds no point`;
    return { form: 'fault', index: 0, reason };
  }
  const value = find(['value']);
  const metric = find(METRIC_TITLES);
  if (value === undefined) return wideLayout(titles, timestamp);
  if (metric === undefined) return { form: 'single', width: titles.length, timestamp, value };
  const labelColumns = options.labelColumns.map((title) => ({
    index: lower.indexOf(title.toLowerCase()),
    title,
  }));
  const absent = labelColumns.find((column) => column.index < 0);
  if (absent !== undefined)
    return { form: 'fault', index: 0, reason: `no column is called ${absent.title}` };
  const labels = find(['labels', 'tags']);
  return { form: 'long', width: titles.length, timestamp, value, metric, labels, labelColumns };
}

function wideLayout(titles: readonly string[], timestamp: number): ReturnType<typeof layoutOf> {
  const columns: CsvColumn<SeriesText>[] = [];
  for (const [index, text] of titles.entries()) {
    if (index === timestamp || text.trim() === '') continue;
    const title = parseSeriesText(text.trim());
    if (title === undefined)
      return { form: 'fault', index, reason: 'the title is no series: name{label="value"}' };
    columns.push({ index, title });
  }
  if (columns.length === 0)
    return { form: 'fault', index: timestamp, reason: 'there is no column of values' };
  return { form: 'wide', width: titles.length, timestamp, columns };
}
