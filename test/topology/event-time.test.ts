import { describe, expect, it } from 'vitest';
import { metricDefinition } from '../../operators/enrich/example-series.fixture.ts';
import type { Decision } from '../../schemas/generated/decision.ts';
import { readPackedBatch } from '../../schemas/read-packed-batch.ts';
import { rawBatch, type TestSeries } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const SETTLED_ROUNDS = 400;

/** A wave with one fault large enough that no reading of it could be normal. */
function values(rounds: number, faultRound = -1): TestSeries['points'] {
  return Array.from({ length: rounds }, (_, round) => {
    const wave = 100 + 10 * Math.sin(round / 7) + 3 * Math.sin(round * 2.3);
    const isFault = round >= faultRound && round < faultRound + 5 && faultRound >= 0;
    return [START_MS + round * MINUTE_MS, isFault ? wave + 300 : wave] as const;
  });
}

const load = (points: TestSeries['points'], host = 'a'): TestSeries => ({
  name: 'load',
  labels: { host },
  points,
});

/** A file of the past, in one record. */
function sendPast(driver: TopologyDriver, points: TestSeries['points'], partition = 0): void {
  const file = rawBatch([load(points)], { backfill: true });
  driver.send('metrics.raw', partition, 'MetricBatch', file, START_MS + 86_400_000);
}

/** Points of the present, in a record of their own: written when the newest was read. */
function sendNow(driver: TopologyDriver, series: readonly TestSeries[], atMs: number): void {
  driver.send('metrics.raw', 0, 'MetricBatch', rawBatch(series), atMs);
}

/** What left enrich, point by point: time, value, flags of its run, and the type of its metric. */
function enriched(driver: TopologyDriver): string[] {
  return driver.read('metrics.enriched', 'SeriesBatch').flatMap((batch) => {
    const packed = readPackedBatch(batch);
    if ('code' in packed) throw new Error(packed.detail);
    const points: string[] = [];
    for (let run = 0; run < packed.runCount; run++) {
      const context = packed.contexts[packed.seriesContexts[packed.runSeries[run] ?? 0] ?? 0];
      for (let i = packed.runStarts[run] ?? 0; i < (packed.runStarts[run + 1] ?? 0); i++) {
        const seconds = ((packed.timestamps[i] ?? 0) - START_MS) / 1000;
        const flags = packed.runFlags[run];
        points.push(`${seconds}s ${packed.values[i]} ${flags} ${context?.metricType}`);
      }
    }
    return points;
  });
}

function decisions(driver: TopologyDriver, code: string): Partial<Decision>[] {
  const found = driver.read('decisions', 'Decision').filter((decision) => decision.code === code);
  return found.map(({ stage, kind, outcome, count }) => ({ stage, kind, outcome, count }));
}

describe('a file and nothing after it', () => {
  it('has alerts for its anomalies as soon as the log says that nothing comes', async () => {
    const driver = await TopologyDriver.open();
    sendPast(driver, values(SETTLED_ROUNDS, 300));
    await driver.run();
    const opened = driver.read('anomalies', 'Anomaly').filter(({ phase }) => phase === 'OPEN');
    expect(opened).not.toEqual([]);
    expect(driver.read('alerts.history', 'Alert')).toEqual([]);
    driver.silence(START_MS + 86_400_000);
    await driver.run();
    const fired = driver.read('alerts.history', 'Alert').map(({ firedAtMs }) => firedAtMs);
    for (const { startMs } of opened) expect(fired).toContain(startMs);
  });

  it('waits as long as one partition may still bring something earlier', async () => {
    const driver = await TopologyDriver.open();
    sendPast(driver, values(SETTLED_ROUNDS, 300));
    sendPast(driver, [[START_MS, 1]], 3);
    driver.silence(START_MS, [0, 1, 2]);
    await driver.run();
    expect(driver.read('alerts.history', 'Alert')).toEqual([]);
    driver.silence(START_MS, [3]);
    await driver.run();
    expect(driver.read('alerts.history', 'Alert')).not.toEqual([]);
  });

  it('gives the same alerts however it was cut into records and calls', async () => {
    const whole = await TopologyDriver.open();
    sendPast(whole, values(SETTLED_ROUNDS, 300));
    const cut = await TopologyDriver.open({ recordsPerCall: 3 });
    const points = values(SETTLED_ROUNDS, 300);
    for (let at = 0; at < points.length; at += 7) sendPast(cut, points.slice(at, at + 7));
    for (const driver of [whole, cut]) {
      driver.silence(START_MS + 86_400_000);
      await driver.run();
    }
    const alerts = (driver: TopologyDriver) =>
      driver.read('alerts.history', 'Alert').map(({ change, ...alert }) => alert);
    expect(alerts(whole)).not.toEqual([]);
    expect(alerts(cut)).toEqual(alerts(whole));
  });

  it('moves time on by the clock when its points were of the present: what waits, fires', async () => {
    const driver = await TopologyDriver.open();
    const points = values(SETTLED_ROUNDS, SETTLED_ROUNDS - 1);
    for (let at = 0; at < points.length; at += 10)
      sendNow(driver, [load(points.slice(at, at + 10))], START_MS + (at + 10) * MINUTE_MS);
    const endMs = START_MS + SETTLED_ROUNDS * MINUTE_MS;
    driver.silence(endMs);
    await driver.run();
    expect(driver.read('incidents', 'Incident').map(({ state }) => state)).toContain('OPEN');
    expect(driver.read('notifications', 'Notification')).toEqual([]);
    driver.silence(endMs + 10 * MINUTE_MS);
    await driver.run();
    const reasons = driver.read('notifications', 'Notification').map(({ reason }) => reason);
    expect(reasons).toContain('FIRST');
  });
});

/** One host is a minute behind the other on the same raw partition, once. */
async function withLatePoints(setup: Parameters<typeof TopologyDriver.open>[0], over = {}) {
  const driver = await TopologyDriver.open(setup);
  if (Object.keys(over).length > 0)
    driver.send('catalog', 0, 'MetricDefinition', metricDefinition('load', over));
  const at = (s: number) => START_MS + s * 1000;
  const counter = { name: 'load', kind: 'COUNTER' as const, labels: { host: 'b' } };
  sendNow(driver, [{ ...counter, points: [[at(0), 0]] }], at(0));
  sendNow(driver, [load([[at(100), 5]])], at(100));
  sendNow(driver, [{ ...counter, points: [[at(40), 400]] }], at(101));
  sendNow(driver, [{ ...counter, points: [[at(104), 1040]] }], at(104));
  await driver.run();
  driver.silence(at(200));
  await driver.run();
  return driver;
}

describe('points behind the watermark', () => {
  const onTime = ['100s 5 0 UNKNOWN'];
  const late = 'points_late_total{policy=';
  const dropped = 'points_dropped_total{code="POINT_LATE"}';

  it.each([1, 64])('are scored, marked and counted (%d records a call)', async (recordsPerCall) => {
    const driver = await withLatePoints({ recordsPerCall });
    expect(enriched(driver).sort()).toEqual([...onTime, '104s 10 0 UNKNOWN', '40s 10 2 UNKNOWN']);
    expect(driver.counters.enrich?.[`${late}"score"}`]).toBe(1);
    expect(driver.counters.enrich?.[dropped]).toBeUndefined();
    expect(decisions(driver, 'POINT_LATE')).toEqual([
      { stage: 'enrich', kind: 'SCORE', outcome: 'score', count: 1 },
    ]);
  });

  it.each([1, 64])('are counted aside: the series goes on by them (%d)', async (recordsPerCall) => {
    const set = ['eventTime.latePoints=count'];
    const driver = await withLatePoints({ recordsPerCall, set });
    // The rate is that since the late point.
    expect(enriched(driver).sort()).toEqual([...onTime, '104s 10 0 UNKNOWN']);
    expect(driver.counters.enrich).toMatchObject({ [`${late}"count"}`]: 1, [dropped]: 1 });
    expect(decisions(driver, 'POINT_LATE')).toEqual([
      { stage: 'enrich', kind: 'DROP', outcome: 'count', count: 1 },
    ]);
  });

  it.each([1, 64])('are dropped as if they had never come (%d)', async (recordsPerCall) => {
    const driver = await withLatePoints({ recordsPerCall }, { latePoints: 'DROP', type: 'SLI' });
    expect(enriched(driver).sort()).toEqual(['100s 5 0 SLI', '104s 10 0 SLI']);
    expect(driver.counters.enrich).toMatchObject({ [`${late}"drop"}`]: 1, [dropped]: 1 });
    expect(decisions(driver, 'POINT_LATE')).toEqual([
      { stage: 'enrich', kind: 'DROP', outcome: 'drop', count: 1 },
    ]);
  });

  it('are not those that lead up to a point in time, however many minutes a record holds', async () => {
    const driver = await TopologyDriver.open({ set: ['eventTime.latePoints=drop'] });
    const endMs = START_MS + 10 * MINUTE_MS;
    sendNow(driver, [load(values(10), 'a')], endMs);
    sendNow(driver, [load(values(10), 'b')], endMs);
    await driver.run();
    expect(enriched(driver)).toHaveLength(20);
    expect(driver.counters.enrich?.[dropped]).toBeUndefined();
  });

  it('are never those of a back-fill', async () => {
    const driver = await TopologyDriver.open({ set: ['eventTime.latePoints=drop'] });
    sendNow(driver, [load([[START_MS + 900_000, 1]], 'b')], START_MS + 900_000);
    sendPast(driver, values(10));
    await driver.run();
    expect(enriched(driver)).toHaveLength(11);
    expect(driver.counters.enrich?.[dropped]).toBeUndefined();
  });

  it('are told on the episodes that they make', async () => {
    const driver = await TopologyDriver.open();
    const points = values(SETTLED_ROUNDS, SETTLED_ROUNDS - 5);
    const early = points.slice(0, -5);
    sendPast(driver, early);
    const endMs = START_MS + SETTLED_ROUNDS * MINUTE_MS;
    sendNow(driver, [load([[endMs, 1]], 'b')], endMs);
    sendNow(driver, [load(points.slice(-5))], endMs);
    await driver.run();
    const [open] = driver.read('anomalies', 'Anomaly').filter(({ historical }) => !historical);
    expect(open).toMatchObject({ phase: 'OPEN', late: 1 });
  });
});

describe('a clock that jumps', () => {
  it('back: points are refused until their series has caught up, counted and told', async () => {
    const driver = await TopologyDriver.open();
    const at = (s: number) => START_MS + s * 1000;
    for (const s of [100, 101, 40, 41, 42, 102]) sendNow(driver, [load([[at(s), s]])], at(s));
    await driver.run();
    driver.silence(at(200));
    await driver.run();
    expect(enriched(driver).map((text) => text.split(' ')[0])).toEqual(['100s', '101s', '102s']);
    expect(driver.counters.enrich).toMatchObject({
      'points_dropped_total{code="POINT_OUT_OF_ORDER"}': 3,
    });
    const told = decisions(driver, 'POINT_OUT_OF_ORDER');
    expect(told.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(3);
  });

  it('ahead: one such host makes no other late, nor does such a tick', async () => {
    const driver = await TopologyDriver.open();
    const at = (s: number) => START_MS + s * 1000;
    sendNow(driver, [load([[at(0), 1]])], at(0));
    sendNow(driver, [load([[at(500), 1]], 'ahead')], at(1));
    const tick = { sourcePartition: 0, watermarkMs: at(1e8), idle: true };
    driver.send('metrics.raw', 0, 'Tick', tick, at(1));
    sendNow(driver, [load([[at(2), 1]])], at(2));
    await driver.run();
    expect(enriched(driver).every((text) => text.split(' ')[2] === '0')).toBe(true);
  });
});

describe('a definition', () => {
  const E = START_MS + 100 * MINUTE_MS + 1;

  /** Sends the same points, cut so often, with a definition that comes early or late. */
  async function typesOf(cut: number, recordsPerCall: number): Promise<string[]> {
    const driver = await TopologyDriver.open({ recordsPerCall });
    driver.send('catalog', 0, 'MetricDefinition', metricDefinition('load', { type: 'SLI' }));
    const second = metricDefinition('load', {
      type: 'BUSINESS_KPI',
      version: 2,
      effectiveFromMs: E,
    });
    driver.send('catalog', 0, 'MetricDefinition', second);
    const points = values(200);
    for (let at = 0; at < points.length; at += cut) sendPast(driver, points.slice(at, at + cut));
    await driver.run();
    return enriched(driver);
  }

  it('acts from its time on, however points were cut into records and calls', async () => {
    const whole = await typesOf(200, 64);
    const types = whole.map((text) => text.split(' ')[3]);
    expect(types).toEqual([...Array(101).fill('SLI'), ...Array(99).fill('BUSINESS_KPI')]);
    for (const [cut, perCall] of [
      [1, 64],
      [7, 1],
      [7, 64],
      [150, 2],
    ] as const)
      expect(await typesOf(cut, perCall)).toEqual(whole);
  });

  it('acts on what comes after it, in a replay as in the first run', async () => {
    // They rise: a counter that falls has started anew, and gives no rate there.
    const points = values(300).map(([ms, value], i) => [ms, 100 * i + value] as const);
    const run = async (crash: boolean) => {
      const driver = await TopologyDriver.open({ recordsPerCall: 2 });
      const send = async (from: number, to: number) => {
        for (let at = from; at < to; at += 10) sendPast(driver, points.slice(at, at + 10));
        await driver.run();
      };
      await send(0, 100);
      if (crash) await driver.checkpoint();
      await send(100, 200);
      // It acts from long ago, but those points were scored without it.
      driver.send(
        'catalog',
        0,
        'MetricDefinition',
        metricDefinition('load', { kind: 'COUNTER', type: 'SLI' }),
      );
      if (crash) driver.crash();
      await send(200, 250);
      if (crash) driver.crash();
      await send(250, 300);
      return [...new Set(enriched(driver))];
    };
    const calm = await run(false);
    expect(calm.filter((text) => text.endsWith('SLI')).length).toBe(100);
    expect(await run(true)).toEqual(calm);
  });
});
