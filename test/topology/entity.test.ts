import { beforeAll, describe, expect, it } from 'vitest';
import type { Anomaly } from '../../schemas/generated/anomaly.ts';
import { randomFrom } from '../support/random.ts';
import { rawBatch } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 5);
const ROUNDS = 400;
const ROUNDS_PER_RECORD = 4;
const FAULT = { host: 'h1', from: 350, to: 356 };
const DISKS = ['sda', 'sdb'];

/** Level of a metric: noise, and for a few minutes on one host fifty deviations off. */
function levelAt(host: string, metric: number, round: number): number {
  const random = randomFrom(1_000_000 * metric + 10_000 * Number(host.slice(1)) + round);
  const noise = random() + random() + random() + random() - 2;
  const isFaulty = host === FAULT.host && round >= FAULT.from && round < FAULT.to;
  return 100 + 3 * noise + (isFaulty ? (metric % 2 === 0 ? 90 : -90) : 0);
}

function sendRecord(driver: TopologyDriver, record: number): void {
  const rounds = Array.from(
    { length: ROUNDS_PER_RECORD },
    (_, i) => record * ROUNDS_PER_RECORD + i,
  );
  const points = (host: string, metric: number) =>
    rounds.map((round) => [START_MS + round * MINUTE_MS, levelAt(host, metric, round)] as const);
  const series = ['h1', 'h2'].flatMap((host) => [
    { name: 'load', labels: { host, service: 'shop' }, points: points(host, 0) },
    { name: 'memory', labels: { host, service: 'shop' }, points: points(host, 1) },
    ...DISKS.map((disk, d) => {
      return {
        name: 'disk_io',
        labels: { host, service: 'shop', disk },
        points: points(host, 2 + d),
      };
    }),
  ]);
  const lone = { name: 'lone', labels: {}, points: points('h1', 9) };
  const endMs = START_MS + (record + 1) * ROUNDS_PER_RECORD * MINUTE_MS;
  driver.send('metrics.raw', 0, 'MetricBatch', rawBatch([...series, lone], { tenant: 'a' }), endMs);
}

interface Setup {
  readonly recordsPerCall: number;
  readonly crashes?: boolean;
  readonly set?: readonly string[];
}

async function run(setup: Setup): Promise<TopologyDriver> {
  const driver = await TopologyDriver.open(setup);
  driver.silence(START_MS, [1, 2, 3]);
  for (let record = 0; record < ROUNDS / ROUNDS_PER_RECORD; record++) {
    sendRecord(driver, record);
    if (setup.crashes !== true) continue;
    await driver.run(40);
    // Two checkpoints within the episode, each followed by a crash.
    if (record % 4 === 0 || record === 87) await driver.checkpoint();
    if (record % 4 === 1 || record === 88) driver.crash();
  }
  const endMs = START_MS + ROUNDS * MINUTE_MS;
  driver.silence(endMs);
  driver.silence(endMs + 10 * MINUTE_MS);
  await driver.run();
  return driver;
}

function entities(driver: TopologyDriver): Anomaly[] {
  return driver.read('anomalies', 'Anomaly').filter(({ kind }) => kind === 'ENTITY');
}

/** What the task of the host told, every revision once, as a reader that knows repeats sees it. */
function told(driver: TopologyDriver): string[] {
  const texts = driver
    .read('anomalies', 'Anomaly')
    .filter(({ labels }) => labels.host === FAULT.host)
    .map(({ kind, metric, phase, revision, lastMs, score, features }) => {
      const weighed = features.map(({ name, contribution }) => `${name} ${contribution}`);
      return `${kind} ${metric} ${phase} ${revision} ${lastMs} ${score} ${weighed}`;
    });
  return [...new Set(texts)].sort();
}

describe('what the series of a host say together', () => {
  let driver: TopologyDriver;
  beforeAll(async () => {
    driver = await run({ recordsPerCall: 64 });
  });

  it('opens one episode of the host, names the series that took part, and closes it', () => {
    const [opened, ...others] = entities(driver);
    expect(new Set(entities(driver).map(({ id }) => Buffer.from(id).toString('hex'))).size).toBe(1);
    expect(opened).toMatchObject({
      phase: 'OPEN',
      tenant: 'a',
      metric: 'entity',
      labels: { host: FAULT.host },
      service: 'shop',
      seriesId: null,
      startMs: START_MS + FAULT.from * MINUTE_MS,
      value: 4,
      historical: false,
    });
    expect(opened?.features.map(({ name }) => name).sort()).toEqual([
      'disk_io{disk="sda",service="shop"}',
      'disk_io{disk="sdb",service="shop"}',
      'load{service="shop"}',
      'memory{service="shop"}',
    ]);
    const shares = opened?.features.map(({ contribution }) => contribution) ?? [];
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(shares).toEqual(shares.toSorted((a, b) => b - a));
    expect(others.at(-1)?.phase).toBe('CLOSE');
  });

  it('becomes an alert of the host, in the incident of its series', () => {
    const alerts = driver.read('alerts', 'Alert').filter(({ labels }) => labels.service === 'shop');
    const ofHost = alerts.filter(({ name }) => name === 'EntityAnomaly');
    expect(ofHost[0]?.labels).toMatchObject({ host: FAULT.host, service: 'shop', tenant: 'a' });
    const incidents = new Set(
      alerts.flatMap(({ incidentId }) =>
        incidentId === null ? [] : [Buffer.from(incidentId).toString('hex')],
      ),
    );
    expect(incidents.size).toBe(1);
    expect(ofHost.at(-1)?.incidentId).not.toBeNull();
  });

  it('says the same however the log was cut into calls', async () => {
    expect(told(await run({ recordsPerCall: 1 }))).toEqual(told(driver));
    expect(told(await run({ recordsPerCall: 7 }))).toEqual(told(driver));
  });

  it('says the same when the worker crashes', async () => {
    expect(told(await run({ recordsPerCall: 5, crashes: true }))).toEqual(told(driver));
  });

  it('says nothing when it is switched off', async () => {
    const off = await run({ recordsPerCall: 64, set: ['detect.entities=false'] });
    expect(entities(off)).toEqual([]);
    expect(off.read('anomalies', 'Anomaly').length).toBeGreaterThan(0);
  });
});
