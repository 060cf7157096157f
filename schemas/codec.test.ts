import { beforeAll, describe, expect, test } from 'vitest';
import type { SchemaIds } from './codec.ts';
import { Codec } from './codec.ts';
import { exampleAlert, exampleBatch, examplePoint } from './example-records.fixture.ts';
import { FileRegistry } from './file-registry.ts';
import { frameSchemaId } from './frame.ts';
import type { Alert } from './generated/alert.ts';
import type { MetricPoint } from './generated/metric-point.ts';
import { schemaTexts } from './generated/schema-texts.ts';
import { codeOf, frame, long, text } from './hand-written-avro.fixture.ts';
import { registerRecords } from './registry.ts';

let ids: SchemaIds;
let codec: Codec;
beforeAll(async () => {
  ids = await registerRecords(new FileRegistry());
  codec = new Codec(ids);
});

/** A decoded value as plain data: classes and kinds of byte arrays do not matter. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}

describe('a record', () => {
  test.each([
    ['MetricPoint', examplePoint],
    ['MetricBatch', exampleBatch],
    ['Alert', exampleAlert],
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
    const framed = codec.encode('MetricBatch', { ...exampleBatch, values });
    const before = Buffer.from(framed);
    codec.encode('MetricPoint', examplePoint);
    expect(framed.equals(before)).toBe(true);
    const { value } = codec.decode(framed, ['MetricBatch']);
    expect(Buffer.compare(value.values, values)).toBe(0);
  });

  test('keeps its byte columns as views of the value', () => {
    const framed = codec.encode('MetricBatch', exampleBatch);
    const { value } = codec.decode(framed, ['MetricBatch']);
    expect(value.values.buffer).toBe(framed.buffer);
    framed.fill(0xaa);
    expect([...value.values]).toEqual(new Array(16).fill(0xaa));
  });

  test('keeps the payload of the staleness NaN', () => {
    const stale = new Float64Array(new BigUint64Array([0x7ff0000000000002n]).buffer);
    const framed = codec.encode('MetricPoint', examplePoint);
    Buffer.from(stale.buffer).copy(framed, framed.indexOf(Buffer.from('0000000000000080', 'hex')));
    const { value } = codec.decode(framed, ['MetricPoint']);
    expect(new BigUint64Array(Float64Array.of(value.value).buffer)[0]).toBe(0x7ff0000000000002n);
  });

  test('that does not fit is a defect, named by field', () => {
    const wrong = {
      ...exampleAlert,
      change: { ...exampleAlert.change, kind: 'NO_SUCH' },
    } as unknown as Alert;
    expect(() => codec.encode('Alert', wrong)).toThrow(/^cannot encode Alert: change\.kind is no/);
    const short = { ...exampleAlert, id: new Uint8Array(15) };
    expect(() => codec.encode('Alert', short)).toThrow(/^cannot encode Alert: id is no/);
  });

  test('may leave out fields that have a default', () => {
    const { tenant, name, timestamp, value } = examplePoint;
    const framed = codec.encode('MetricPoint', { tenant, name, timestamp, value } as MetricPoint);
    expect(plain(codec.decode(framed, ['MetricPoint']).value)).toEqual({
      ...examplePoint,
      labels: {},
      kind: 'UNKNOWN',
    });
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
    expect(plain(decoded.value)).toEqual({ sourcePartition: 2, watermarkMs: 7, idle: false });
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
    [
      'a field of another type',
      { ...tick, fields: tick.fields.map((f) => ({ ...f, type: 'string' })) },
      'SCHEMA_INCOMPATIBLE',
    ],
    [
      'an array whose items take no bytes',
      { ...tick, fields: [...tick.fields, { name: 'x', type: { type: 'array', items: 'null' } }] },
      'SCHEMA_INCOMPATIBLE',
    ],
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
        {
          name: 'next',
          type: [
            'null',
            { type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'] }] },
          ],
        },
      ],
    });
    const nested = frame(900, long(1), long(2), long(0), Buffer.alloc(1_000_000, 2), long(0));
    expect(codeOf(() => decode(nested))).toBe('RECORD_TRUNCATED');
    expect(plain(decode(frame(900, long(1), long(2), long(0), long(1), long(0))).value)).toEqual({
      sourcePartition: 1,
      watermarkMs: 2,
      idle: false,
    });
  });
});
