import { expect, it } from 'vitest';
import { metricDefinition } from '../../operators/enrich/example-series.fixture.ts';
import { randomFrom } from '../support/random.ts';
import { rawBatch } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const STEP_MS = 300_000;
/** A Monday. */
const START_MS = Date.UTC(2024, 2, 11);
const POINTS = (29 * DAY_MS) / STEP_MS;
const POINTS_PER_RECORD = 600;

/** Peaks at noon and in the evening with noise, and on Mondays a peak from nine to eleven. */
function weeklyPoints(): (readonly [number, number])[] {
  const random = randomFrom(5);
  return Array.from({ length: POINTS }, (_, i) => {
    const atMs = i * STEP_MS;
    const hour = (atMs % DAY_MS) / HOUR_MS;
    const isPeak = atMs % (7 * DAY_MS) < DAY_MS && hour >= 9 && hour < 11;
    const bell = (middle: number, width: number) => Math.exp(-0.5 * ((hour - middle) / width) ** 2);
    const wave = 20 + 100 * (bell(12, 2) + 0.8 * bell(18.5, 1.8));
    const noise = 1 + 0.08 * (random() + random() + random() - 1.5);
    return [START_MS + atMs, noise * wave * (isPeak ? 2.5 : 1)];
  });
}

/** The same course as three metrics, by what the catalog says of them. */
async function run(crashes: boolean): Promise<TopologyDriver> {
  const driver = await TopologyDriver.open({ recordsPerCall: 2, set: [] });
  const type = 'INFRASTRUCTURE';
  const plain = metricDefinition('plain', { type, direction: 'BOTH', intervalMs: 0 });
  driver.send('catalog', 0, 'MetricDefinition', plain);
  for (const own of [
    { name: 'weekly', season: 'WEEKLY' },
    { name: 'orders', type: 'BUSINESS_KPI' },
    { name: 'bare', season: 'NONE' },
  ] as const)
    driver.send('catalog', 0, 'MetricDefinition', { ...plain, ...own });
  const all = weeklyPoints();
  for (let from = 0, record = 0; from < all.length; from += POINTS_PER_RECORD, record++) {
    const points = all.slice(from, from + POINTS_PER_RECORD);
    const batch = ['plain', 'weekly', 'orders', 'bare'].map((name) => ({ name, points }));
    const nowMs = points.at(-1)?.[0] ?? 0;
    driver.send('metrics.raw', 0, 'MetricBatch', rawBatch(batch, { backfill: true }), nowMs);
    if (!crashes) continue;
    await driver.run();
    if (record % 3 === 1) await driver.checkpoint();
    if (record % 5 === 3) driver.crash();
  }
  await driver.run();
  return driver;
}

/** Hours from the fourth week on at which episodes of a metric opened. */
function onsets(driver: TopologyDriver, metric: string): number[] {
  const opened = driver
    .read('anomalies', 'Anomaly')
    .filter((each) => each.metric === metric && each.phase === 'OPEN')
    .map(({ startMs }) => (startMs - START_MS) / HOUR_MS);
  return [...new Set(opened)].filter((hour) => hour >= 21 * 24);
}

/** Series by tier, over all tasks. */
function tiers(driver: TopologyDriver): number[] {
  const inTask = (tier: string) =>
    Object.values(driver.gauges).map((gauges) => gauges[`tier_series{tier="${tier}"}`] ?? 0);
  return ['T0', 'T1', 'T2'].map((tier) => inTask(tier).reduce((sum, count) => sum + count, 0));
}

it('what the catalog says of a season decides the tier: a weekly peak is no anomaly', async () => {
  const calm = await run(false);
  expect(onsets(calm, 'plain')).not.toEqual([]);
  expect([onsets(calm, 'weekly'), onsets(calm, 'orders')]).toEqual([[], []]);
  expect(tiers(calm)).toEqual([1, 1, 2]);
  const crashed = await run(true);
  for (const metric of ['plain', 'weekly', 'orders', 'bare'])
    expect(onsets(crashed, metric)).toEqual(onsets(calm, metric));
  expect(tiers(crashed)).toEqual([1, 1, 2]);
}, 60_000);
