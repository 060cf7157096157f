import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../pipelines/config.ts';
import { runPipeline } from '../../pipelines/run.ts';
import { createLog } from '../../runtime/log.ts';
import { type Cut, difference, FIXED_CUTS, randomCut, seedsAndThreads } from '../support/cuts.ts';
import { makeFleet } from '../support/fleet.ts';
import { anomalyLines, untilIdle } from '../support/pipeline-reading.ts';
import { writeFleet } from '../support/write-fleet.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigie-batching-'));
const fleet = makeFleet({ seed: 7, series: 250, rounds: 700, stepMs: 60_000, faultEvery: 150 });
let runs = 0;

/** Runs the whole pipeline over the fleet, cut in one way, and gives its anomalies. */
async function anomaliesOf(threads: number, cut: Cut): Promise<string[]> {
  runs += 1;
  const log = join(folder, String(runs));
  const { options: config } = loadConfig({
    cwd: folder,
    environment: {},
    set: [
      `transport.embedded.dir=${log}`,
      'transport.embedded.durability=normal',
      `runtime.threads=${threads}`,
    ],
  });
  const pipeline = await runPipeline(config, { log: createLog('error') });
  await writeFleet({ ...pipeline, ...cut, fleet, partitions: config.topics.partitions });
  await untilIdle(pipeline);
  const lines = await anomalyLines(pipeline);
  await pipeline.stop();
  rmSync(log, { recursive: true });
  return lines;
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('how points are cut into records and spread over threads', () => {
  const expected = anomaliesOf(1, { pointsPerRecord: () => 1000 });

  it('gives enough anomalies to tell', async () => {
    const ids = new Set((await expected).map((line) => line.split(' ')[0]));
    expect(ids.size).toBeGreaterThanOrEqual(500);
  });

  it.each(FIXED_CUTS)(
    'does not matter: %i points a record, %i threads',
    async (points, threads) => {
      const lines = await anomaliesOf(threads, { pointsPerRecord: () => points });
      expect(difference(lines, await expected)).toEqual([]);
    },
  );

  it.each(seedsAndThreads(20))(
    'does not matter: random cuts of seed %i, %i threads',
    async (seed, threads) => {
      expect(difference(await anomaliesOf(threads, randomCut(seed)), await expected)).toEqual([]);
    },
  );
});
