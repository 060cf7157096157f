import type { ParsedPoints } from '../pipelines/producers/point.ts';
import type { TextChunks } from '../pipelines/producers/text-lines.ts';
import { CommandFailure, exitCode } from './exit-code.ts';

/** Texts that points can be read from. */
export const pointFormats = ['csv', 'ndjson', 'influx'] as const;

/** A text format of points. */
export type PointFormat = (typeof pointFormats)[number];

/** What the text does not say by itself; what a format has no use for is ignored. */
export interface PointFormatOptions {
  readonly name?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly labelColumns: readonly string[];
  readonly timeUnit: 'auto' | 's' | 'ms' | 'us' | 'ns';
  readonly delimiter?: string;
  readonly nowMs: () => number;
}

const BY_ENDING: Readonly<Record<string, PointFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'ndjson',
  lp: 'influx',
  line: 'influx',
  influx: 'influx',
};

/** Tells the format by the name of a file. @throws CommandFailure (exit 2) where the name does not say. */
export function formatOfFile(file: string): PointFormat {
  const ending = /\.([a-z]+)(?:\.gz)?$/i.exec(file)?.[1]?.toLowerCase() ?? '';
  const format = BY_ENDING[ending];
  if (format !== undefined) return format;
  const what = file === '-' ? 'standard input' : file;
  throw new CommandFailure(
    `${what}: say what it holds by --format ${pointFormats.join('|')}`,
    exitCode.usage,
  );
}

/** Opens the parser of a format; only that one is loaded. */
export async function openPointParser(
  format: PointFormat,
  options: PointFormatOptions,
): Promise<(chunks: TextChunks) => AsyncGenerator<ParsedPoints>> {
  const { labels, labelColumns, timeUnit, nowMs } = options;
  const name = options.name === undefined ? {} : { name: options.name };
  if (format === 'csv') {
    const { parseCsv } = await import('../pipelines/producers/csv.ts');
    const delimiter = options.delimiter === undefined ? {} : { delimiter: options.delimiter };
    return (chunks) =>
      parseCsv(chunks, { ...name, ...delimiter, labels, labelColumns, timestampUnit: timeUnit });
  }
  if (format === 'ndjson') {
    const { parseNdjson } = await import('../pipelines/producers/ndjson.ts');
    return (chunks) => parseNdjson(chunks, { ...name, labels, timestampUnit: timeUnit });
  }
  const { parseLineProtocol } = await import('../pipelines/producers/line-protocol.ts');
  const precision = timeUnit === 'auto' ? {} : { precision: timeUnit };
  return (chunks) => parseLineProtocol(chunks, { ...precision, labels, nowMs });
}
