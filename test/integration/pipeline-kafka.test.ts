import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../pipelines/config.ts';
import { type RunningPipeline, runPipeline } from '../../pipelines/run.ts';
import { createLog } from '../../runtime/log.ts';
import { requireBroker, requireRegistry } from '../servers/require-server.ts';
import { type Broker, type Registry, startBroker, startRegistry } from '../servers/servers.ts';
import { makeFleet } from '../support/fleet.ts';
import { anomalyLines, untilIdle } from '../support/pipeline-reading.ts';
import { randomFrom } from '../support/random.ts';
import { writeFleet } from '../support/write-fleet.ts';

const what = 'the whole pipeline on a Kafka broker with a schema registry';
const possible = requireBroker(what) && requireRegistry(what);
const fleet = makeFleet({ seed: 7, series: 250, rounds: 700, stepMs: 60_000, faultEvery: 150 });

describe.runIf(possible)('the whole pipeline on Kafka', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-kafka-'));
  let broker: Broker;
  let registry: Registry;

  beforeAll(async () => {
    [broker, registry] = await Promise.all([startBroker(), startRegistry()]);
  });
  afterAll(async () => {
    await Promise.all([broker?.stop(), registry?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  function start(settings: readonly string[]): Promise<RunningPipeline> {
    const { options: config } = loadConfig({
      cwd: folder,
      environment: {},
      set: ['topics.partitions=4', 'runtime.threads=1', ...settings],
    });
    return runPipeline(config, { log: createLog('warn') });
  }

  /** Two workers share the partitions of one installation. */
  async function onKafka(
    prefix: string,
    pointsPerRecord: () => number,
    stretch: number,
  ): Promise<string[]> {
    const settings = [
      'transport.kind=kafka',
      `transport.kafka.brokers=${broker.brokers.join(',')}`,
      `schemaRegistry.url=${registry.url}`,
      `topics.prefix=${prefix}.`,
    ];
    const first = await start(settings);
    const second = await start(settings);
    try {
      await writeFleet({ ...first, fleet, partitions: 4, pointsPerRecord, stretch });
      await untilIdle(first);
      const shares = [first, second].map((worker) => pointsScored(worker));
      expect(shares[0]).toBeGreaterThan(0);
      expect(shares[1]).toBeGreaterThan(0);
      return await anomalyLines(first);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  }

  function pointsScored(worker: RunningPipeline): number {
    const detect = worker.figures().find(({ name }) => name === 'detect');
    return detect?.counters.points_out_total ?? 0;
  }

  it('gives the anomalies of the embedded transport, however points are cut', async () => {
    const embedded = await start([`transport.embedded.dir=${join(folder, 'log')}`]);
    await writeFleet({ ...embedded, fleet, partitions: 4, pointsPerRecord: () => 1000 });
    await untilIdle(embedded);
    const expected = await anomalyLines(embedded);
    await embedded.stop();
    expect(new Set(expected.map((line) => line.split(' ')[0])).size).toBeGreaterThanOrEqual(500);

    const random = randomFrom(3);
    const cuts = [() => 1000, () => 1 + Math.floor(random() ** 3 * 2000)];
    for (const [i, cut] of cuts.entries()) {
      const lines = new Set(await onKafka(`cut${i}`, cut, i === 0 ? fleet.rounds : 60));
      expect(expected.filter((line) => !lines.has(line)).slice(0, 5)).toEqual([]);
      expect(lines.size).toBe(expected.length);
    }
  });
});
