import { expect, it } from 'vitest';
import { topology } from '../../pipelines/topology.ts';
import { rawBatch } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

const START_MS = Date.UTC(2026, 0, 5);
const REFUSED = 'points_dropped_total{code="SERIES_MEMORY"}';
const NAMES = Array.from({ length: 3000 }, (_, i) => `metric_${i}`);

/** A point of each of these series of one host, which one task of enrich has, by one tenant or another. */
function send(driver: TopologyDriver, tenant: string, names: readonly string[], minute: number) {
  const atMs = START_MS + minute * 60_000;
  const points = [[atMs, minute]] as const;
  const series = names.map((name) => ({ name, labels: { host: 'h' }, points }));
  driver.send('metrics.raw', 0, 'MetricBatch', rawBatch(series, { tenant }), atMs);
}

/** Sums of enrich’s counters and gauges over its tasks, as the metrics of a worker have them. */
function figures(driver: TopologyDriver) {
  const { points_in_total: taken = 0, points_out_total: passed = 0 } = driver.counters.enrich ?? {};
  const refused = driver.counters.enrich?.[REFUSED] ?? 0;
  const held = Object.entries(driver.gauges).filter(([task]) => task.startsWith('enrich/'));
  const series = held.reduce((sum, [, gauges]) => sum + (gauges.series ?? 0), 0);
  const room = Math.min(...held.map(([, gauges]) => gauges.series_room ?? Number.NaN));
  return { taken, passed, refused, series, room };
}

it('refuses new series when `series.memoryBytes` is used up, tells of each, and goes on with those it knows', async () => {
  const driver = await TopologyDriver.open({
    // The least there can be, among so many partitions that one has room for some two thousand series.
    set: ['series.memoryBytes=64MiB', 'topics.partitions=64'],
    stages: topology.slice(0, 2),
  });
  send(driver, 'small', NAMES.slice(0, 10), 0);
  send(driver, 'exploding', NAMES, 0);
  await driver.run();
  const full = figures(driver);
  expect(full.taken).toBe(3010);
  expect(full.refused).toBeGreaterThan(500);
  expect(full.passed + full.refused).toBe(full.taken);
  expect(full.series).toBe(full.passed);

  // Those that are known are taken as before, the others refused again; the last tenth is for whoever has little.
  send(driver, 'exploding', NAMES, 1);
  send(driver, 'small', NAMES.slice(0, 40), 1);
  await driver.run();
  const later = figures(driver);
  expect(later.refused).toBe(2 * full.refused);
  expect(later.series).toBe(full.series + 30);

  // At the very end nobody’s are taken.
  send(driver, 'small', NAMES, 2);
  await driver.run();
  const last = figures(driver);
  expect(last.room).toBe(0);
  expect(last.refused).toBeGreaterThan(later.refused);
  expect(last.passed + last.refused).toBe(last.taken);
  driver.silence(START_MS + 3_600_000);
  await driver.run();
  const decisions = driver.read('decisions', 'Decision');
  const told = decisions.filter(({ code }) => code === 'SERIES_MEMORY');
  expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(last.refused);
  expect(new Set(told.map(({ tenant }) => tenant))).toEqual(new Set(['exploding', 'small']));
});
