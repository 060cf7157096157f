import { expect, it } from 'vitest';
import { randomFrom } from '../support/random.ts';
import { rawBatch } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 5);
const ROUNDS = 30;
const SIBLINGS = 52;
/** Records until the siblings are live, and until a new series is live with and without them. */
const GROWN = 9;
const BORROWED = 3;
const LIMIT_MS = 60_000;

/** Half an hour of some hosts. */
function sendRecord(driver: TopologyDriver, record: number, hosts: readonly number[]): void {
  const series = hosts.map((host) => ({
    name: 'requests',
    labels: { host: `h${host}` },
    points: Array.from({ length: ROUNDS }, (_, i) => {
      const round = record * ROUNDS + i;
      const value = 50 + Math.floor(23 * randomFrom(1000 * host + round)());
      return [START_MS + round * MINUTE_MS, value] as const;
    }),
  }));
  const endMs = START_MS + (record + 1) * ROUNDS * MINUTE_MS;
  driver.send('metrics.raw', 0, 'MetricBatch', rawBatch(series, { tenant: 'a' }), endMs);
}

/** Series that are live: after the siblings have grown up, and after a new one had 90 points. */
async function live(set: readonly string[], crashes: boolean): Promise<[number, number]> {
  const driver = await TopologyDriver.open({ set: ['topics.partitions=1', ...set] });
  const hosts = Array.from({ length: SIBLINGS }, (_, host) => host);
  const liveNow = () => driver.gauges['detect/0']?.['series{state="live"}'] ?? 0;
  for (let record = 0; record < GROWN; record++) sendRecord(driver, record, hosts);
  await driver.run();
  const grown = liveNow();
  if (crashes) {
    await driver.checkpoint();
    driver.crash();
  }
  for (let record = GROWN; record < GROWN + BORROWED; record++)
    sendRecord(driver, record, [...hosts, SIBLINGS]);
  await driver.run();
  return [grown, liveNow()];
}

it.each([false, true])(
  'has a new host live early by its siblings, if told to (crash: %s)',
  async (crashes) => {
    expect(await live(['detect.cohorts=true'], crashes)).toEqual([SIBLINGS, SIBLINGS + 1]);
    expect(await live([], crashes)).toEqual([SIBLINGS, SIBLINGS]);
  },
  LIMIT_MS,
);
