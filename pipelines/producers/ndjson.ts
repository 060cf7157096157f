import { jsonFaultPlace } from './json-fault.ts';
import { parseNumber } from './number-text.ts';
import { parseLines } from './parse-lines.ts';
import { type ParsedText, SeriesTable } from './parsed-text.ts';
import type { ParsedPoints, PointKind, PointSeries } from './point.ts';
import type { TextChunks } from './text-lines.ts';
import { parseTimestamp, type TimestampUnit, timestampOf } from './timestamp-text.ts';

/** What a text of JSON lines does not say by itself. */
export interface NdjsonOptions {
  /** Metric name of lines that give none; default: such a line is a fault. */
  readonly name?: string;
  /** Put on every series; labels from the file win. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Default `auto`. */
  readonly timestampUnit?: TimestampUnit;
  /** UTF-16 units; default 1 Mi. */
  readonly maxLineLength?: number;
}

/**
 * Reads points from JSON lines, one object each:
 * `{"name": "…", "labels": {…}, "timestamp": …, "value": …, "kind": "COUNTER", "unit": "By"}`.
 *
 * Also called: `metric` or `__name__`; `tags`; `time`, `ts` or `timestampMs`. A timestamp is a number or ISO 8601 text,
 * a value a number or the text of one that JSON has no number for (`"NaN"`, `"+Inf"`); a null value is skipped and
 * counted. Other keys are ignored. A bad line is a fault, at the place where the JSON or the field is wrong.
 */
export function parseNdjson(
  chunks: TextChunks,
  options: NdjsonOptions = {},
): AsyncGenerator<ParsedPoints> {
  const reader = new NdjsonReader(options);
  const parse = (text: string, line: number, out: ParsedText) => {
    if (text.trim() !== '') reader.read(text, line, out);
    return true;
  };
  return parseLines(chunks, parse, options.maxLineLength);
}

type JsonObject = Readonly<Record<string, unknown>>;

const NAME_KEYS = ['name', 'metric', '__name__'];
const LABEL_KEYS = ['labels', 'tags'];
const TIMESTAMP_KEYS = ['timestamp', 'timestampMs', 'time', 'ts'];
const KINDS: readonly string[] = ['GAUGE', 'COUNTER', 'DELTA', 'BUCKET'];

/** A field that is not as it should be. */
class FieldFault {
  readonly keys: readonly string[];
  readonly reason: string;

  constructor(keys: readonly string[], reason: string) {
    this.keys = keys;
    this.reason = reason;
  }
}

class NdjsonReader {
  readonly #options: NdjsonOptions;
  readonly #table = new SeriesTable();

  constructor(options: NdjsonOptions) {
    this.#options = options;
  }

  read(text: string, line: number, out: ParsedText): void {
    const object = parseJson(text);
    if (object === undefined) {
      out.fault(line, jsonFaultPlace(text) + 1, 'the line is not JSON');
      return;
    }
    if (!isObject(object)) {
      out.fault(line, text.search(/\S/) + 1, 'the line is not a JSON object');
      return;
    }
    const fault = this.#readObject(object, out);
    if (fault !== undefined) out.fault(line, columnOf(text, fault.keys), fault.reason);
  }

  #readObject(object: JsonObject, out: ParsedText): FieldFault | undefined {
    const series = this.#series(object);
    if (series instanceof FieldFault) return series;
    const time = first(object, TIMESTAMP_KEYS);
    const timestampMs = timestampFrom(time, this.#options.timestampUnit ?? 'auto');
    if (timestampMs === undefined) {
      return new FieldFault(
        TIMESTAMP_KEYS,
        time === undefined ? 'timestamp is missing' : 'timestamp is no time',
      );
    }
    const { value } = object;
    if (value === null) {
      out.skip(1);
      return undefined;
    }
    const number = typeof value === 'string' ? parseNumber(value) : value;
    if (typeof number !== 'number') {
      return new FieldFault(
        ['value'],
        value === undefined ? 'value is missing' : 'value is no number',
      );
    }
    out.point(series, timestampMs, number);
    return undefined;
  }

  #series(object: JsonObject): PointSeries | FieldFault {
    const name = first(object, NAME_KEYS) ?? this.#options.name;
    if (typeof name !== 'string') {
      return new FieldFault(NAME_KEYS, name === undefined ? 'name is missing' : 'name is no text');
    }
    const labels = first(object, LABEL_KEYS) ?? {};
    if (!isObject(labels)) return new FieldFault(LABEL_KEYS, 'labels is no object');
    const pairs = Object.entries(labels);
    const bad = pairs.find(([, value]) => typeof value !== 'string');
    if (bad !== undefined)
      return new FieldFault([bad[0]], `the label ${JSON.stringify(bad[0])} is no text`);
    const { kind, unit } = object;
    if (kind !== undefined && !isKind(kind))
      return new FieldFault(['kind'], `kind is none of ${KINDS.join(', ')}`);
    if (unit !== undefined && typeof unit !== 'string')
      return new FieldFault(['unit'], 'unit is no text');
    return this.#table.get(JSON.stringify([name, kind, unit, pairs]), () => ({
      name,
      labels: { ...this.#options.labels, ...(labels as Record<string, string>) },
      ...(kind === undefined ? {} : { kind }),
      ...(unit === undefined ? {} : { unit }),
    }));
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isKind(value: unknown): value is PointKind {
  return typeof value === 'string' && KINDS.includes(value);
}

function first(object: JsonObject, keys: readonly string[]): unknown {
  const key = keys.find((candidate) => Object.hasOwn(object, candidate));
  return key === undefined ? undefined : object[key];
}

function timestampFrom(value: unknown, unit: TimestampUnit): number | undefined {
  if (typeof value === 'number') return timestampOf(value, unit);
  return typeof value === 'string' ? parseTimestamp(value.trim(), unit) : undefined;
}

function columnOf(text: string, keys: readonly string[]): number {
  const places = keys.map((key) => text.indexOf(JSON.stringify(key))).filter((place) => place >= 0);
  return places.length === 0 ? 1 : Math.min(...places) + 1;
}
