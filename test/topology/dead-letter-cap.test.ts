import { describe, expect, it, vi } from 'vitest';
import { topology } from '../../pipelines/topology.ts';
import { deadLetters } from '../support/dead-letters.ts';
import { randomFrom } from '../support/random.ts';
import { rawBatch } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

vi.setConfig({ testTimeout: 60_000 });

const NOW_MS = Date.UTC(2026, 0, 5);
const RECORDS = 400;
const limits = ['runtime.deadLetters.maxPerMinute=10', 'runtime.deadLetters.sampleEvery=7'];
const stages = topology.slice(0, 1);

async function openDriver(recordsPerCall = 64): Promise<TopologyDriver> {
  return await TopologyDriver.open({ stages, recordsPerCall, set: limits });
}

/** A stream of records of two tenants, most of them bad in one of two ways, over some minutes. */
function sendBad(driver: TopologyDriver, from = 0, to = RECORDS): void {
  const random = randomFrom(7);
  for (let record = 0; record < to; record++) {
    const [dice, tenant] = [random(), random() < 0.2 ? 'small' : 'large'];
    if (record < from) continue;
    const timestampMs = NOW_MS + record * 1000;
    const value = dice < 0.9 ? Number.NaN : 1;
    const points = [[timestampMs, value] as const];
    const batch = rawBatch([{ name: 'up', labels: { host: 'a' }, points }], { tenant });
    if (dice < 0.8) driver.send('metrics.raw', 0, 'MetricBatch', batch, timestampMs);
    else driver.pipe('metrics.raw', 0, { value: Buffer.from('no'), timestampMs });
  }
}

function letterLines(driver: TopologyDriver): string[] {
  return deadLetters(driver).map(({ headers, record }) =>
    JSON.stringify([headers, record.partition, record.timestampMs, record.value]),
  );
}

describe('dead letters of one tenant and code', () => {
  it('are kept up to their limit and sampled beyond it, and all of them are counted', async () => {
    const driver = await openDriver();
    sendBad(driver);
    await driver.run();
    const letters = deadLetters(driver);
    const counters = driver.counters.validate ?? {};
    const of = (name: string, code: string) => counters[`${name}{code="${code}"}`] ?? 0;
    expect(counters.records_in_total).toBe(RECORDS);
    let refused = 0;
    for (const code of ['VALUE_NOT_FINITE', 'RECORD_NOT_AVRO']) {
      const kept = letters.filter((letter) => letter.code === code);
      expect(of('records_dead_lettered_total', code)).toBe(kept.length);
      expect(of('dead_letters_left_out_total', code)).toBeGreaterThan(0);
      refused += kept.length + of('dead_letters_left_out_total', code);
    }
    expect(refused + (counters.points_out_total ?? 0)).toBe(RECORDS);
    expect(of('points_dead_lettered_total', 'VALUE_NOT_FINITE')).toBe(
      letters.filter(({ code }) => code === 'VALUE_NOT_FINITE').length,
    );
    expect(of('points_dropped_total', 'VALUE_NOT_FINITE')).toBe(
      of('dead_letters_left_out_total', 'VALUE_NOT_FINITE'),
    );
    const minute = letters.filter(({ headers, record }) => {
      return headers['error.tenant'] === 'large' && record.timestampMs < NOW_MS + 60_000;
    });
    expect(minute.slice(0, 10).every(({ headers }) => headers['error.sampled'] === undefined)).toBe(
      true,
    );
    expect(minute.slice(10).map(({ headers }) => headers['error.sampled'])).toEqual(
      minute.slice(10).map(() => '7'),
    );
    expect(minute.length).toBeGreaterThan(11);
  });

  it('stand on decisions with their full count', async () => {
    const driver = await openDriver();
    sendBad(driver);
    // Later minutes close the earlier ones, for each tenant and code.
    const lastMs = NOW_MS + RECORDS * 1000 + 120_000;
    for (const tenant of ['small', 'large']) {
      for (let i = 0; i < 12; i++) {
        const points = [[lastMs, Number.NaN] as const];
        const batch = rawBatch([{ name: 'up', points }], { tenant });
        driver.send('metrics.raw', 0, 'MetricBatch', batch, lastMs);
      }
    }
    for (let i = 0; i < 12; i++)
      driver.pipe('metrics.raw', 0, { value: Buffer.from('no'), timestampMs: lastMs });
    await driver.run();
    const counters = driver.counters.validate ?? {};
    const decisions = driver.read('decisions', 'Decision');
    for (const code of ['VALUE_NOT_FINITE', 'RECORD_NOT_AVRO']) {
      const told = (outcome: string) =>
        decisions
          .filter((each) => each.code === code && each.outcome === outcome)
          .reduce((sum, { count }) => sum + count, 0);
      const open = driver.records('dead-letter').filter(({ headers, timestampMs }) => {
        return (
          timestampMs === lastMs && Buffer.from(headers['error.code'] ?? []).toString() === code
        );
      }).length;
      const kept = counters[`records_dead_lettered_total{code="${code}"}`] ?? 0;
      const leftOut = counters[`dead_letters_left_out_total{code="${code}"}`] ?? 0;
      expect([code, told('deadLetter')]).toEqual([code, kept - open]);
      const openLeftOut = (code === 'VALUE_NOT_FINITE' ? 24 : 12) - open;
      expect([code, told('leftOut')]).toEqual([code, leftOut - openLeftOut]);
    }
  });

  it('are the same ones however the log was batched, and over a crash', async () => {
    const straight = await openDriver(64);
    sendBad(straight);
    await straight.run();
    const expected = letterLines(straight);
    expect(expected.length).toBeLessThan(0.6 * RECORDS);
    const single = await openDriver(1);
    sendBad(single);
    await single.run();
    expect(letterLines(single)).toEqual(expected);
    const crashed = await openDriver(5);
    sendBad(crashed, 0, 137);
    await crashed.run();
    await crashed.checkpoint();
    crashed.crash();
    sendBad(crashed, 137);
    await crashed.run();
    expect(letterLines(crashed)).toEqual(expected);
  });

  it('are all kept when they were redriven: their first letters are spent', async () => {
    const driver = await openDriver();
    sendBad(driver);
    await driver.run();
    const letters = deadLetters(driver);
    const atMs = NOW_MS + RECORDS * 1000;
    for (const { record } of letters) {
      const { value, headers } = record;
      driver.pipe('metrics.raw', 0, { value, headers, timestampMs: atMs });
    }
    await driver.run();
    const again = deadLetters(driver).slice(letters.length);
    expect(again).toHaveLength(letters.length);
    expect(again.every(({ headers }) => headers['error.sampled'] === undefined)).toBe(true);
  });

  it('of a later stage are capped as well, and all of them decided', async () => {
    const driver = await TopologyDriver.open({ stages: topology.slice(0, 2), set: limits });
    const send = (count: number, timestampMs: number): void => {
      for (let i = 0; i < count; i++)
        driver.pipe('metrics.validated', 1, { value: Buffer.from('no'), timestampMs });
    };
    send(50, NOW_MS);
    // A later minute closes the one before.
    send(12, NOW_MS + 120_000);
    await driver.run();
    const counters = driver.counters.enrich ?? {};
    expect(deadLetters(driver)).toHaveLength(10 + Math.floor(40 / 7) + 10);
    expect(counters['dead_letters_left_out_total{code="RECORD_NOT_AVRO"}']).toBe(35 + 2);
    const told = driver.read('decisions', 'Decision').map(({ stage, code, outcome, count }) => {
      return [stage, code, outcome, count];
    });
    expect(told).toEqual([
      ['enrich', 'RECORD_NOT_AVRO', 'deadLetter', 15],
      ['enrich', 'RECORD_NOT_AVRO', 'leftOut', 35],
    ]);
  });
});
