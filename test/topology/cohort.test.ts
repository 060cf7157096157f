import { describe, expect, it } from 'vitest';
import { gaussian, seededRandom } from '../../models/seeded-random.ts';
import { rawBatch, type TestSeries } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

const STEP_MS = 5000;
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 5);
/** Points of a series in a record: none is so old against its record that it counts as back-fill. */
const ROUNDS = 180;
const RAW_PARTITIONS = 2;
/** Series that grow up on the first day, enough in either task, in so many records of each. */
const SIBLINGS = 130;
const GROWN = 5;
/** New ones two days later, each of which falls when alone it would be too young for an episode. */
const NEWCOMERS = 6;
const BORROWED = 3;
/** They fall bit by bit, so that no leap tells it. */
const FALL_ROUND = 450;
const FALL_ROUNDS = 20;
const LIMIT_MS = 120_000;

/** A record of some hosts: a quarter of an hour of each. */
interface Sent {
  readonly day: number;
  readonly record: number;
  readonly hosts: readonly number[];
}

const siblings = Array.from({ length: SIBLINGS }, (_, host) => host);
const newcomers = Array.from({ length: NEWCOMERS }, (_, i) => SIBLINGS + i);
const values = new Map([...siblings, ...newcomers].map((host) => [host, valuesOf(host)]));

function valuesOf(host: number): number[] {
  const random = seededRandom(1000 + host);
  return Array.from({ length: GROWN * ROUNDS }, (_, round) => {
    const fallen = host < SIBLINGS ? 0 : Math.max(0, round - FALL_ROUND);
    return 50 + gaussian(random) - 2 * Math.min(FALL_ROUNDS, fallen);
  });
}

function send(driver: TopologyDriver, { day, record, hosts }: Sent): void {
  const startMs = START_MS + day * DAY_MS;
  const series: TestSeries[] = hosts.map((host) => ({
    name: 'requests',
    labels: { host: `h${host}` },
    points: Array.from({ length: ROUNDS }, (_, i) => {
      const round = record * ROUNDS + i;
      return [startMs + round * STEP_MS, values.get(host)?.[round] ?? 0] as const;
    }),
  }));
  const endMs = startMs + ((record + 1) * ROUNDS - 1) * STEP_MS;
  const partition = (hosts[0] ?? 0) % RAW_PARTITIONS;
  driver.send('metrics.raw', partition, 'MetricBatch', rawBatch(series, { tenant: 'a' }), endMs);
}

/** The hosts whose series one raw partition has. */
function hostsOf(hosts: readonly number[], partition: number): number[] {
  return hosts.filter((host) => host % RAW_PARTITIONS === partition);
}

/** Records in the order of time, all hosts of a partition in one. */
function* inOrder(): Generator<Sent> {
  for (const [day, records, hosts] of [
    [0, GROWN, siblings],
    [2, BORROWED, newcomers],
  ] as const) {
    for (let record = 0; record < records; record++) {
      for (let partition = 0; partition < RAW_PARTITIONS; partition++)
        yield { day, record, hosts: hostsOf(hosts, partition) };
    }
  }
}

/** One raw partition hours behind the other, first this way and then that, and a host or two in a record. */
function* inAnotherOrder(): Generator<Sent> {
  for (const [day, records, hosts, partitions] of [
    [0, GROWN, siblings, [0, 1]],
    [2, BORROWED, newcomers, [1, 0]],
  ] as const) {
    for (const partition of partitions) {
      const of = hostsOf(hosts, partition).reverse();
      for (let record = 0; record < records; record++) {
        for (let i = 0; i < of.length; i += 2) yield { day, record, hosts: of.slice(i, i + 2) };
      }
    }
  }
}

interface Outcome {
  /** Series that are live after the first records of the new hosts. */
  readonly live: number;
  readonly anomalies: readonly string[];
  /** Hosts of the episodes of series. */
  readonly hosts: readonly string[];
}

interface RunSetup {
  readonly order: Iterable<Sent>;
  readonly set?: readonly string[];
  /** Records after which all kernels are lost once. */
  readonly crashAfter?: number;
}

async function run({ order, set = [], crashAfter }: RunSetup): Promise<Outcome> {
  const driver = await TopologyDriver.open({
    set: [`topics.partitions=${RAW_PARTITIONS}`, 'eventTime.failoverTimeoutMs=1d', ...set],
  });
  let live = 0;
  let sent = 0;
  for (const each of order) {
    send(driver, each);
    sent += 1;
    if (sent % 5 === 0 || sent === crashAfter) await driver.run();
    if (sent === crashAfter) {
      await driver.checkpoint();
      driver.crash();
    }
    if (each.day !== 2 || each.record > 0) continue;
    await driver.run();
    const tasks = ['detect/0', 'detect/1'].map((task) => driver.gauges[task]);
    live = tasks.reduce((sum, gauges) => sum + (gauges?.['series{state="live"}'] ?? 0), 0);
  }
  driver.silence(START_MS + 3 * DAY_MS);
  await driver.run();
  const all = driver.read('anomalies', 'Anomaly');
  const hosts = all.flatMap(({ phase, labels }) => (phase === 'OPEN' ? [labels.host ?? ''] : []));
  return { live, anomalies: all.map(line).sort(), hosts };
}

function line(anomaly: object): string {
  return JSON.stringify(anomaly, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
}

const everyNewcomer = newcomers.map((host) => `h${host}`);

describe('new hosts two days after their siblings', () => {
  it(
    'are live early and watched early, unless told otherwise',
    async () => {
      const known = await run({ order: inOrder() });
      expect(known.live).toBe(NEWCOMERS);
      expect(known.hosts).toEqual(expect.arrayContaining(everyNewcomer));
      const alone = await run({ order: inOrder(), set: ['detect.cohorts=false'] });
      expect(alone.live).toBe(0);
      expect(alone.hosts).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'say the same whatever the order in which partitions are read, records are cut, and kernels lost',
    async () => {
      const expected = await run({ order: inOrder() });
      const records = [...inAnotherOrder()].length;
      for (const crashAfter of [200, records - NEWCOMERS]) {
        const { anomalies } = await run({ order: inAnotherOrder(), crashAfter });
        expect(anomalies).toEqual(expected.anomalies);
      }
    },
    LIMIT_MS,
  );
});
