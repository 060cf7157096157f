import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { SeriesPoints } from './fleet-series.ts';

/** A labelled series of a set. */
export interface LabelledSeries extends SeriesPoints {
  readonly name: string;
  readonly labels: Uint8Array;
  readonly days: number;
}

/** An incident of a machine: labelled rows `[from, to)` and which of its metrics took part. */
export interface Incident {
  readonly from: number;
  readonly to: number;
  readonly metrics: ReadonlySet<number>;
}

/** A machine: metrics on the same times, and when it was in an incident. */
export interface LabelledMachine {
  readonly name: string;
  readonly timestamps: Float64Array;
  readonly metrics: readonly Float64Array[];
  readonly labels: Uint8Array;
  /** Rows before the labelled ones. */
  readonly trainRows: number;
  readonly days: number;
  readonly incidents: readonly Incident[];
}

const DAY_MS = 86_400_000;

/** Reads the series of `<root>/series/<set>`, the first `maxRows` rows of each. */
export function labelledSeries(root: string, set: string, maxRows: number): LabelledSeries[] {
  const folder = join(root, 'series', set);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.csv.gz'))
    .sort()
    .map((name) => {
      const { columns, timestamps } = readWide(join(folder, name), maxRows);
      const values = columns.get('value') ?? new Float64Array();
      const labels = Uint8Array.from(columns.get('label') ?? []);
      return { name, timestamps, values, labels, days: daysOf(timestamps) };
    });
}

/** Reads the machines of `<root>/<set>`, training rows first, labelled 0. */
export function labelledMachines(root: string, set: string): LabelledMachine[] {
  const folder = join(root, set);
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'test.csv.gz')))
    .sort()
    .map((name) => {
      const train = readWide(join(folder, name, 'train.csv.gz'), Number.POSITIVE_INFINITY);
      const test = readWide(join(folder, name, 'test.csv.gz'), Number.POSITIVE_INFINITY);
      const metrics: Float64Array[] = [];
      for (const [column, values] of test.columns) {
        if (column === 'label') continue;
        metrics.push(joined(train.columns.get(column) ?? new Float64Array(), values));
      }
      const timestamps = joined(train.timestamps, test.timestamps);
      const labels = Uint8Array.from(test.columns.get('label') ?? []);
      const trainRows = train.timestamps.length;
      const days = daysOf(test.timestamps);
      const incidents = readIncidents(join(folder, name, 'interpretation.txt'), labels);
      return { name, timestamps, metrics, labels, trainRows, days, incidents };
    });
}

/** Lines `start-end:dims`, dims from 1; whether `end` belongs to an incident differs by set and is read off the labels. */
function readIncidents(path: string, labels: Uint8Array): Incident[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [span = '', dims = ''] = line.split(':');
    const [from = 0, end = 0] = span.split('-').map(Number);
    const metrics = new Set(dims.split(',').map((dim) => Number(dim) - 1));
    return { from, to: labels[end] === 1 ? end + 1 : end, metrics };
  });
}

function joined(first: Float64Array, second: Float64Array): Float64Array {
  const all = new Float64Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

function daysOf(timestamps: Float64Array): number {
  const gaps = timestamps.subarray(1).map((ms, i) => ms - (timestamps[i] as number));
  const sorted = gaps.sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  const median = sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
  return (timestamps.length * median) / DAY_MS;
}

interface Wide {
  readonly timestamps: Float64Array;
  readonly columns: ReadonlyMap<string, Float64Array>;
}

function readWide(path: string, maxRows: number): Wide {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
  const head = (lines[0] ?? '').trim().split(',');
  const rows = Math.min(maxRows, lines.length - 1);
  const timestamps = new Float64Array(rows);
  const columns = new Map<string, Float64Array>();
  const at: (Float64Array | undefined)[] = head.map((name) => {
    if (name === 'timestamp') return undefined;
    const values = new Float64Array(rows);
    columns.set(name, values);
    return values;
  });
  const timeAt = head.indexOf('timestamp');
  for (let i = 0; i < rows; i++) {
    const cells = (lines[i + 1] ?? '').trim().split(',');
    timestamps[i] = Date.parse(cells[timeAt] ?? '');
    for (let c = 0; c < head.length; c++) {
      const values = at[c];
      if (values !== undefined) values[i] = Number(cells[c]);
    }
  }
  return { timestamps, columns };
}
