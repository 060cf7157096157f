import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { PipelineError } from '../runtime/errors.ts';
import type { SchemaIds } from './codec.ts';
import { Codec } from './codec.ts';
import { FileRegistry } from './file-registry.ts';
import { frameSchemaId } from './frame.ts';
import type { Alert } from './generated/alert.ts';
import type { MetricBatch } from './generated/metric-batch.ts';
import type { MetricPoint } from './generated/metric-point.ts';
import { schemaTexts } from './generated/schema-texts.ts';
import { registerRecords } from './registry.ts';

let ids: SchemaIds;
let codec: Codec;
beforeAll(async () => {
  ids = await registerRecords(new FileRegistry());
  codec = new Codec(ids);
});

const point: MetricPoint = {
  tenant: 'acme',
  name: 'température',
  labels: { host: 'web-1', __proto__x: 'y' },
  timestamp: 1_700_000_000_000,
  value: -0,
  kind: 'GAUGE',
  unit: null,
  backfill: false,
};

const batch: MetricBatch = {
  tenant: 'acme',
  layout: 1,
  backfill: false,
  dictionary: ['up', 'host', 'web-1'],
  series: [{ name: 0, labels: [1, 2], kind: 'UNKNOWN', unit: -1 }],
  counts: Uint8Array.of(2, 0, 0, 0),
  timestamps: new Uint8Array(Float64Array.of(1000, 2000).buffer),
  values: new Uint8Array(Float64Array.of(1, 2).buffer),
};

const alert: Alert = {
  id: new Uint8Array(16).fill(1),
  revision: 3,
  tenant: 'acme',
  name: 'CpuHigh',
  fingerprint: Buffer.alloc(8, 2),
  labels: { alertname: 'CpuHigh' },
  annotations: {},
  severity: 'WARNING',
  state: 'FIRING',
  resolvedReason: null,
  suppressedBy: { silences: ['00'], inhibitions: [], intervals: [], maintenance: [] },
  ack: { by: 'p1', atMs: 1, untilMs: null, comment: null },
  pendingAtMs: 1,
  firedAtMs: 2,
  endedAtMs: null,
  lastSignalMs: 3,
  changedAtMs: 3,
  flapCount: 0,
  anomalyIds: [new Uint8Array(16).fill(4)],
  anomalyCount: 1,
  ruleId: null,
  ruleVersion: null,
  incidentId: new Uint8Array(16).fill(5),
  impact: null,
  runbookUrl: null,
  generatorUrl: null,
  historical: false,
  change: { kind: 'FIRED', commandId: null, decisionId: null },
};

/** A decoded value as plain data: classes and kinds of byte arrays do not matter. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'none';
}

/** Writes Avro by hand: zigzag longs, length-prefixed texts. */
function long(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}
function text(value: string): Buffer {
  return Buffer.concat([long(Buffer.byteLength(value)), Buffer.from(value)]);
}
function frame(id: number, ...parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, ...parts]);
}

describe('a record', () => {
  test.each([
    ['MetricPoint', point],
    ['MetricBatch', batch],
    ['Alert', alert],
  ] as const)('%s comes back as it was, from memory shared between threads', (name, value) => {
    const framed = codec.encode(name, value as never);
    expect(frameSchemaId(framed)).toBe(ids[name]);
    const shared = new Uint8Array(new SharedArrayBuffer(framed.length + 8), 3, framed.length);
    shared.set(framed);
    const decoded = codec.decode(shared, ['Tick', name]);
    expect({ ...decoded, value: plain(decoded.value) }).toEqual({
      name,
      value: plain(value),
      schemaId: ids[name],
    });
  });

  test('larger than the scratch memory is encoded whole, into memory of its own', () => {
    const values = new Uint8Array(3_000_000).map((_, i) => i);
    const framed = codec.encode('MetricBatch', { ...batch, values });
    const before = Buffer.from(framed);
    codec.encode('MetricPoint', point);
    expect(framed.equals(before)).toBe(true);
    const { value } = codec.decode(framed, ['MetricBatch']);
    expect(Buffer.compare(value.values, values)).toBe(0);
  });

  test('keeps its byte columns as views of the value', () => {
    const framed = codec.encode('MetricBatch', batch);
    const { value } = codec.decode(framed, ['MetricBatch']);
    expect(value.values.buffer).toBe(framed.buffer);
    framed.fill(0xaa);
    expect([...value.values]).toEqual(new Array(16).fill(0xaa));
  });

  test('keeps the payload of the staleness NaN', () => {
    const stale = new Float64Array(new BigUint64Array([0x7ff0000000000002n]).buffer);
    const framed = codec.encode('MetricPoint', point);
    Buffer.from(stale.buffer).copy(framed, framed.indexOf(Buffer.from('0000000000000080', 'hex')));
    const { value } = codec.decode(framed, ['MetricPoint']);
    expect(new BigUint64Array(Float64Array.of(value.value).buffer)[0]).toBe(0x7ff0000000000002n);
  });

  test('that does not fit is a defect, named by field', () => {
    const wrong = { ...alert, change: { ...alert.change, kind: 'NO_SUCH' } } as unknown as Alert;
    expect(() => codec.encode('Alert', wrong)).toThrow(/^cannot encode Alert: change\.kind is no/);
    const short = { ...alert, id: new Uint8Array(15) };
    expect(() => codec.encode('Alert', short)).toThrow(/^cannot encode Alert: id is no/);
  });

  test('may leave out fields that have a default', () => {
    const { tenant, name, timestamp, value } = point;
    const framed = codec.encode('MetricPoint', { tenant, name, timestamp, value } as MetricPoint);
    expect(plain(codec.decode(framed, ['MetricPoint']).value)).toEqual({
      ...point,
      labels: {},
      kind: 'UNKNOWN',
    });
  });
});

describe('a bad value has its code', () => {
  const decode = (bytes: Uint8Array) => codeOf(() => codec.decode(bytes, ['MetricPoint', 'MetricBatch']));
  const head = () => [text('acme'), text('up'), long(0)] as const;
  const tail = () => [Buffer.alloc(8), long(0), long(0), Buffer.of(0)] as const;
  const pointWith = (timestamp: Buffer) => frame(ids.MetricPoint, ...head(), timestamp, ...tail());

  test.each([
    ['nothing', '', 'RECORD_NOT_AVRO'],
    ['four bytes', '00000000', 'RECORD_NOT_AVRO'],
    ['JSON', Buffer.from('{"a":1}').toString('hex'), 'RECORD_NOT_AVRO'],
    ['an unknown id', '00ffffffff00', 'SCHEMA_UNKNOWN_ID'],
  ])('%s', (_name, hex, code) => {
    expect(decode(Buffer.from(hex, 'hex'))).toBe(code);
  });

  test('a record that does not belong here', () => {
    const tick = codec.encode('Tick', { sourcePartition: 0, watermarkMs: 0 });
    expect(decode(tick)).toBe('RECORD_TYPE');
  });

  test('cut anywhere, or longer than it says', () => {
    for (const framed of [codec.encode('MetricPoint', point), codec.encode('MetricBatch', batch)]) {
      for (let length = 5; length < framed.length; length++) {
        expect(decode(framed.subarray(0, length))).toBe('RECORD_TRUNCATED');
      }
      expect(decode(Buffer.concat([framed, Buffer.of(0)]))).toBe('RECORD_TRUNCATED');
    }
  });

  test('a map with a key twice', () => {
    const labels = [long(2), text('a'), text('1'), text('a'), text('2'), long(0)];
    const parts = [text('acme'), text('up'), ...labels, long(0), ...tail()];
    expect(decode(frame(ids.MetricPoint, ...parts))).toBe('LABEL_DUPLICATE');
  });

  test('a label named __proto__ is a label', () => {
    const labels = [long(1), text('__proto__'), text('1'), long(0)];
    const framed = frame(ids.MetricPoint, text('acme'), text('up'), ...labels, long(0), ...tail());
    const { value } = codec.decode(framed, ['MetricPoint']);
    expect(Object.entries(value.labels)).toEqual([['__proto__', '1']]);
  });

  test('a timestamp in nanoseconds reaches the check of timestamps', () => {
    const framed = pointWith(long(1_700_000_000_123_456_789n));
    expect(codec.decode(framed, ['MetricPoint']).value.timestamp).toBe(1_700_000_000_123_456_800);
    expect(decode(pointWith(Buffer.alloc(40, 0xff)))).toBe('RECORD_TRUNCATED');
  });

  const huge = [2 ** 31, 2 ** 32, 2 ** 52, 2n ** 62n, -(2n ** 62n), -1, -5];
  test.each(huge.map((claim) => [String(claim), long(claim)] as const))(
    'a length or count of %s costs neither time nor memory',
    (_name, claim) => {
      const before = process.memoryUsage().arrayBuffers;
      const start = performance.now();
      const batchHead = [text('acme'), long(1), Buffer.of(0)];
      for (const framed of [
        frame(ids.MetricPoint, claim),
        frame(ids.MetricPoint, text('acme'), text('up'), claim, long(1), text('a')),
        frame(ids.MetricBatch, ...batchHead, claim, long(8), Buffer.alloc(20)),
        frame(ids.MetricBatch, ...batchHead, long(0), claim, Buffer.alloc(20)),
        frame(ids.MetricBatch, ...batchHead, long(0), long(0), claim, Buffer.alloc(20)),
      ]) {
        expect(decode(framed)).toBe('RECORD_TRUNCATED');
      }
      expect(performance.now() - start).toBeLessThan(200);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
    },
  );

  test('any damage gives a value or a code, within bounds', () => {
    const framed = [
      codec.encode('MetricPoint', point),
      codec.encode('MetricBatch', batch),
      codec.encode('Alert', alert),
    ];
    const damage = fc.record({
      which: fc.nat(framed.length - 1),
      edits: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      cut: fc.nat(20),
      extra: fc.uint8Array({ maxLength: 12 }),
      insertAt: fc.nat(),
    });
    fc.assert(
      fc.property(damage, ({ which, edits, cut, extra, insertAt }) => {
        const bytes = Buffer.from(framed[which] ?? []);
        for (const [at, byte] of edits) bytes[5 + (at % (bytes.length - 5))] = byte;
        const at = 5 + (insertAt % (bytes.length - 5));
        const damaged = Buffer.concat([bytes.subarray(0, at), extra, bytes.subarray(at)]);
        const code = codeOf(() =>
          codec.decode(damaged.subarray(0, damaged.length - cut), ['MetricPoint', 'MetricBatch', 'Alert']),
        );
        expect(['none', 'RECORD_TRUNCATED', 'LABEL_DUPLICATE']).toContain(code);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a foreign writer schema', () => {
  const tick = JSON.parse(schemaTexts.Tick) as { fields: { name: string; type: string }[] };
  const readTick = (bytes: Uint8Array) => codec.decode(bytes, ['Tick']);
  let fresh: Codec;
  const learnt = (schema: unknown) => {
    fresh = new Codec(ids);
    fresh.learn(900, typeof schema === 'string' ? schema : JSON.stringify(schema));
    return (bytes: Uint8Array) => fresh.decode(bytes, ['Tick']);
  };

  test('with other fields is read through the current one', () => {
    const decode = learnt({
      type: 'record',
      name: 'io.vigie.Tick',
      fields: [
        { name: 'extras', type: { type: 'array', items: { type: 'map', values: 'long' } } },
        { name: 'watermarkMs', type: 'int' },
        { name: 'sourcePartition', type: 'int' },
      ],
    });
    const extras = [long(-1), long(999), long(1), text('k'), long(3), long(0), long(0)];
    const decoded = decode(frame(900, ...extras, long(7), long(2)));
    expect(decoded).toMatchObject({ name: 'Tick', schemaId: 900 });
    expect(plain(decoded.value)).toEqual({ sourcePartition: 2, watermarkMs: 7 });
    const skipped = frame(900, long(2 ** 40), Buffer.alloc(50));
    expect(codeOf(() => decode(skipped))).toBe('RECORD_TRUNCATED');
  });

  test('is unknown until it is learnt', () => {
    expect([codec.knows(ids.Tick), codec.knows(901)]).toEqual([true, false]);
    expect(codeOf(() => readTick(frame(901)))).toBe('SCHEMA_UNKNOWN_ID');
    learnt(tick);
    expect(fresh.knows(900)).toBe(true);
  });

  test.each<[string, unknown, string]>([
    ['no JSON', '{', 'SCHEMA_INCOMPATIBLE'],
    ['no Avro', '"what the registry had"', 'SCHEMA_INCOMPATIBLE'],
    ['a field missing', { ...tick, fields: tick.fields.slice(1) }, 'SCHEMA_INCOMPATIBLE'],
    ['a field of another type', { ...tick, fields: tick.fields.map((f) => ({ ...f, type: 'string' })) }, 'SCHEMA_INCOMPATIBLE'],
    ['an array whose items take no bytes', { ...tick, fields: [...tick.fields, { name: 'x', type: { type: 'array', items: 'null' } }] }, 'SCHEMA_INCOMPATIBLE'],
    ['a name that is no record of ours', { ...tick, namespace: 'com.other' }, 'RECORD_TYPE'],
    ['a name that is no record of any topic', { ...tick, name: 'Nobody' }, 'RECORD_TYPE'],
    ['a name from the prototype', { ...tick, name: 'constructor' }, 'RECORD_TYPE'],
    ['a type that is no record', '"string"', 'RECORD_TYPE'],
  ])('with %s is refused per record', (_name, schema, code) => {
    const decode = learnt(schema);
    expect(codeOf(() => decode(frame(900, long(0), long(0))))).toBe(code);
  });

  test('that nests without end exhausts nothing', () => {
    const decode = learnt({
      ...tick,
      fields: [
        ...tick.fields,
        { name: 'next', type: ['null', { type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'] }] }] },
      ],
    });
    const nested = frame(900, long(1), long(2), Buffer.alloc(1_000_000, 2), long(0));
    expect(codeOf(() => decode(nested))).toBe('RECORD_TRUNCATED');
    expect(plain(decode(frame(900, long(1), long(2), long(1), long(0))).value)).toEqual({
      sourcePartition: 1,
      watermarkMs: 2,
    });
  });
});
