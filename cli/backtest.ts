import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { OnnxEnsemble } from '../models/onnx-ensemble.ts';
import type { Scorer } from '../models/scorer.ts';
import { type BacktestRow, backtestSeries } from '../operators/detect/backtest-series.ts';
import { newDetectTables } from '../operators/detect/detect-tables.ts';
import { Detector } from '../operators/detect/detector.ts';
import { type DetectTuning, defaultTuning } from '../operators/detect/tuning.ts';
import { PipelineError } from '../runtime/errors.ts';

const HEADER = 'timestamp,anomaly_score,onset,expected,lower,upper,state\n';
/** Significant digits of the numbers written. */
const DIGITS = 9;
/** Epoch numbers from here on are milliseconds, below seconds. */
const FIRST_MS = 1e11;
const TABLE = { rowsPerPage: 1, pagesPerSlab: 1 };

/** What `vigie backtest` is told. */
export interface BacktestRequest {
  readonly inDir: string;
  readonly outDir: string;
  /** Called after each file. */
  readonly onProgress?: (done: number, total: number, file: string) => void;
  /** Models to score with; those of the product when absent. */
  readonly scorer?: Scorer;
  readonly tuning?: DetectTuning;
}

/** What a backtest did. */
export interface BacktestSummary {
  readonly files: number;
  readonly rows: number;
  readonly onsets: number;
  readonly critical: number;
}

/**
 * Scores every CSV and CSV.gz below a folder with the detector that runs live, a series a file.
 *
 * A file needs columns `timestamp` (ISO 8601, UTC where it has no zone, or epoch s or ms) and `value`; others are not
 * read. Writes the same relative path, ending in `.csv`, one row per input row in order.
 *
 * @throws PipelineError `OPTIONS_INVALID` (fate: stop) when there is no such file or one lacks a column.
 */
export async function runBacktest(request: BacktestRequest): Promise<BacktestSummary> {
  const files = csvFiles(request.inDir);
  if (files.length === 0) {
    throw new PipelineError('OPTIONS_INVALID', `no .csv or .csv.gz file below ${request.inDir}`);
  }
  const scorer = request.scorer ?? (await OnnxEnsemble.load());
  const summary = { files: files.length, rows: 0, onsets: 0, critical: 0 };
  for (const [i, file] of files.entries()) {
    const series = readSeries(join(request.inDir, file));
    const text = [HEADER];
    await backtestSeries(newDetector(scorer, request.tuning), { ...series, row: 0 }, (row, at) => {
      text.push(`${series.stamps[at]},${cells(row)}\n`);
      if (row.onset > 0) summary.onsets += 1;
      if (row.onset === 2) summary.critical += 1;
    });
    const path = join(request.outDir, file.replace(/\.gz$/, ''));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.join(''));
    summary.rows += series.stamps.length;
    request.onProgress?.(i + 1, files.length, file);
  }
  return summary;
}

function newDetector(scorer: Scorer, tuning: DetectTuning = defaultTuning): Detector {
  const tables = newDetectTables(TABLE);
  tables.series.allocate();
  return new Detector(scorer, tables, tuning);
}

function cells(row: Readonly<BacktestRow>): string {
  const { score, onset, expected, lower, upper, state } = row;
  return `${text(score)},${onset},${text(expected)},${text(lower)},${text(upper)},${state}`;
}

function text(value: number): string {
  return String(Number(value.toPrecision(DIGITS)));
}

function csvFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.csv(\.gz)?$/.test(name))
    .filter((name) => hasColumns(join(folder, name)))
    .sort();
}

/** Lists beside the series (an index, say) are passed over: only files with both columns are series. */
function hasColumns(path: string): boolean {
  const head = readText(path).split('\n', 1)[0] ?? '';
  const names = head.trim().split(',');
  return names.includes('timestamp') && names.includes('value');
}

interface SeriesRows {
  readonly stamps: readonly string[];
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

function readSeries(path: string): SeriesRows {
  const lines = readText(path).split(/\r?\n/);
  const head = (lines[0] ?? '').split(',');
  const timeAt = head.indexOf('timestamp');
  const valueAt = head.indexOf('value');
  const stamps: string[] = [];
  const timestamps: number[] = [];
  const values: number[] = [];
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string;
    if (line === '') continue;
    const row = line.split(',');
    const stamp = row[timeAt] ?? '';
    const value = row[valueAt] ?? '';
    stamps.push(stamp);
    timestamps.push(parseTime(stamp));
    values.push(value === '' ? Number.NaN : Number(value));
  }
  return {
    stamps,
    timestamps: Float64Array.from(timestamps),
    values: Float64Array.from(values),
  };
}

function readText(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** Returns epoch ms of a timestamp cell, or NaN. */
export function parseTime(cell: string): number {
  const trimmed = cell.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    const number = Number(trimmed);
    return Math.round(number > FIRST_MS ? number : number * 1000);
  }
  const iso = trimmed.replace(' ', 'T');
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}Z`);
}
