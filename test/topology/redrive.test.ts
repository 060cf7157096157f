import { describe, expect, it, vi } from 'vitest';
import { topology } from '../../pipelines/topology.ts';
import { readPackedBatch } from '../../schemas/read-packed-batch.ts';
import { type DeadLetter, deadLetters } from '../support/dead-letters.ts';
import { rawBatch, type TestSeries } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

// Large records take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const NOW_MS = Date.UTC(2026, 0, 5);
const HOUR_MS = 3_600_000;
const PARTITION = 2;
const RAW = 'metrics.raw';
const front = topology.slice(0, 2);

/** Good now; ahead of its time until tomorrow; never good. */
const mixed: readonly TestSeries[] = [
  {
    name: 'up',
    labels: { host: 'a' },
    points: [
      [NOW_MS, 1],
      [NOW_MS + 24 * HOUR_MS, 2],
      [NOW_MS + 24 * HOUR_MS + 1000, 3],
    ],
  },
  { name: 'up', labels: { host: 'b' }, points: [[NOW_MS, Number.NaN]] },
];

function sendBatch(driver: TopologyDriver, series: readonly TestSeries[], atMs = NOW_MS): void {
  driver.send(RAW, PARTITION, 'MetricBatch', rawBatch(series), atMs);
}

function defineTenant(driver: TopologyDriver, tenant: string): void {
  driver.send('catalog', 0, 'TenantDefinition', {
    tenant,
    title: null,
    maxSeries: 0,
    entityLabels: [],
    correlateBy: [],
    version: 1,
    effectiveFromMs: 0,
  });
}

/** Sends dead letters back with their headers, as any Kafka tool does. */
function redrive(driver: TopologyDriver, letters: readonly DeadLetter[], atMs: number): void {
  for (const { record, partition } of letters) {
    const { key, value, headers } = record;
    driver.pipe(RAW, partition, { key, value, headers, timestampMs: atMs });
  }
}

/** Values that VALIDATE passed on, in order, and whether each was marked historical. */
function passed(driver: TopologyDriver): [value: number, historical: boolean][] {
  return driver.read('metrics.validated', 'SeriesBatch').flatMap((batch) => {
    const packed = readPackedBatch(batch);
    if ('code' in packed) return [];
    return Array.from({ length: packed.runCount }, (_, run) => {
      const values = packed.values.subarray(packed.runStarts[run], packed.runStarts[run + 1]);
      return [...values].map((value): [number, boolean] => [value, packed.runFlags[run] === 1]);
    }).flat();
  });
}

function expectAccounted(driver: TopologyDriver): void {
  for (const stage of ['validate', 'enrich']) {
    const counters = driver.counters[stage] ?? {};
    const sum = (prefix: string) =>
      Object.entries(counters).reduce(
        (all, [name, n]) => all + (name.startsWith(prefix) ? n : 0),
        0,
      );
    const out = sum('points_out_total') + sum('points_dead_lettered') + sum('points_dropped');
    expect([stage, sum('points_in_total')]).toEqual([stage, out]);
  }
}

describe('a redriven part of a half-bad batch', () => {
  it('is taken in once, however often it is sent', async () => {
    const driver = await TopologyDriver.open({ stages: front });
    sendBatch(driver, mixed);
    await driver.run();
    const letters = deadLetters(driver);
    expect(letters.map(({ code, points }) => [code, points])).toEqual([
      ['TIMESTAMP_TOO_FAR_AHEAD', 2],
      ['VALUE_NOT_FINITE', 1],
    ]);
    const laterMs = NOW_MS + 25 * HOUR_MS;
    redrive(driver, letters, laterMs);
    redrive(driver, letters, laterMs);
    await driver.run();
    redrive(driver, letters, laterMs);
    await driver.run();
    expect(passed(driver).map(([value]) => value)).toEqual([1, 2, 3]);
    expect(driver.counters.validate).toMatchObject({
      points_in_total: 4 + 3 * 3,
      points_out_total: 3,
      'points_dropped_total{code="RECORD_REPEATED"}': 2 * 3,
      records_repeated_total: 4,
    });
    // Not the check for duplicates stood between them and a wrong sum.
    expect(driver.counters.enrich).toMatchObject({ points_in_total: 3, points_out_total: 3 });
    expect(driver.counters.enrich).not.toHaveProperty(
      'points_dropped_total{code="POINT_DUPLICATE"}',
    );
    expectAccounted(driver);
  });

  it('refused again is a dead letter of its own, of one more attempt', async () => {
    const driver = await TopologyDriver.open({ stages: front });
    sendBatch(driver, mixed);
    await driver.run();
    redrive(driver, deadLetters(driver), NOW_MS);
    redrive(driver, deadLetters(driver), NOW_MS);
    await driver.run();
    const again = deadLetters(driver).slice(2);
    expect(again.map(({ code, headers }) => [code, headers['error.attempts']])).toEqual([
      ['TIMESTAMP_TOO_FAR_AHEAD', '2'],
      ['VALUE_NOT_FINITE', '2'],
    ]);
    const laterMs = NOW_MS + 25 * HOUR_MS;
    // Old and new letters together, twice: each point is in once all the same.
    redrive(driver, deadLetters(driver), laterMs);
    redrive(driver, deadLetters(driver), laterMs);
    await driver.run();
    expect(passed(driver).map(([value]) => value)).toEqual([1, 2, 3]);
    expect(deadLetters(driver).map(({ headers }) => headers['error.attempts'])).toEqual([
      ...['1', '1', '2', '2'],
      '3',
    ]);
    expectAccounted(driver);
  });

  it('is one with the copy of its dead letter that a crash made', async () => {
    const driver = await TopologyDriver.open({ stages: front });
    sendBatch(driver, mixed);
    await driver.run();
    // Written and not committed: the raw record is processed again, and so are its dead letters written.
    driver.crash();
    await driver.run();
    expect(deadLetters(driver)).toHaveLength(4);
    redrive(driver, deadLetters(driver), NOW_MS + 25 * HOUR_MS);
    await driver.run();
    const values = passed(driver).map(([value]) => value);
    expect(values).toEqual([1, 1, 2, 3]);
    expect(driver.counters.enrich).toMatchObject({
      // What enrich passed on before it crashed too, and all of it again.
      points_out_total: 1 + 3,
      'points_dropped_total{code="RECORD_REPEATED"}': 1,
    });
  });

  it('stays taken in over a restart, from a checkpoint and from a replay', async () => {
    const driver = await TopologyDriver.open({ stages: front });
    sendBatch(driver, mixed);
    await driver.run();
    const letters = deadLetters(driver);
    const laterMs = NOW_MS + 25 * HOUR_MS;
    redrive(driver, letters.slice(0, 1), laterMs);
    await driver.run();
    await driver.checkpoint();
    driver.crash();
    redrive(driver, letters.slice(0, 1), laterMs);
    await driver.run();
    expect(passed(driver).map(([value]) => value)).toEqual([1, 2, 3]);
    // The mark was made behind the checkpoint: reading the log again makes it again.
    redrive(driver, letters.slice(1), laterMs);
    await driver.run();
    driver.crash();
    redrive(driver, letters, laterMs);
    await driver.run();
    expect(passed(driver).map(([value]) => value)).toEqual([1, 2, 3]);
  });
});

describe('a redriven record', () => {
  it('is judged by the catalog of today, and its age is no fault', async () => {
    const driver = await TopologyDriver.open({ stages: front });
    defineTenant(driver, 'other');
    sendBatch(driver, [{ name: 'up', labels: { host: 'a' }, points: [[NOW_MS, 5]] }]);
    await driver.run();
    const letters = deadLetters(driver);
    expect(letters).toMatchObject([{ code: 'TENANT_UNKNOWN', partial: false }]);
    expect(letters[0]?.headers).toMatchObject({ 'error.tenant': 'default' });
    defineTenant(driver, 'default');
    const dayLaterMs = NOW_MS + 24 * HOUR_MS;
    redrive(driver, letters, dayLaterMs);
    // The same bytes from a producer are too old by then.
    driver.pipe(RAW, PARTITION, {
      value: letters[0]?.record.value ?? null,
      timestampMs: dayLaterMs,
    });
    await driver.run();
    expect(passed(driver)).toEqual([[5, true]]);
    expect(deadLetters(driver).slice(1)).toMatchObject([{ code: 'TIMESTAMP_TOO_OLD' }]);
  });

  it('of minutes ago is still news', async () => {
    const driver = await TopologyDriver.open({ stages: front });
    defineTenant(driver, 'other');
    sendBatch(driver, [{ name: 'up', labels: { host: 'a' }, points: [[NOW_MS, 5]] }]);
    await driver.run();
    defineTenant(driver, 'default');
    redrive(driver, deadLetters(driver), NOW_MS + 5 * 60_000);
    await driver.run();
    expect(passed(driver)).toEqual([[5, false]]);
  });

  it('that nobody can read stays accounted for, twice or not', async () => {
    const driver = await TopologyDriver.open({ stages: front });
    driver.pipe(RAW, 0, { value: Buffer.from('not a record'), timestampMs: NOW_MS });
    await driver.run();
    redrive(driver, deadLetters(driver), NOW_MS);
    redrive(driver, deadLetters(driver), NOW_MS);
    await driver.run();
    expect(deadLetters(driver).map(({ headers }) => headers['error.attempts'])).toEqual(['1', '2']);
    expect(driver.counters.validate).toMatchObject({
      records_in_total: 3,
      records_unreadable_total: 2,
      records_repeated_total: 1,
    });
  });

  it('with a name that is none is a record like any other', async () => {
    const driver = await TopologyDriver.open({ stages: front });
    const value = driver.codec.encode('MetricBatch', rawBatch(mixed.slice(1)));
    for (const name of ['', 'x', 'a/b/c/d']) {
      const headers = { 'vigie.dead-letter': Buffer.from(name) };
      driver.pipe(RAW, 0, { value, headers, timestampMs: NOW_MS });
      driver.pipe(RAW, 0, { value, headers, timestampMs: NOW_MS });
    }
    await driver.run();
    expect(deadLetters(driver)).toHaveLength(6);
  });
});
