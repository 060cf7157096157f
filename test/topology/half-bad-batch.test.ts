import { describe, expect, it, vi } from 'vitest';
import { topology } from '../../pipelines/topology.ts';
import { readPackedBatch } from '../../schemas/read-packed-batch.ts';
import { deadLetters } from '../support/dead-letters.ts';
import { rawBatch, type TestSeries } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

// Large records take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const NOW_MS = Date.UTC(2026, 0, 5);
const YEAR_2100 = Date.UTC(2100, 0, 1);
const STALE = Buffer.from('020000000000f07f', 'hex');
const TOPIC_LIMIT = 16 * 1024 * 1024;

const mixed: readonly TestSeries[] = [
  {
    name: 'up',
    labels: { host: 'a' },
    points: [
      [NOW_MS, 1],
      [NOW_MS + 1000, Number.NaN],
      [NOW_MS + 2000, 3],
    ],
  },
  {
    name: 'up',
    labels: { 'no good': '1' },
    points: [
      [NOW_MS, 4],
      [NOW_MS + 1000, 5],
    ],
  },
  {
    name: 'up',
    labels: { host: 'b' },
    points: [
      [NOW_MS, 6],
      [YEAR_2100, 7],
    ],
  },
  { name: 'up', labels: { host: 'c' }, points: [] },
  { name: 'no good', labels: {}, points: [] },
];

function drops(driver: TopologyDriver, stage: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [name, value] of Object.entries(driver.counters[stage] ?? {})) {
    const code = /^points_dropped_total\{code="(.*)"\}$/.exec(name)?.[1];
    if (code !== undefined) found[code] = value;
  }
  return found;
}

describe('a half-bad batch', () => {
  it('goes on without its bad points, which are a dead letter per code', async () => {
    const driver = await TopologyDriver.open();
    driver.send('metrics.raw', 2, 'MetricBatch', rawBatch(mixed, { backfill: false }), NOW_MS);
    await driver.run();
    expect(driver.counters.validate).toMatchObject({ points_in_total: 7, points_out_total: 3 });
    expect(driver.counters.enrich).toMatchObject({ points_in_total: 3, points_out_total: 3 });
    const letters = deadLetters(driver);
    const place = {
      stage: 'validate',
      topic: 'metrics.raw',
      partition: 2,
      offset: 0,
      partial: true,
    };
    expect(letters).toMatchObject([
      { code: 'VALUE_NOT_FINITE', points: 1, ...place },
      { code: 'LABEL_NAME_INVALID', points: 2, ...place },
      { code: 'TIMESTAMP_TOO_FAR_AHEAD', points: 1, ...place },
    ]);
    const [first, second, third] = letters.map(({ record }) => {
      return driver.codec.decode(record.value ?? new Uint8Array(0), ['MetricBatch']).value;
    });
    expect(first).toEqual(
      decoded(driver, [{ ...seriesOf('a'), points: [[NOW_MS + 1000, Number.NaN]] }]),
    );
    expect(second).toEqual(decoded(driver, mixed.slice(1, 2)));
    expect(third).toEqual(decoded(driver, [{ ...seriesOf('b'), points: [[YEAR_2100, 7]] }]));
  });

  it('does not double its good points when its dead letters are sent again', async () => {
    const driver = await TopologyDriver.open();
    driver.send('metrics.raw', 2, 'MetricBatch', rawBatch(mixed), NOW_MS);
    await driver.run();
    for (const { record } of deadLetters(driver)) {
      driver.pipe('metrics.raw', 2, { value: record.value, timestampMs: NOW_MS });
    }
    await driver.run();
    const again = deadLetters(driver).slice(3);
    expect(again.map(({ code, offset }) => [code, offset])).toEqual([
      ['VALUE_NOT_FINITE', 1],
      ['LABEL_NAME_INVALID', 2],
      ['TIMESTAMP_TOO_FAR_AHEAD', 3],
    ]);
    // All of each is bad now, so each is whole, as it came.
    expect(again.every(({ partial }) => !partial)).toBe(true);
    expect(driver.counters.validate).toMatchObject({ points_in_total: 11, points_out_total: 3 });
    expect(driver.counters.enrich).toMatchObject({ points_in_total: 3, points_out_total: 3 });
  });
});

describe('the staleness marker', () => {
  it('ends a series without a fault, in a point and in a batch', async () => {
    const driver = await TopologyDriver.open({ stages: topology.slice(0, 2) });
    const series = { name: 'requests_total', labels: { host: 'a' }, kind: 'COUNTER' } as const;
    const sendBatch = (values: Uint8Array, from: number) => {
      const points = Array.from(
        { length: values.length / 8 },
        (_, i) => [NOW_MS + (from + i) * 1000, 0] as const,
      );
      const packed = rawBatch([{ ...series, points }], { values: new Uint8Array(values) });
      driver.send('metrics.raw', 0, 'MetricBatch', packed, NOW_MS);
    };
    const number = (value: number) => Buffer.from(Float64Array.of(value).buffer);
    sendBatch(Buffer.concat([number(10), number(20), STALE, number(100), number(130)]), 0);
    const placeholder = 1234.5;
    const framed = driver.codec.encode('MetricPoint', {
      tenant: 'default',
      ...series,
      timestamp: NOW_MS + 5000,
      value: placeholder,
      unit: null,
      backfill: false,
    });
    STALE.copy(framed, framed.indexOf(number(placeholder)));
    driver.pipe('metrics.raw', 0, { value: framed, timestampMs: NOW_MS });
    sendBatch(Buffer.concat([number(7), number(9)]), 6);
    await driver.run();
    expect(deadLetters(driver)).toEqual([]);
    // A rate needs two points, and none is taken across an end.
    expect(drops(driver, 'enrich')).toEqual({ SERIES_ENDED: 2, COUNTER_BASE: 3 });
    const rates = driver.read('metrics.enriched', 'SeriesBatch').flatMap((batch) => {
      const packed = readPackedBatch(batch);
      return 'code' in packed ? [] : [...packed.values];
    });
    expect(rates).toEqual([10, 30, 2]);
  });
});

describe('back-fill', () => {
  it('may be old, in a point as in a batch, and is marked on its way', async () => {
    const driver = await TopologyDriver.open({ stages: topology.slice(0, 1) });
    const timestamp = NOW_MS - 30 * 86_400_000;
    const base = {
      tenant: 'default',
      name: 'up',
      labels: {},
      timestamp,
      value: 1,
      unit: null,
    } as const;
    for (const backfill of [true, false]) {
      driver.send('metrics.raw', 0, 'MetricPoint', { ...base, kind: 'GAUGE', backfill }, NOW_MS);
    }
    await driver.run();
    expect(deadLetters(driver)).toMatchObject([{ code: 'TIMESTAMP_TOO_OLD', offset: 1 }]);
    const [batch] = driver.read('metrics.validated', 'SeriesBatch');
    expect([...(batch?.runFlags ?? [])]).toEqual([1]);
  });
});

describe('a large record', () => {
  const irregular = (points: number): TestSeries => ({
    name: 'up',
    labels: { host: 'a' },
    points: Array.from(
      { length: points },
      (_, i) => [NOW_MS - 5_000_000 + i + (i % 7), i] as const,
    ),
  });

  it('of 10 MB goes on whole', async () => {
    const driver = await TopologyDriver.open({ stages: topology.slice(0, 2) });
    driver.send(
      'metrics.raw',
      0,
      'MetricBatch',
      rawBatch([irregular(625_000)], { backfill: true }),
      NOW_MS,
    );
    await driver.run();
    expect(deadLetters(driver)).toEqual([]);
    expect(driver.counters.enrich).toMatchObject({ points_in_total: 625_000 });
    expect(driver.read('metrics.validated', 'SeriesBatch')).toHaveLength(1);
  });

  it('that no topic takes when it is packed again is a dead letter, and its series are defined after it', async () => {
    const driver = await TopologyDriver.open({ stages: topology.slice(0, 2) });
    // Every other point is historical: a run for each.
    const points = Array.from({ length: 300_000 }, (_, i) => {
      return [NOW_MS - (i % 2) * 1_000_000 + i / 1000, 1] as const;
    }).map(([ms, value]) => [Math.round(ms), value] as const);
    const hostile = rawBatch([{ name: 'up', labels: { host: 'a' }, points }]);
    driver.send('metrics.raw', 0, 'MetricBatch', hostile, NOW_MS);
    driver.send(
      'metrics.raw',
      0,
      'MetricBatch',
      rawBatch([irregular(3)], { backfill: true }),
      NOW_MS,
    );
    await driver.run();
    expect(deadLetters(driver)).toMatchObject([
      { code: 'RECORD_TOO_LARGE', points: 300_000, partial: false },
    ]);
    expect(driver.counters.validate).toMatchObject({
      points_in_total: 300_003,
      points_out_total: 3,
    });
    expect(driver.counters.enrich).toMatchObject({ points_in_total: 3, points_out_total: 3 });
  });

  it('of many long labels is defined in batches that a topic takes', async () => {
    const driver = await TopologyDriver.open({ stages: topology.slice(0, 2) });
    const text = 'ü'.repeat(2000);
    const series = Array.from({ length: 9000 }, (_, i) => ({
      name: `m${i}`,
      labels: { host: 'a', text },
      points: [[NOW_MS, i] as const],
    }));
    driver.send('metrics.raw', 0, 'MetricBatch', rawBatch(series), NOW_MS);
    await driver.run();
    expect(deadLetters(driver)).toEqual([]);
    expect(driver.counters.enrich).toMatchObject({
      points_out_total: 9000,
      series_registered_total: 9000,
    });
    for (const topic of ['metrics.validated', 'metrics.enriched']) {
      const sizes = driver.records(topic).map(({ value }) => value?.length ?? 0);
      expect(Math.max(...sizes)).toBeLessThan(TOPIC_LIMIT);
      expect(sizes.length).toBeGreaterThan(1);
    }
  });

  it('does not let a call grow a batch beyond its topic, nor splits a raw record', async () => {
    const driver = await TopologyDriver.open({ stages: topology.slice(0, 2) });
    const perRecord = 40_000;
    for (let record = 0; record < 40; record++) {
      const points = irregular(perRecord).points.map(
        ([ms, value]) => [ms + record * 100_000, value] as const,
      );
      const packed = rawBatch([{ ...irregular(0), points }], { backfill: true });
      driver.send('metrics.raw', 0, 'MetricBatch', packed, NOW_MS);
    }
    await driver.run();
    for (const topic of ['metrics.validated', 'metrics.enriched']) {
      const records = driver.records(topic);
      expect(Math.max(...records.map(({ value }) => value?.length ?? 0))).toBeLessThan(TOPIC_LIMIT);
      const offsets = driver.read(topic, 'SeriesBatch').flatMap((batch) => {
        const packed = readPackedBatch(batch);
        return 'code' in packed ? [] : [...new Set(packed.runSourceOffsets)];
      });
      expect(offsets).toEqual(Array.from({ length: 40 }, (_, i) => i));
    }
    expect(deadLetters(driver)).toEqual([]);
    expect(drops(driver, 'enrich').RECORD_REPEATED ?? 0).toBe(0);
  });
});

describe('two tenants on one raw partition', () => {
  it('are both taken, record by record in turn', async () => {
    const driver = await TopologyDriver.open();
    // Enough hosts that the tenants meet in every partition.
    const hosts = Array.from({ length: 10 }, (_, host) => `h${host}`);
    for (let i = 0; i < 20; i++) {
      const points = [[NOW_MS + i * 1000, i] as const];
      const series = hosts.map((host) => ({ name: 'up', labels: { host }, points }));
      const tenant = i % 2 === 0 ? 'a' : 'b';
      driver.send('metrics.raw', 0, 'MetricBatch', rawBatch(series, { tenant }), NOW_MS);
    }
    await driver.run();
    for (const stage of ['validate', 'enrich', 'detect']) {
      expect(driver.counters[stage]).toMatchObject({ points_in_total: 200, points_out_total: 200 });
    }
  });
});

function seriesOf(host: string): Omit<TestSeries, 'points'> {
  return { name: 'up', labels: { host } };
}

function decoded(driver: TopologyDriver, series: readonly TestSeries[]) {
  return driver.codec.decode(driver.codec.encode('MetricBatch', rawBatch(series)), ['MetricBatch'])
    .value;
}
