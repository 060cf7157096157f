import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../pipelines/config.ts';
import { type RunningPipeline, runPipeline } from '../../pipelines/run.ts';
import { createLog } from '../../runtime/log.ts';
import { requireBroker, requireRegistry } from '../servers/require-server.ts';
import { type Broker, type Registry, startBroker, startRegistry } from '../servers/servers.ts';
import { type Cut, difference, FIXED_CUTS, randomCut, seedsAndThreads } from '../support/cuts.ts';
import { makeFleet } from '../support/fleet.ts';
import { anomalyLines, untilIdle } from '../support/pipeline-reading.ts';
import { writeFleet } from '../support/write-fleet.ts';
import { eventually } from './transport-load.ts';

const what = 'the whole pipeline on a Kafka broker with a schema registry';
const possible = requireBroker(what) && requireRegistry(what);
/** Random cuts to try; `VIGIE_SEEDS=20` for the full set, three to six seconds each. */
const seeds = Number(process.env.VIGIE_SEEDS ?? 3);
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
      set: ['topics.partitions=4', ...settings],
    });
    return runPipeline(config, { log: createLog('warn') });
  }

  /** Two workers share the partitions of one installation. */
  async function onKafka(prefix: string, threads: number, cut: Cut): Promise<string[]> {
    const settings = [
      'transport.kind=kafka',
      `transport.kafka.brokers=${broker.brokers.join(',')}`,
      `schemaRegistry.url=${registry.url}`,
      `topics.prefix=${prefix}.`,
      `runtime.threads=${threads}`,
    ];
    const first = await start(settings);
    const second = await start(settings);
    try {
      // A worker that is slow to start would find nothing left to do.
      const haveShares = (): boolean => [first, second].every((each) => detecting(each) === 2);
      await eventually('both workers have their share', haveShares);
      await writeFleet({ ...first, ...cut, fleet, partitions: 4 });
      await untilIdle(first);
      const shares = [first, second].map((worker) => pointsScored(worker));
      expect(shares[0]).toBeGreaterThan(0);
      expect(shares[1]).toBeGreaterThan(0);
      return await anomalyLines(first);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  }

  /** Partitions that a worker’s detect runs. */
  function detecting({ metrics }: RunningPipeline): number {
    const detect = metrics.stages.find(({ meter }) => meter.stage === 'detect');
    return detect?.meter.partitions('running') ?? 0;
  }

  function pointsScored(worker: RunningPipeline): number {
    const detect = worker.figures().find(({ name }) => name === 'detect');
    return detect?.counters.points_out_total ?? 0;
  }

  async function onEmbedded(): Promise<string[]> {
    const embedded = await start([`transport.embedded.dir=${join(folder, 'log')}`]);
    await writeFleet({ ...embedded, fleet, partitions: 4, pointsPerRecord: () => 1000 });
    await untilIdle(embedded);
    const lines = await anomalyLines(embedded);
    await embedded.stop();
    return lines;
  }

  let expected: readonly string[];
  beforeAll(async () => {
    expected = await onEmbedded();
  });

  it('has enough anomalies to tell', () => {
    expect(new Set(expected.map((line) => line.split(' ')[0])).size).toBeGreaterThanOrEqual(500);
  });

  it.each(FIXED_CUTS)(
    'gives the anomalies of the embedded transport: %i points a record, %i threads',
    async (points, threads) => {
      const cut = { pointsPerRecord: () => points };
      const lines = await onKafka(`points${points}x${threads}`, threads, cut);
      expect(difference(lines, expected)).toEqual([]);
    },
  );

  it.each(seedsAndThreads(seeds))(
    'gives the anomalies of the embedded transport: random cuts of seed %i, %i threads',
    async (seed, threads) => {
      const lines = await onKafka(`seed${seed}`, threads, randomCut(seed));
      expect(difference(lines, expected)).toEqual([]);
    },
  );
});
