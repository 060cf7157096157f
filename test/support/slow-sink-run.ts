import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { loadConfig } from '../../pipelines/config.ts';
import { type RunningPipeline, runPipeline } from '../../pipelines/run.ts';
import { SINK_GROUP } from '../../pipelines/topology.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log.ts';
import { eventually } from '../integration/transport-load.ts';
import { makeFleet } from './fleet.ts';
import { readAnomalies, untilIdle } from './pipeline-reading.ts';
import { writeFleet } from './write-fleet.ts';

const PARTITIONS = 4;
const ROUNDS = 800;
const STEP_MS = 60_000;

/**
 * Gives a pipeline a receiver that takes nothing, and proves that every stage works off all there is meanwhile; then lets
 * the receiver go on, and proves that it gets all that was planned.
 *
 * The receiver is a file whose writes do not return until it is let go on.
 */
export async function proveSlowSink(folder: string, settings: readonly string[]): Promise<void> {
  const file = join(folder, 'vigie.yaml');
  writeFileSync(
    file,
    `route:
  maxNotificationsPerHour: 100000
  route: { groupWaitMs: 0, groupIntervalMs: 1000 }
  receivers: [{ name: slow, integration: file, path: lines, timeoutMs: 10m }]
validate: { maxAgeMs: 7d, historicalAfterMs: 7d }
`,
  );
  const set = [...settings, `topics.partitions=${PARTITIONS}`, 'runtime.threads=1'];
  const { options: config } = loadConfig({ cwd: folder, environment: {}, set, file });
  const gate = Promise.withResolvers<void>();
  let lines = 0;
  const append = async (): Promise<void> => {
    await gate.promise;
    lines += 1;
  };
  const outlets = { print: () => undefined, folder, append };
  const pipeline = await runPipeline(config, { log: createLog('warn'), outlets });
  try {
    await writeLive(pipeline);
    await untilIdle(pipeline);
    const { planned, settled } = await notifications(pipeline);
    expect((await readAnomalies(pipeline)).length).toBeGreaterThan(500);
    expect(planned).toBeGreaterThan(20);
    expect(settled).toBe(0);
    // It did begin, hangs in the first, and is the only one that lags.
    expect(await sinkLag(pipeline)).toBe(planned);
    gate.resolve();
    await eventually('the sink is through', async () => (await sinkLag(pipeline)) === 0, 120_000);
    const last = await notifications(pipeline);
    expect(last.settled).toBe(last.planned);
    expect(lines).toBe(last.sent);
  } finally {
    await pipeline.stop();
  }
}

/** A fleet up to now, and not marked as back-fill, so that its incidents are for people. */
async function writeLive(pipeline: RunningPipeline): Promise<void> {
  const made = makeFleet({
    seed: 9,
    series: 200,
    rounds: ROUNDS,
    stepMs: STEP_MS,
    faultEvery: 150,
  });
  const startMs = Math.floor(systemClock.nowMs() / 1000) * 1000 - ROUNDS * STEP_MS;
  const fleet = { ...made, startMs };
  const pointsPerRecord = (): number => 1000;
  await writeFleet({
    ...pipeline,
    fleet,
    partitions: PARTITIONS,
    pointsPerRecord,
    backfill: false,
  });
}

interface Told {
  readonly planned: number;
  /** Outcomes: sent, or dropped since they were too old by then. */
  readonly settled: number;
  readonly sent: number;
}

async function notifications({ transport, codec, prefix }: RunningPipeline): Promise<Told> {
  const topic = `${prefix}notifications`;
  const counts = { PLANNED: 0, SENT: 0, DROPPED: 0 };
  for (const { partition, low, high } of await transport.ranges(topic)) {
    if (low === high) continue;
    for await (const records of transport.read(topic, partition, low, { to: high })) {
      for (const { value } of records) {
        const { state } = codec.decode(value ?? new Uint8Array(0), ['Notification']).value;
        expect(Object.keys(counts)).toContain(state);
        counts[state as keyof typeof counts] += 1;
      }
    }
  }
  const { PLANNED: planned, SENT: sent, DROPPED: dropped } = counts;
  return { planned, settled: sent + dropped, sent };
}

/** Records of the sink’s group that are not committed. */
async function sinkLag({ transport, prefix }: RunningPipeline): Promise<number> {
  const topic = `${prefix}notifications`;
  const committed = await transport.committed(prefix + SINK_GROUP, topic);
  const ranges = await transport.ranges(topic);
  return ranges.reduce(
    (sum, { partition, low, high }) => sum + high - Math.max(low, committed.get(partition) ?? 0),
    0,
  );
}
