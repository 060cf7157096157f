import { type CsvLayout, headlessLayout, layoutOf } from './csv-layout.ts';
import { type CsvCells, splitCsvRecord } from './csv-record.ts';
import { parseNumber } from './number-text.ts';
import { parseLines } from './parse-lines.ts';
import { type ParsedText, SeriesTable } from './parsed-text.ts';
import type { ParsedPoints, PointSeries } from './point.ts';
import { parseLabels } from './series-text.ts';
import type { TextChunks } from './text-lines.ts';
import { parseTimestamp, type TimestampUnit } from './timestamp-text.ts';

/** What a CSV text does not say by itself. */
export interface CsvOptions {
  /** Metric name of the `timestamp,value` form; default `value`. */
  readonly name?: string;
  /** Put on every series; labels from the file win. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Default `auto`. */
  readonly timestampUnit?: TimestampUnit;
  /** Default: the first of `,` `;` tab that the first line has. */
  readonly delimiter?: string;
  /** Columns of the long form that are labels, named as titled; default none. */
  readonly labelColumns?: readonly string[];
  /** UTF-16 units; default 1 Mi. */
  readonly maxLineLength?: number;
}

/**
 * Reads points from CSV text in one of three forms, told apart by the titles of the first line:
 * `timestamp,value` (other columns ignored; titles may be absent), `timestamp,metric,value[,labels]`, or
 * `timestamp` and one column per series.
 *
 * Bad cells and lines are faults and the next line goes on; without a usable first line every line is a fault.
 * Empty cells, `NA` and `null` are skipped and counted.
 */
export function parseCsv(
  chunks: TextChunks,
  options: CsvOptions = {},
): AsyncGenerator<ParsedPoints> {
  const reader = new CsvReader(options);
  return parseLines(
    chunks,
    (text, line, out) => reader.read(text, line, out),
    options.maxLineLength,
  );
}

/** A record with its place in the file, for faults. */
interface PlacedRecord extends CsvCells {
  readonly text: string;
  readonly line: number;
}

class CsvReader {
  readonly #options: CsvOptions;
  readonly #unit: TimestampUnit;
  readonly #table = new SeriesTable();
  #delimiter: string | undefined;
  #layout: CsvLayout | { readonly form: 'fault'; readonly reason: string } | undefined;

  constructor(options: CsvOptions) {
    this.#options = options;
    this.#unit = options.timestampUnit ?? 'auto';
    this.#delimiter = options.delimiter;
  }

  read(text: string, line: number, out: ParsedText): boolean {
    if (text.trim() === '') return true;
    this.#delimiter ??= [',', ';', '\t'].find((delimiter) => text.includes(delimiter)) ?? ',';
    const split = splitCsvRecord(text, this.#delimiter);
    if (split.kind === 'open') return false;
    if (split.kind === 'fault') {
      faultAt(out, text, line, split.at, split.reason);
      return true;
    }
    this.#take({ ...split, text, line }, out);
    return true;
  }

  #take(record: PlacedRecord, out: ParsedText): void {
    if (this.#layout === undefined) {
      this.#layout = headlessLayout(record.cells, this.#unit);
      if (this.#layout === undefined) return this.#takeTitles(record, out);
    }
    const layout = this.#layout;
    if (layout.form === 'fault') {
      out.fault(record.line, 1, layout.reason);
      return;
    }
    const { length } = record.cells;
    if (
      length !== layout.width &&
      !(length === layout.width + 1 && record.cells[length - 1] === '')
    ) {
      const reason = `the line has ${length} cells, the first line ${layout.width}`;
      faultAt(
        out,
        record.text,
        record.line,
        record.starts[Math.min(length, layout.width)] ?? 0,
        reason,
      );
      return;
    }
    this.#takePoints(record, layout, out);
  }

  #takeTitles(record: PlacedRecord, out: ParsedText): void {
    const { labelColumns = [] } = this.#options;
    const layout = layoutOf(record.cells, { timestampUnit: this.#unit, labelColumns });
    this.#layout = layout;
    if (layout.form === 'fault') faultCell(out, record, layout.index, layout.reason);
  }

  #takePoints(record: PlacedRecord, layout: CsvLayout, out: ParsedText): void {
    const time = cell(record, layout.timestamp);
    const timestampMs = parseTimestamp(time, this.#unit);
    if (timestampMs === undefined) {
      faultCell(out, record, layout.timestamp, `expected a timestamp, found ${quote(time)}`);
      return;
    }
    if (layout.form === 'wide') {
      for (const { index, title } of layout.columns) {
        const value = cellValue(record, index, out);
        if (value === undefined) continue;
        out.point(this.#series(String(index), title.name, title.labels), timestampMs, value);
      }
      return;
    }
    const value = cellValue(record, layout.value, out);
    if (value === undefined) return;
    const series =
      layout.form === 'single'
        ? this.#series('', this.#options.name ?? 'value', {})
        : this.#longSeries(record, layout, out);
    if (series !== undefined) out.point(series, timestampMs, value);
  }

  #longSeries(
    record: PlacedRecord,
    layout: Extract<CsvLayout, { form: 'long' }>,
    out: ParsedText,
  ): PointSeries | undefined {
    const name = cell(record, layout.metric);
    const pairs = layout.labels === undefined ? '' : cell(record, layout.labels);
    const own = layout.labelColumns.map(
      ({ index, title }) => [title, cell(record, index)] as const,
    );
    if (name === '') {
      faultCell(out, record, layout.metric, 'the name of the metric is empty');
      return undefined;
    }
    const labels = parseLabels(pairs);
    if (labels === undefined) {
      faultCell(
        out,
        record,
        layout.labels ?? 0,
        `expected labels as a=b,c=d, found ${quote(pairs)}`,
      );
      return undefined;
    }
    const key = JSON.stringify([name, pairs, own]);
    return this.#series(key, name, {
      ...labels,
      ...Object.fromEntries(own.filter(([, value]) => value !== '')),
    });
  }

  #series(key: string, name: string, labels: Readonly<Record<string, string>>): PointSeries {
    return this.#table.get(key, () => ({ name, labels: { ...this.#options.labels, ...labels } }));
  }
}

function cell(record: PlacedRecord, index: number): string {
  return (record.cells[index] ?? '').trim();
}

function cellValue(record: PlacedRecord, index: number, out: ParsedText): number | undefined {
  const text = cell(record, index);
  if (text === '' || text === 'NA' || text === 'null') {
    out.skip(1);
    return undefined;
  }
  const value = parseNumber(text);
  if (value === undefined) faultCell(out, record, index, `expected a number, found ${quote(text)}`);
  return value;
}

function faultCell(out: ParsedText, record: PlacedRecord, index: number, reason: string): void {
  faultAt(out, record.text, record.line, record.starts[index] ?? 0, reason);
}

/** Turns a place in a record that may run over several lines into line and column. */
function faultAt(out: ParsedText, text: string, line: number, at: number, reason: string): void {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  out.fault(line + before.split('\n').length - 1, at - lineStart + 1, reason);
}

/** Shows the beginning of a text, so that a fault stays one short line. */
function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
