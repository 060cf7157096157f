import { describe, expect, it } from 'vitest';
import { topology } from '../../pipelines/topology.ts';
import type { StageSpec } from '../../runtime/stage-spec.ts';
import { rawBatch } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

const START_MS = Date.UTC(2026, 0, 5);
const SERIES = 8;
const ROUNDS = 400;
/** One fault per series, large enough that no reading of it could be normal. */
const FAULT_ROUND = 300;

/** A fleet with one fault each: same values at every run, no randomness needed. */
async function watchFleet(stages: readonly StageSpec[]): Promise<TopologyDriver> {
  const driver = await TopologyDriver.open({ stages });
  for (let round = 0; round < ROUNDS; round += 10) {
    const at = (i: number) => START_MS + (round + i) * 60_000;
    const series = Array.from({ length: SERIES }, (_, s) => ({
      name: 'requests_per_second',
      labels: { host: `h${s}`, service: 'shop' },
      points: Array.from({ length: 10 }, (_, i) => [at(i), valueAt(s, round + i)] as const),
    }));
    driver.send('metrics.raw', 0, 'MetricBatch', rawBatch(series), at(10));
  }
  // Nothing comes after: the last point, and then the time that a notification waits for.
  const endMs = START_MS + ROUNDS * 60_000;
  driver.silence(endMs);
  driver.silence(endMs + 600_000);
  await driver.run();
  return driver;
}

function valueAt(series: number, round: number): number {
  const wave = 100 + 10 * Math.sin(round / 7 + series) + 3 * Math.sin(round * 2.3 + series);
  return round >= FAULT_ROUND && round < FAULT_ROUND + 5 ? wave + 300 : wave;
}

describe('the whole graph', () => {
  it('turns raw points into anomalies, alerts, an incident and a notification', async () => {
    const driver = await watchFleet(topology);
    const points = SERIES * ROUNDS;
    expect(driver.counters.validate).toMatchObject({
      points_in_total: points,
      points_out_total: points,
    });
    expect(driver.counters.enrich).toMatchObject({
      points_in_total: points,
      points_out_total: points,
    });
    expect(driver.counters.detect).toMatchObject({
      points_in_total: points,
      points_out_total: points,
    });
    expect(driver.records('series')).toHaveLength(SERIES);
    const opened = driver.read('anomalies', 'Anomaly').filter(({ phase }) => phase === 'OPEN');
    const faultMs = START_MS + FAULT_ROUND * 60_000;
    expect(
      opened
        .filter(({ startMs }) => startMs === faultMs)
        .map(({ labels }) => labels.host)
        .sort(),
    ).toEqual(Array.from({ length: SERIES }, (_, s) => `h${s}`));
    const incidents = driver.read('incidents', 'Incident');
    expect(
      incidents.some(({ state, alertIds }) => state === 'OPEN' && alertIds.length === SERIES),
    ).toBe(true);
    expect(driver.read('notifications', 'Notification').map(({ reason }) => reason)).toContain(
      'FIRST',
    );
    expect(driver.records('dead-letter')).toEqual([]);
  });

  it.each(topology.map(({ name }) => name))('tells nobody when %s is taken out', async (name) => {
    const driver = await watchFleet(topology.filter((stage) => stage.name !== name));
    expect(driver.read('notifications', 'Notification')).toEqual([]);
  });
});
