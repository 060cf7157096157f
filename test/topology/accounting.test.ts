import { describe, expect, it, vi } from 'vitest';
import { topology } from '../../pipelines/topology.ts';
import type { MetricBatch } from '../../schemas/generated/metric-batch.ts';
import { deadLetters } from '../support/dead-letters.ts';
import { randomFrom } from '../support/random.ts';
import { rawBatch, type TestSeries } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

// Large records take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const NOW_MS = Date.UTC(2026, 0, 5);
const RECORDS = 400;

type Random = () => number;

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

const names = ['up', 'requests_total', 'load', 'no good', ''];
const values = [0, 1, -1, 5e-324, 1.7e308, -1.7e308, Number.NaN, Number.POSITIVE_INFINITY, 42];
const offsetsMs = [
  0,
  1000,
  -1000,
  60_000,
  -1_000_000,
  -10_000_000,
  10_000_000,
  0.5,
  -NOW_MS,
  2 ** 52,
];

function randomSeries(random: Random, clockMs: number): TestSeries {
  const count = Math.floor(random() ** 2 * 12);
  const labels: Record<string, string> = { host: `h${Math.floor(random() * 4)}` };
  if (random() < 0.1)
    labels[pick(random, ['a b', 'x', 'empty'])] = pick(random, ['', 'y'.repeat(3000), '1']);
  const usual = random() < 0.7;
  const points = Array.from({ length: count }, (_, i) => {
    const ms = usual ? clockMs + i * 1000 : clockMs + pick(random, offsetsMs);
    return [ms, usual ? 10 + random() : pick(random, values)] as const;
  });
  const kind = pick(random, ['GAUGE', 'COUNTER', 'UNKNOWN', 'BUCKET'] as const);
  return { name: random() < 0.85 ? 'load' : pick(random, names), labels, kind, points };
}

/** Whatever may be on a raw topic: good, half-bad, cut, with bytes changed, or no Avro at all. */
function randomRecord(driver: TopologyDriver, random: Random, clockMs: number): Uint8Array | null {
  const tenant = pick(random, ['a', 'b', 'c', 'stranger', '']);
  const over: Partial<MetricBatch> = { tenant, backfill: random() < 0.1 };
  const series = Array.from({ length: Math.floor(random() * 6) }, () =>
    randomSeries(random, clockMs),
  );
  const framed = driver.codec.encode('MetricBatch', rawBatch(series, over));
  const dice = random();
  if (dice < 0.6) return framed;
  if (dice < 0.7) {
    return driver.codec.encode('MetricPoint', {
      tenant,
      name: pick(random, names),
      labels: { host: 'h1' },
      timestamp: Math.round(clockMs + pick(random, offsetsMs)),
      value: pick(random, values),
      kind: 'GAUGE',
      unit: null,
      backfill: false,
    });
  }
  if (dice < 0.72) return null;
  if (dice < 0.78) return framed.subarray(0, Math.floor(random() * framed.length));
  const mutated = Buffer.from(framed);
  for (let i = 0; i < 1 + random() * 4; i++) {
    mutated[Math.floor(random() * mutated.length)] = Math.floor(random() * 256);
  }
  return mutated;
}

function sum(counters: Readonly<Record<string, number>> | undefined, prefix: string): number {
  let total = 0;
  for (const [name, value] of Object.entries(counters ?? {})) {
    if (name.startsWith(prefix)) total += value;
  }
  return total;
}

async function openDriver(seed: number): Promise<TopologyDriver> {
  const driver = await TopologyDriver.open({
    stages: topology.slice(0, 3),
    recordsPerCall: 1 + (seed % 17),
    set: ['enrich.maxSeriesPerTenant=40'],
  });
  for (const tenant of ['a', 'b', 'c']) {
    driver.send('catalog', 0, 'TenantDefinition', {
      tenant,
      title: null,
      maxSeries: 0,
      entityLabels: [],
      correlateBy: [],
      version: 1,
      effectiveFromMs: 0,
    });
  }
  return driver;
}

describe('what goes in comes out, is a dead letter, or is counted', () => {
  it.each(Array.from({ length: 10 }, (_, i) => i + 1))('with seed %d', async (seed) => {
    const random = randomFrom(seed);
    const driver = await openDriver(seed);
    for (let record = 0; record < RECORDS; record++) {
      const clockMs = NOW_MS + record * 5000;
      const value = randomRecord(driver, random, clockMs);
      driver.pipe('metrics.raw', Math.floor(random() * driver.partitions), {
        value,
        timestampMs: clockMs,
      });
    }
    await driver.run();

    for (const stage of ['validate', 'enrich', 'detect']) {
      const counters = driver.counters[stage];
      const accounted =
        sum(counters, 'points_out_total') +
        sum(counters, 'points_dead_lettered_total') +
        sum(counters, 'points_dropped_total');
      expect({ stage, points: sum(counters, 'points_in_total') }).toEqual({
        stage,
        points: accounted,
      });
    }
    const flow = (stage: string, name: string) => driver.counters[stage]?.[name] ?? 0;
    expect(flow('enrich', 'points_in_total')).toBe(flow('validate', 'points_out_total'));
    expect(flow('detect', 'points_in_total')).toBe(flow('enrich', 'points_out_total'));
    expect(flow('detect', 'points_out_total')).toBeGreaterThan(RECORDS / 4);
    // One pass and nothing sent twice: a repeat here would be a point lost.
    for (const stage of ['enrich', 'detect']) {
      expect(flow(stage, 'points_dropped_total{code="RECORD_REPEATED"}')).toBe(0);
    }

    expect(flow('validate', 'records_in_total')).toBe(RECORDS);
    expectRecordsAccounted(driver);
  });
});

/** Every raw record is in, whole or in part, or is in a dead letter with its place. */
function expectRecordsAccounted(driver: TopologyDriver): void {
  const placesIn = new Set<string>();
  for (const batch of driver.read('metrics.validated', 'SeriesBatch')) {
    const offsets = new Float64Array(Uint8Array.from(batch.runSourceOffsets).buffer);
    const partitions = new Uint32Array(Uint8Array.from(batch.runSourcePartitions).buffer);
    offsets.forEach((offset, i) => {
      placesIn.add(`${partitions[i]}/${offset}`);
    });
  }
  const letters = deadLetters(driver).filter(({ stage }) => stage === 'validate');
  const placesRefused = new Set(letters.map(({ partition, offset }) => `${partition}/${offset}`));
  const lost = driver
    .records('metrics.raw')
    .map(({ partition, offset }) => `${partition}/${offset}`)
    .filter((place) => !placesIn.has(place) && !placesRefused.has(place));
  expect(lost).toEqual([]);
  expect(placesIn.size).toBeGreaterThan(RECORDS / 4);
  expect(placesRefused.size).toBeGreaterThan(RECORDS / 10);
  for (const { partial, record, partition, offset } of letters) {
    if (partial) continue;
    const raw = driver.records('metrics.raw').find((each) => {
      return each.partition === partition && each.offset === offset;
    });
    expect(Buffer.from(record.value ?? 'null').equals(Buffer.from(raw?.value ?? 'null'))).toBe(
      true,
    );
  }
}
