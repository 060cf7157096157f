import { expect, it } from 'vitest';
import { metricDefinition } from '../../operators/enrich/example-series.fixture.ts';
import { randomFrom } from '../support/random.ts';
import { rawBatch } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

const HOUR_MS = 3_600_000;
const STEP_MS = 300_000;
const START_MS = Date.UTC(2024, 2, 11);
/** In Paris clocks are put forward then. */
const CHANGE_MS = Date.UTC(2024, 2, 31, 1);
const POINTS = (24 * 24 * HOUR_MS) / STEP_MS;
const POINTS_PER_RECORD = 600;

/** Peaks at noon and in the evening by the clocks of Paris, half as high on days off, with noise. */
function salesPoints(): (readonly [number, number])[] {
  const random = randomFrom(3);
  return Array.from({ length: POINTS }, (_, i) => {
    const ms = START_MS + i * STEP_MS;
    const local = new Date(ms + (ms < CHANGE_MS ? 1 : 2) * HOUR_MS);
    const hour = local.getUTCHours() + local.getUTCMinutes() / 60;
    const bell = (middle: number, width: number) => Math.exp(-0.5 * ((hour - middle) / width) ** 2);
    const height = local.getUTCDay() % 6 === 0 ? 50 : 100;
    const noise = 1 + 0.08 * (random() + random() + random() - 1.5);
    return [ms, noise * (20 + height * (bell(12, 2) + 0.8 * bell(18.5, 1.8)))];
  });
}

/** The same sales as two metrics: of one the catalog says by which clocks they go. */
async function run(crashes: boolean): Promise<TopologyDriver> {
  const driver = await TopologyDriver.open({ recordsPerCall: 2, set: [] });
  const plain = metricDefinition('sales', { direction: 'BOTH', intervalMs: 0 });
  driver.send('catalog', 0, 'MetricDefinition', plain);
  const local = { ...plain, name: 'local_sales', timeZone: 'Europe/Paris' };
  driver.send('catalog', 0, 'MetricDefinition', local);
  const all = salesPoints();
  for (let from = 0, record = 0; from < all.length; from += POINTS_PER_RECORD, record++) {
    const points = all.slice(from, from + POINTS_PER_RECORD);
    const batch = [
      { name: 'local_sales', points },
      { name: 'sales', points },
    ];
    const nowMs = points.at(-1)?.[0] ?? 0;
    driver.send('metrics.raw', 0, 'MetricBatch', rawBatch(batch, { backfill: true }), nowMs);
    if (!crashes) continue;
    await driver.run();
    if (record % 5 === 3) await driver.checkpoint();
    if (record % 7 === 4) driver.crash();
  }
  await driver.run();
  return driver;
}

/** Hours from the change to the onsets of a metric. */
function onsets(driver: TopologyDriver, metric: string): number[] {
  const opened = driver
    .read('anomalies', 'Anomaly')
    .filter((each) => each.metric === metric && each.phase === 'OPEN' && each.startMs >= CHANGE_MS);
  return [...new Set(opened.map(({ startMs }) => (startMs - CHANGE_MS) / HOUR_MS))];
}

it('a metric’s time zone reaches the season: changed clocks are no anomaly', async () => {
  const calm = await run(false);
  expect(onsets(calm, 'sales')).not.toEqual([]);
  expect(onsets(calm, 'local_sales')).toEqual([]);
  const crashed = await run(true);
  expect(onsets(crashed, 'sales')).toEqual(onsets(calm, 'sales'));
  expect(onsets(crashed, 'local_sales')).toEqual([]);
}, 60_000);
