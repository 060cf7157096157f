import { type ScannedField, type ScannedLine, scanLineProtocol } from './line-protocol-scan.ts';
import { parseNumber } from './number-text.ts';
import { parseLines } from './parse-lines.ts';
import { type ParsedText, SeriesTable } from './parsed-text.ts';
import type { ParsedPoints, PointSeries } from './point.ts';
import type { TextChunks } from './text-lines.ts';

/** What a text of line protocol does not say by itself. */
export interface LineProtocolOptions {
  /** Unit of the timestamps; default `ns`, as InfluxDB has it. */
  readonly precision?: 'ns' | 'us' | 'ms' | 's';
  /** Put on every series; tags of the line win. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Time of lines without a timestamp; default: such a line is a fault. */
  readonly nowMs?: () => number;
  /** UTF-16 units; default 1 Mi. */
  readonly maxLineLength?: number;
}

/**
 * Reads points from InfluxDB's line protocol, one point per numeric or boolean field.
 *
 * A field `f` of measurement `m` becomes the metric `m_f`; a field called `value` just `m`. Tags become labels. Integers
 * (`1i`, `1u`) beyond 2^53 are rounded; true is 1 and false 0; text fields are skipped and counted. Lines that begin with
 * `#` are comments. A line with any fault gives no point at all, as in InfluxDB.
 */
export function parseLineProtocol(
  chunks: TextChunks,
  options: LineProtocolOptions = {},
): AsyncGenerator<ParsedPoints> {
  const reader = new LineProtocolReader(options);
  return parseLines(
    chunks,
    (text, line, out) => reader.read(text, line, out),
    options.maxLineLength,
  );
}

class LineProtocolReader {
  readonly #options: LineProtocolOptions;
  readonly #table = new SeriesTable();

  constructor(options: LineProtocolOptions) {
    this.#options = options;
  }

  read(text: string, line: number, out: ParsedText): boolean {
    if (/^\s*(?:#|$)/.test(text) && !text.includes('\n')) return true;
    const scan = scanLineProtocol(text);
    if (scan.kind === 'open') return false;
    if (scan.kind === 'fault') faultAt(out, text, line, scan);
    else this.#take(scan, text, line, out);
    return true;
  }

  #take(scanned: ScannedLine, text: string, line: number, out: ParsedText): void {
    const values: (readonly [string, number])[] = [];
    for (const field of scanned.fields) {
      if (field.text) continue;
      const value = fieldValue(field);
      if (value === undefined) {
        const reason = `the field ${JSON.stringify(field.key)} is no number, boolean or quoted text`;
        return faultAt(out, text, line, { at: field.at, reason });
      }
      values.push([field.key, value]);
    }
    const timestampMs = this.#timestampMs(scanned.timestamp);
    if (timestampMs === undefined) {
      return faultAt(out, text, line, {
        at: scanned.timestampAt,
        reason: 'the timestamp is missing',
      });
    }
    for (const [key, value] of values) out.point(this.#series(scanned, key), timestampMs, value);
    out.skip(scanned.fields.length - values.length);
  }

  #series({ measurement, tags }: ScannedLine, field: string): PointSeries {
    return this.#table.get(JSON.stringify([measurement, field, tags]), () => ({
      name: field === 'value' ? measurement : `${measurement}_${field}`,
      labels: { ...this.#options.labels, ...Object.fromEntries(tags) },
    }));
  }

  #timestampMs(digits: string): number | undefined {
    if (digits === '') return this.#options.nowMs?.();
    switch (this.#options.precision ?? 'ns') {
      case 's':
        return Number(digits) * 1000;
      case 'ms':
        return Number(digits);
      case 'us':
        return Math.floor(Number(digits) / 1000);
      case 'ns':
        // Cutting the digits keeps what a double of 19 digits would lose.
        return digits.startsWith('-')
          ? Math.floor(Number(digits) / 1e6)
          : Number(digits.slice(0, -6));
    }
  }
}

const TRUE = new Set(['t', 'T', 'true', 'True', 'TRUE']);
const FALSE = new Set(['f', 'F', 'false', 'False', 'FALSE']);

function fieldValue({ value }: ScannedField): number | undefined {
  if (TRUE.has(value)) return 1;
  if (FALSE.has(value)) return 0;
  const suffix = value.at(-1);
  if (suffix !== 'i' && suffix !== 'u')
    return /^[+-]?[\d.]/.test(value) ? parseNumber(value) : undefined;
  const digits = value.slice(0, -1);
  if (!(suffix === 'i' ? /^-?\d{1,19}$/ : /^\d{1,20}$/).test(digits)) return undefined;
  const integer = BigInt(digits);
  const [low, high] = suffix === 'i' ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
  return integer >= low && integer <= high ? Number(integer) : undefined;
}

function faultAt(
  out: ParsedText,
  text: string,
  line: number,
  fault: { readonly at: number; readonly reason: string },
): void {
  const before = text.slice(0, fault.at).split('\n');
  out.fault(line + before.length - 1, (before.at(-1) ?? '').length + 1, fault.reason);
}
