import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { MAX_DEAD_LETTER_BYTES } from '../../runtime/dead-letter.ts';
import type { ErrorCode } from '../../runtime/errors.ts';
import type { MetricBatch } from '../../schemas/generated/metric-batch.ts';
import type { MetricPoint } from '../../schemas/generated/metric-point.ts';
import { deadLetters } from '../support/dead-letters.ts';
import { rawBatch } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

// Large records take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const NOW_MS = Date.UTC(2026, 0, 5);
const PARTITION = 1;
const FOREIGN_ID = 900;
const UNREADABLE_ID = 901;

function point(over: Partial<MetricPoint> = {}): MetricPoint {
  return {
    tenant: 'default',
    name: 'up',
    labels: { host: 'bad' },
    timestamp: NOW_MS,
    value: 1,
    kind: 'GAUGE',
    unit: null,
    backfill: false,
    ...over,
  };
}

function batch(over: Partial<MetricBatch> = {}): MetricBatch {
  const points = [
    [NOW_MS, 1],
    [NOW_MS + 1000, 2],
  ] as const;
  return rawBatch([{ name: 'up', labels: { host: 'bad' }, points }], over);
}

const labels200 = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`l${i}`, 'x']));
const foreignSchema = JSON.stringify({
  type: 'record',
  name: 'MetricPoint',
  namespace: 'io.vigie',
  fields: [{ name: 'timestamp', type: 'string' }],
});

type Make = (driver: TopologyDriver) => Uint8Array | null;
const ofPoint =
  (over: Partial<MetricPoint>): Make =>
  ({ codec }) =>
    codec.encode('MetricPoint', point(over));
const ofBatch =
  (over: Partial<MetricBatch>): Make =>
  ({ codec }) =>
    codec.encode('MetricBatch', batch(over));

/** What the record is, how it is made, the code it ends with, and how many points are known to be in it. */
const cases: readonly (readonly [string, Make, ErrorCode, number])[] = [
  ['a tombstone', () => null, 'RECORD_EMPTY', 0],
  ['no bytes', () => new Uint8Array(0), 'RECORD_NOT_AVRO', 0],
  ['JSON instead of Avro', () => Buffer.from('{"name":"up","value":1}'), 'RECORD_NOT_AVRO', 0],
  [
    'truncated Avro',
    ({ codec }) => codec.encode('MetricPoint', point()).subarray(0, -3),
    'RECORD_TRUNCATED',
    0,
  ],
  [
    'a truncated batch',
    ({ codec }) => codec.encode('MetricBatch', batch()).subarray(0, -3),
    'RECORD_TRUNCATED',
    0,
  ],
  [
    'bytes after the end',
    ({ codec }) => Buffer.concat([codec.encode('MetricPoint', point()), Buffer.of(7)]),
    'RECORD_TRUNCATED',
    0,
  ],
  ['an unknown schema id', () => Buffer.from('0000ffffff02', 'hex'), 'SCHEMA_UNKNOWN_ID', 0],
  ['a schema that cannot be read as ours', () => framed(FOREIGN_ID), 'SCHEMA_INCOMPATIBLE', 0],
  ['a schema that is no Avro', () => framed(UNREADABLE_ID), 'SCHEMA_INCOMPATIBLE', 0],
  [
    'a record of another topic',
    ({ codec }) =>
      codec.encode('Event', {
        tenant: 'default',
        entity: 'shop',
        kind: 'DEPLOY',
        startMs: NOW_MS,
        endMs: null,
        text: '',
        link: null,
      }),
    'RECORD_TYPE',
    0,
  ],
  ['NaN', ofPoint({ value: Number.NaN }), 'VALUE_NOT_FINITE', 1],
  ['infinity', ofPoint({ value: Number.NEGATIVE_INFINITY }), 'VALUE_NOT_FINITE', 1],
  ['year 2100', ofPoint({ timestamp: Date.UTC(2100, 0, 1) }), 'TIMESTAMP_TOO_FAR_AHEAD', 1],
  ['seconds for milliseconds', ofPoint({ timestamp: NOW_MS / 1000 }), 'TIMESTAMP_TOO_OLD', 1],
  ['time zero', ofPoint({ timestamp: 0 }), 'TIMESTAMP_INVALID', 1],
  ['a time before 1970', ofPoint({ timestamp: -1 }), 'TIMESTAMP_INVALID', 1],
  [
    'times that are not whole',
    ofBatch({ timestamps: new Uint8Array(Float64Array.of(0.5, Number.NaN).buffer) }),
    'TIMESTAMP_INVALID',
    2,
  ],
  ['200 labels', ofPoint({ labels: labels200 }), 'LABELS_TOO_MANY', 1],
  ['a long label value', ofPoint({ labels: { a: 'x'.repeat(2049) } }), 'LABEL_VALUE_TOO_LONG', 1],
  ['a long label name', ofPoint({ labels: { ['x'.repeat(1025)]: '1' } }), 'LABEL_NAME_TOO_LONG', 1],
  ['a label name with a space', ofPoint({ labels: { 'a b': '1' } }), 'LABEL_NAME_INVALID', 1],
  [
    'a label twice in a batch',
    ofBatch({
      dictionary: ['up', 'a', '1'],
      series: [{ name: 0, labels: [1, 2, 1, 2], kind: 'GAUGE', unit: -1 }],
    }),
    'LABEL_DUPLICATE',
    2,
  ],
  ['no metric name', ofPoint({ name: '' }), 'METRIC_NAME_INVALID', 1],
  ['a metric name with a line break', ofPoint({ name: 'up\n' }), 'METRIC_NAME_INVALID', 1],
  ['a long unit', ofPoint({ unit: 'm'.repeat(65) }), 'UNIT_TOO_LONG', 1],
  ['an unknown tenant', ofPoint({ tenant: 'stranger' }), 'TENANT_UNKNOWN', 1],
  ['no tenant', ofBatch({ tenant: '' }), 'TENANT_INVALID', 2],
  ['a tenant without end', ofPoint({ tenant: 'x'.repeat(100_000) }), 'TENANT_INVALID', 1],
  [
    'a batch without series',
    ({ codec }) => codec.encode('MetricBatch', rawBatch([])),
    'RECORD_EMPTY',
    0,
  ],
  [
    'series without points',
    ({ codec }) => codec.encode('MetricBatch', rawBatch([{ name: 'up', points: [] }])),
    'RECORD_EMPTY',
    0,
  ],
  ['fewer timestamps than values', ofBatch({ timestamps: new Uint8Array(8) }), 'BATCH_COLUMNS', 0],
  [
    'half a value',
    ofBatch({ values: new Uint8Array(15), timestamps: new Uint8Array(15) }),
    'BATCH_COLUMNS',
    0,
  ],
  ['counts of more points', ofBatch({ counts: Uint8Array.of(3, 0, 0, 0) }), 'BATCH_COLUMNS', 0],
  ['no counts', ofBatch({ counts: new Uint8Array(0) }), 'BATCH_COLUMNS', 0],
  ['an unknown layout', ofBatch({ layout: 2 }), 'BATCH_COLUMNS', 0],
  ['a reference out of the dictionary', ofBatch({ dictionary: ['up'] }), 'BATCH_COLUMNS', 0],
  [
    'more series than a record may have',
    ({ codec }) =>
      codec.encode(
        'MetricBatch',
        rawBatch(
          Array.from({ length: 11 }, (_, i) => ({ name: `m${i}`, points: [[NOW_MS, i] as const] })),
        ),
      ),
    'RECORD_TOO_LARGE',
    0,
  ],
  [
    '10 MB with columns that disagree',
    ofBatch({ values: new Uint8Array(10_000_000) }),
    'BATCH_COLUMNS',
    0,
  ],
];

function framed(id: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUInt32BE(id, 1);
  return bytes;
}

async function openDriver(): Promise<TopologyDriver> {
  const driver = await TopologyDriver.open({ set: ['validate.maxSeriesPerRecord=10'] });
  driver.send('catalog', 0, 'TenantDefinition', {
    tenant: 'default',
    title: null,
    maxSeries: 0,
    entityLabels: [],
    correlateBy: [],
    version: 1,
    effectiveFromMs: 0,
  });
  const learn = (id: number, schema: string) =>
    driver.pipe('schemas', PARTITION, { key: Buffer.from(`${id}`), value: Buffer.from(schema) });
  learn(FOREIGN_ID, foreignSchema);
  learn(UNREADABLE_ID, 'message Point {}');
  return driver;
}

function sendGood(driver: TopologyDriver, atMs: number): void {
  const good = point({ labels: { host: 'good' }, timestamp: atMs });
  driver.send('metrics.raw', PARTITION, 'MetricPoint', good, NOW_MS);
}

describe('a bad raw record', () => {
  it.each(cases)('%s', async (_name, make, code, points) => {
    const driver = await openDriver();
    const value = make(driver);
    const key = Buffer.from('key');
    sendGood(driver, NOW_MS);
    const headers = { source: Buffer.from('test') };
    driver.pipe('metrics.raw', PARTITION, { key, value, headers, timestampMs: NOW_MS });
    sendGood(driver, NOW_MS + 1000);
    await driver.run();
    const letters = deadLetters(driver);
    expect(letters).toMatchObject([
      { code, stage: 'validate', topic: 'metrics.raw', partition: PARTITION, offset: 1, points },
    ]);
    const [letter] = letters;
    expect(letter?.partial).toBe(false);
    expect(letter?.headers).toMatchObject({ source: 'test', 'x-original-topic': 'metrics.raw' });
    expect(letter?.detail.length).toBeLessThan(513);
    expect(letter?.record.partition).toBe(PARTITION);
    expect(Buffer.from(letter?.record.key ?? '').toString()).toBe('key');
    if (value === null) expect(letter?.record.value).toBeNull();
    else expect(Buffer.from(letter?.record.value ?? '').equals(value)).toBe(true);
    expect(driver.counters.validate).toMatchObject({
      records_in_total: 3,
      points_out_total: 2,
      [`records_dead_lettered_total{code="${code}"}`]: 1,
    });
    expect(driver.counters.detect).toMatchObject({ points_out_total: 2 });
  });

  it('of 20 MB is kept as its first MiB, its length and its hash', async () => {
    const driver = await openDriver();
    const value = Buffer.alloc(20_000_000, 'vigie');
    sendGood(driver, NOW_MS);
    driver.pipe('metrics.raw', PARTITION, { value, timestampMs: NOW_MS });
    sendGood(driver, NOW_MS + 1000);
    await driver.run();
    const [letter, ...rest] = deadLetters(driver);
    expect(rest).toEqual([]);
    expect(letter).toMatchObject({ code: 'RECORD_TOO_LARGE', stage: 'validate', offset: 1 });
    expect(letter?.headers).toMatchObject({
      'error.truncated': '20000000',
      'error.sha256': createHash('sha256').update(value).digest('hex'),
    });
    const kept = Buffer.from(letter?.record.value ?? '');
    expect(kept.equals(value.subarray(0, 1024 * 1024))).toBe(true);
    expect(value.length).toBeGreaterThan(MAX_DEAD_LETTER_BYTES);
    expect(driver.counters.detect).toMatchObject({ points_out_total: 2 });
  });

  it.each([
    ['named as a prototype', '__proto__', 10_000],
    ['whose name has no end', 'n'.repeat(100_000), 1],
  ])('with a header %s is a dead letter like any other', async (_name, header, bytes) => {
    const driver = await openDriver();
    sendGood(driver, NOW_MS);
    const headers = Object.fromEntries([[header, Buffer.alloc(bytes, 'h')]]);
    driver.pipe('metrics.raw', PARTITION, {
      value: Buffer.from('no'),
      headers,
      timestampMs: NOW_MS,
    });
    sendGood(driver, NOW_MS + 1000);
    await driver.run();
    expect(deadLetters(driver)).toMatchObject([{ code: 'RECORD_NOT_AVRO', offset: 1 }]);
    expect(driver.counters.detect).toMatchObject({ points_out_total: 2 });
  });
});
