import { beforeAll, describe, expect, it } from 'vitest';
import { randomFrom } from '../support/random.ts';
import { rawBatch } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 5, 0, 30);
const ROUNDS_PER_RECORD = 5;
const RECORDS = 12 * 12;
const LIMIT_MS = 60_000;
/** Hours of silence by series: always there, back after five hours, gone for good. */
const silences = [
  ...[0, 1, 2, 3].map((host) => ({ host, fromHour: 99, toHour: 99 })),
  ...[4, 5, 6].map((host) => ({ host, fromHour: 3, toHour: 8 })),
  ...[7, 8, 9, 10, 11].map((host) => ({ host, fromHour: 4, toHour: 99 })),
];

/** Puts five minutes of all series that speak then on the raw topic. */
function sendRecord(driver: TopologyDriver, record: number): void {
  const minute = record * ROUNDS_PER_RECORD;
  const hour = minute / 60;
  const series = silences
    .filter(({ fromHour, toHour }) => hour < fromHour || hour >= toHour)
    .map(({ host }) => ({
      name: 'load',
      labels: { host: `h${host}` },
      points: Array.from({ length: ROUNDS_PER_RECORD }, (_, i) => {
        const ms = START_MS + (minute + i) * MINUTE_MS;
        return [ms, 50 + ((host * 7 + (minute + i) * 13) % 17)] as const;
      }),
    }));
  const endMs = START_MS + (minute + ROUNDS_PER_RECORD) * MINUTE_MS;
  driver.send('metrics.raw', 0, 'MetricBatch', rawBatch(series, { tenant: 'a' }), endMs);
}

async function openDriver(): Promise<TopologyDriver> {
  return await TopologyDriver.open({ recordsPerCall: 5, set: ['series.ttlMs=2h'] });
}

async function runWithCrashes(seed: number): Promise<TopologyDriver> {
  const random = randomFrom(seed);
  const driver = await openDriver();
  for (let record = 0; record < RECORDS; record++) {
    sendRecord(driver, record);
    if (random() < 0.3) await driver.run(Math.floor(random() * 12));
    if (random() < 0.3) await driver.takePart();
    if (random() < 0.06) await driver.checkpoint();
    if (random() < 0.06) driver.crash();
  }
  await driver.run();
  return driver;
}

/** The `series` topic as a reader of the compacted topic sees it: which ids have a definition. */
function liveIds(driver: TopologyDriver): string[] {
  const newest = new Map<string, boolean>();
  for (const { key, value } of driver.records('series'))
    newest.set(Buffer.from(key ?? '').toString('hex'), value !== null);
  return [...newest]
    .filter(([, live]) => live)
    .map(([id]) => id)
    .sort();
}

/** Series that enrich and detect hold, over their tasks. */
function held({ gauges }: TopologyDriver) {
  let [enrich, detect, stale] = [0, 0, 0];
  for (const [task, names] of Object.entries(gauges)) {
    for (const [name, value] of Object.entries(names)) {
      if (task.startsWith('enrich/') && name === 'series') enrich += value;
      if (task.startsWith('detect/') && name.startsWith('series{')) detect += value;
      if (task.startsWith('detect/') && name === 'series{state="stale"}') stale += value;
    }
  }
  return { enrich, detect, stale };
}

describe('series that fall silent', () => {
  let calm: TopologyDriver;
  beforeAll(async () => {
    calm = await openDriver();
    for (let record = 0; record < RECORDS; record++) sendRecord(calm, record);
    await calm.run();
  }, LIMIT_MS);

  it('are given up, each with a tombstone and a decision, and held no longer', () => {
    const tombstones = calm.records('series').filter(({ value }) => value === null);
    expect(tombstones).toHaveLength(8);
    expect(liveIds(calm)).toHaveLength(7);
    expect(held(calm)).toEqual({ enrich: 7, detect: 7, stale: 0 });
    for (const stage of ['enrich', 'detect'])
      expect(calm.counters[stage]?.series_evicted_total).toBe(8);
    const decided = calm
      .read('decisions', 'Decision')
      .filter(({ code }) => code === 'SERIES_STALE');
    expect(decided[0]).toMatchObject({ tenant: 'a', kind: 'CLOSE', outcome: 'evicted' });
  });

  it('come back as new ones', () => {
    expect(calm.counters.enrich?.series_registered_total).toBe(15);
    const { detect } = calm.counters;
    expect(detect?.['points_dropped_total{code="SERIES_UNDEFINED"}']).toBeUndefined();
    expect(detect?.points_out_total).toBe(calm.counters.validate?.points_in_total);
  });

  it.each([1, 2, 3, 4])(
    'are given up in the same way when the workers crash (seed %d)',
    async (seed) => {
      const driver = await runWithCrashes(seed);
      expect(liveIds(driver)).toEqual(liveIds(calm));
      expect(held(driver)).toEqual(held(calm));
      const definitions = (each: TopologyDriver) =>
        new Set(
          each.records('series').map(({ value }) => Buffer.from(value ?? '').toString('hex')),
        );
      expect(definitions(driver)).toEqual(definitions(calm));
    },
    LIMIT_MS,
  );
});
