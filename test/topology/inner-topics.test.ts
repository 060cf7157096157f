import { describe, expect, it, vi } from 'vitest';
import type { SeriesBatch } from '../../schemas/generated/series-batch.ts';
import { createIdentity } from '../../schemas/identity.ts';
import { PackedBatchWriter } from '../../schemas/packed-batch.ts';
import { deadLetters } from '../support/dead-letters.ts';
import { rawBatch } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

// Large records take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const NOW_MS = Date.UTC(2026, 0, 5);

const readers = [
  ['metrics.validated', 'enrich'],
  ['metrics.enriched', 'detect'],
  ['anomalies', 'correlate'],
  ['incidents', 'route'],
  ['notifications', 'route'],
] as const;

function sendPoint(driver: TopologyDriver, labels: Record<string, string>, atMs: number): void {
  const series = [{ name: 'up', labels, points: [[atMs, 1] as const] }];
  driver.send('metrics.raw', 0, 'MetricBatch', rawBatch(series), NOW_MS);
}

describe('a corrupt record on an inner topic', () => {
  it.each(readers)('%s: %s gives it up with its code and goes on', async (topic, stage) => {
    const driver = await TopologyDriver.open({ recordsPerCall: 3 });
    const tick = driver.codec.encode('Tick', {
      sourcePartition: 0,
      watermarkMs: NOW_MS,
      idle: false,
    });
    const kinds: readonly (readonly [string, Uint8Array | null])[] = [
      ['RECORD_EMPTY', null],
      ['RECORD_NOT_AVRO', Buffer.from('not Avro')],
      ['RECORD_TRUNCATED', Buffer.concat([tick, Buffer.of(0)]).subarray(0, 5)],
      ['SCHEMA_UNKNOWN_ID', Buffer.from('00ffffffff00', 'hex')],
      ['RECORD_TYPE', driver.codec.encode('Event', exampleEvent)],
    ];
    // Of a truncated record the schema must be one that the stage reads.
    const own = stage === 'enrich' || stage === 'detect' ? 'SeriesBatch' : 'Tick';
    const framed = own === 'Tick' ? tick : driver.codec.encode('SeriesBatch', emptyBatch());
    for (const [code, value] of kinds) {
      const bytes = code === 'RECORD_TRUNCATED' ? framed.subarray(0, framed.length - 1) : value;
      driver.pipe(topic, 0, { value: bytes, timestampMs: NOW_MS });
    }
    for (let i = 0; i < 4; i++) sendPoint(driver, { host: `h${i}` }, NOW_MS + i);
    await driver.run();
    const letters = deadLetters(driver);
    expect(letters.map(({ code }) => code)).toEqual(kinds.map(([code]) => code));
    letters.forEach((letter, offset) => {
      expect(letter).toMatchObject({ stage, topic, partition: 0, offset, partial: false });
    });
    expect(driver.counters.detect).toMatchObject({ points_out_total: 4 });
  });

  it('catalog: what was known before holds', async () => {
    const driver = await TopologyDriver.open();
    const tenant = {
      title: null,
      maxSeries: 0,
      entityLabels: [],
      correlateBy: [],
      version: 1,
      effectiveFromMs: 0,
    };
    driver.send('catalog', 0, 'TenantDefinition', { tenant: 'default', ...tenant });
    driver.pipe('catalog', 0, { value: Buffer.from('not Avro') });
    sendPoint(driver, { host: 'a' }, NOW_MS);
    await driver.run();
    const letters = deadLetters(driver);
    expect(new Set(letters.map(({ code, topic }) => `${code} ${topic}`))).toEqual(
      new Set(['RECORD_NOT_AVRO catalog']),
    );
    expect(driver.counters.detect).toMatchObject({ points_out_total: 1 });
  });

  it('columns that disagree', async () => {
    const driver = await TopologyDriver.open();
    const wrong = { ...emptyBatch(), values: new Uint8Array(8) };
    driver.send('metrics.validated', 0, 'SeriesBatch', wrong);
    driver.send('metrics.enriched', 0, 'SeriesBatch', wrong);
    sendPoint(driver, { host: 'a' }, NOW_MS);
    await driver.run();
    expect(deadLetters(driver)).toMatchObject([
      { code: 'BATCH_COLUMNS', stage: 'enrich' },
      { code: 'BATCH_COLUMNS', stage: 'detect' },
    ]);
    expect(driver.counters.detect).toMatchObject({ points_out_total: 1 });
  });
});

describe('detect', () => {
  it('takes a first batch that defines series and has no point', async () => {
    const driver = await TopologyDriver.open();
    const send = (values: readonly number[], from: number) => {
      const points = values.map((value, i) => [NOW_MS + (from + i) * 1000, value] as const);
      const series = [
        { name: 'requests_total', kind: 'COUNTER' as const, labels: { host: 'a' }, points },
      ];
      driver.send('metrics.raw', 0, 'MetricBatch', rawBatch(series), NOW_MS);
    };
    send([1], 0);
    await driver.run();
    send([2, 3], 1);
    await driver.run();
    expect(driver.counters.detect).toMatchObject({ points_out_total: 2 });
  });
});

describe('enrich', () => {
  it('drops points of series beyond the limit by that code, also when they are not defined again', async () => {
    const driver = await TopologyDriver.open({
      set: ['enrich.maxSeriesPerTenant=1'],
      recordsPerCall: 1,
    });
    for (let i = 0; i < 3; i++) {
      sendPoint(driver, { host: 'a', n: '1' }, NOW_MS + i);
      sendPoint(driver, { host: 'a', n: '2' }, NOW_MS + i);
    }
    await driver.run();
    expect(driver.counters.enrich).toMatchObject({
      points_in_total: 6,
      points_out_total: 3,
      'points_dropped_total{code="SERIES_LIMIT"}': 3,
    });
  });

  it('gives up points of another label set under a known id, once', async () => {
    const driver = await TopologyDriver.open();
    sendPoint(driver, { host: 'a' }, NOW_MS);
    await driver.run();
    const { seriesId, shard, seriesLow, seriesHigh, entityId } = createIdentity().of(
      'default',
      'up',
      [['host', 'a']],
    );
    const partition = shard % driver.partitions;
    const foreign = new PackedBatchWriter('default', partition, driver.partitions);
    const definition = {
      seriesId,
      entityId,
      tenant: 'default',
      name: 'down',
      labels: {},
      kind: 'GAUGE',
    } as const;
    for (let i = 0; i < 2; i++)
      foreign.addDefinition({ ...definition, unit: null, firstSeenMs: NOW_MS });
    foreign.addRun({
      seriesLow,
      seriesHigh,
      timestamps: Float64Array.of(NOW_MS + 1, NOW_MS + 2),
      values: Float64Array.of(5, 6),
      start: 0,
      end: 2,
      sourcePartition: 3,
      sourceOffset: 0,
      flags: 0,
    });
    const value = driver.codec.encode('SeriesBatch', foreign.take());
    for (let i = 0; i < 2; i++)
      driver.pipe('metrics.validated', partition, { value, timestampMs: NOW_MS });
    sendPoint(driver, { host: 'a' }, NOW_MS + 3);
    await driver.run();
    expect(deadLetters(driver)).toMatchObject([
      { code: 'SERIES_ID_COLLISION', stage: 'enrich', points: 2, partial: true, detail: 'down' },
    ]);
    expect(driver.counters.enrich).toMatchObject({
      points_in_total: 6,
      points_out_total: 2,
      'points_dead_lettered_total{code="SERIES_ID_COLLISION"}': 2,
      'points_dropped_total{code="RECORD_REPEATED"}': 2,
    });
  });
});

const exampleEvent = {
  tenant: 'default',
  entity: 'shop',
  kind: 'DEPLOY',
  startMs: NOW_MS,
  endMs: null,
  text: '',
  link: null,
} as const;

function emptyBatch(): SeriesBatch {
  return new PackedBatchWriter('default', 0, 4).take();
}
