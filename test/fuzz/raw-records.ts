import type { RecordHeaders } from '../../runtime/transport.ts';
import type { Codec, SchemaIds } from '../../schemas/codec.ts';
import { rawBatch, type TestSeries } from '../support/raw-batch.ts';
import { below, harms, mutate, pick, type Random } from './mutations.ts';

export const NOW_MS = Date.UTC(2026, 0, 5);

/** Schema ids that are not ours: what each is in the registry. */
export const foreignSchemas: ReadonlyMap<number, string> = new Map([
  [
    700,
    pointSchema([
      'tenant',
      'name',
      'labels',
      'timestamp',
      'value',
      'kind',
      'unit',
      'backfill',
      'extra',
    ]),
  ],
  [701, pointSchema(['value', 'timestamp', 'labels', 'name', 'tenant'])],
  [702, 'message Point {}'],
  [703, '{"type":"record","name":"MetricPoint","namespace":"io.vigie","fields":[]}'],
]);
const UNKNOWN_IDS = [0, 704, 0x7fffffff, 0xffffffff];

/** A raw record as somebody might send it. */
export interface RawRecord {
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  readonly timestampMs: number;
  /** What was done to it. */
  readonly harm: string;
}

/** Makes raw records of both kinds, whole or harmed; the same seed gives the same ones. */
export class RawRecords {
  readonly #random: Random;
  readonly #ids: SchemaIds;
  readonly #whole: readonly Buffer[];
  #made = 0;

  constructor(codec: Codec, ids: SchemaIds, random: Random) {
    this.#random = random;
    this.#ids = ids;
    this.#whole = Array.from({ length: 400 }, (_, i) =>
      i % 2 === 0 ? wholePoint(codec, random) : wholeBatch(codec, random),
    );
  }

  next(): RawRecord {
    const random = this.#random;
    this.#made += 1;
    const timestampMs = random() < 0.95 ? NOW_MS + this.#made : pick(random, oddTimes);
    const headers = random() < 0.1 ? this.#headers() : {};
    const whole = pick(random, this.#whole);
    const dice = random();
    if (dice < 0.01) return { value: null, headers, timestampMs, harm: 'tombstone' };
    if (dice < 0.05) return { value: whole, headers, timestampMs, harm: 'none' };
    if (dice < 0.2) return { value: this.#reframed(whole), headers, timestampMs, harm: 'schema' };
    const harm = pick(random, harms);
    return { value: mutate(harm, whole, random, this.#whole), headers, timestampMs, harm };
  }

  /** Another schema id in front of the same bytes: of ours, of others, or of nobody. */
  #reframed(whole: Buffer): Buffer {
    const random = this.#random;
    const out = Buffer.from(whole);
    const ids = [...Object.values(this.#ids), ...foreignSchemas.keys(), ...UNKNOWN_IDS];
    const foreign = random() < 0.4 ? pick(random, [...foreignSchemas.keys()]) : pick(random, ids);
    out.writeUInt32BE(foreign, 1);
    return random() < 0.5 ? out : mutate(pick(random, harms), out, random, this.#whole);
  }

  /** Names of dead letters, true ones among them, some again and again, and texts that are none. */
  #headers(): RecordHeaders {
    const random = this.#random;
    const names = [
      `vigie.metrics.raw/0/${below(random, 300)}/VALUE_NOT_FINITE`,
      `vigie.metrics.raw/0/${below(random, 300)}/NO_SUCH_CODE`,
      `/${below(random, 9)}/${'9'.repeat(1 + below(random, 30))}/A`,
      'x'.repeat(below(random, 2000)),
      '',
    ];
    const noise = Buffer.from(Array.from({ length: below(random, 40) }, () => below(random, 256)));
    const odd = random() < 0.2 ? pick(random, oddNames) : 'source';
    return Object.fromEntries([
      ['vigie.dead-letter', random() < 0.2 ? noise : Buffer.from(pick(random, names))],
      ['error.attempts', Buffer.from(pick(random, ['1', '-1', '1e309', 'NaN', '', '7']))],
      [odd, noise],
    ]);
  }
}

const oddNames = ['__proto__', 'constructor', '', 'error.code', '😀', 'n'.repeat(70_000)];
const oddTimes = [0, -1, 1, NOW_MS - 1e10, NOW_MS + 1e10, 2 ** 52, -(2 ** 52)];
const oddValues = [0, -0, 5e-324, 1.7e308, Number.NaN, Number.POSITIVE_INFINITY, -1e-300];
const goodWords = ['up', 'host', 'a', 'cpu.load', 'requests_total', 'x1'];
const oddWords = ['µ', '', 'no good', '__proto__', 'constructor', '\u0000', '😀', '9'];

function word(random: Random): string {
  return pick(random, random() < 0.9 ? goodWords : oddWords);
}

function timeOf(random: Random): number {
  const dice = random();
  if (dice < 0.8) return NOW_MS + below(random, 100_000);
  return dice < 0.9 ? pick(random, oddTimes) : NOW_MS - below(random, 1e9);
}

function oddValue(random: Random): number {
  return random() < 0.85 ? 100 * random() : pick(random, oddValues);
}

function labelsOf(random: Random): Record<string, string> {
  const pairs = Array.from({ length: below(random, 6) }, () => [word(random), word(random)]);
  return Object.fromEntries(pairs) as Record<string, string>;
}

function wholePoint(codec: Codec, random: Random): Buffer {
  return codec.encode('MetricPoint', {
    tenant: pick(random, ['default', 'shop', '', 'ü']),
    name: word(random),
    labels: labelsOf(random),
    timestamp: timeOf(random),
    value: oddValue(random),
    kind: pick(random, ['GAUGE', 'COUNTER', 'UNKNOWN', 'BUCKET'] as const),
    unit: random() < 0.5 ? null : word(random),
    backfill: random() < 0.1,
  });
}

function wholeBatch(codec: Codec, random: Random): Buffer {
  const series = Array.from({ length: below(random, 7) }, (): TestSeries => {
    const points = Array.from(
      { length: below(random, 16) },
      () => [timeOf(random), oddValue(random)] as const,
    );
    return { name: word(random), labels: labelsOf(random), points };
  });
  const tenant = pick(random, ['default', 'shop', '']);
  return codec.encode('MetricBatch', rawBatch(series, { tenant, backfill: random() < 0.1 }));
}

/** A writer schema of points with some of our fields, in an order of its own. */
function pointSchema(names: readonly string[]): string {
  const types: Readonly<Record<string, unknown>> = {
    labels: { type: 'map', values: 'string' },
    timestamp: 'long',
    value: 'double',
    kind: {
      type: 'enum',
      name: 'SeriesKind',
      symbols: ['UNKNOWN', 'GAUGE', 'COUNTER', 'BUCKET'],
      default: 'UNKNOWN',
    },
    unit: ['null', 'string'],
    backfill: 'boolean',
  };
  const fields = names.map((name) => ({ name, type: types[name] ?? 'string' }));
  return JSON.stringify({ type: 'record', name: 'MetricPoint', namespace: 'io.vigie', fields });
}
