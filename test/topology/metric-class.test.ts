import { expect, it } from 'vitest';
import { randomFrom } from '../support/random.ts';
import { rawBatch } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 5, 0, 30);
const ROUNDS = 10;
const RECORDS = 40;

/** Five series of whole numbers about 60, as counts of requests are. */
function sendRecord(driver: TopologyDriver, record: number): void {
  const points = (host: number) =>
    Array.from({ length: ROUNDS }, (_, i) => {
      const round = record * ROUNDS + i;
      return [
        START_MS + round * MINUTE_MS,
        50 + Math.floor(23 * randomFrom(1000 * host + round)()),
      ] as const;
    });
  const series = [0, 1, 2, 3, 4].map((host) => ({
    name: 'requests',
    labels: { host: `h${host}` },
    points: points(host),
  }));
  const endMs = START_MS + (record + 1) * ROUNDS * MINUTE_MS;
  driver.send('metrics.raw', 0, 'MetricBatch', rawBatch(series, { tenant: 'a' }), endMs);
}

async function run(crashes: boolean): Promise<object[]> {
  const driver = await TopologyDriver.open({ recordsPerCall: 5, set: [] });
  for (let record = 0; record < RECORDS; record++) {
    sendRecord(driver, record);
    if (!crashes) continue;
    await driver.run(7);
    if (record % 9 === 4) await driver.checkpoint();
    if (record % 11 === 7) driver.crash();
  }
  await driver.run();
  const byId = new Map<string, object>();
  for (const decision of driver.read('decisions', 'Decision')) {
    const { id, tenant, kind, code, outcome, count, examples } = decision;
    if (code !== 'CLASS_INFERRED') continue;
    byId.set(id, { id, tenant, kind, outcome, count, examples });
  }
  return [...byId.values()];
}

it('says on decisions which class series were found to be of, once, crashes or not', async () => {
  const calm = await run(false);
  const told = calm as { tenant: string; kind: string; outcome: string; count: number }[];
  expect(told.map(({ tenant, kind, outcome }) => [tenant, kind, outcome])).toEqual(
    told.map(() => ['a', 'MODEL', 'throughput']),
  );
  expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(5);
  expect(calm[0]).toMatchObject({ examples: expect.arrayContaining(['requests']) });
  expect(await run(true)).toEqual(calm);
}, 60_000);
