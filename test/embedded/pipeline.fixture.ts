import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../pipelines/config.ts';
import { RawWriter } from '../../pipelines/producers/raw-writer.ts';
import { runPipeline } from '../../pipelines/run.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log.ts';
import { makeFleet } from '../support/fleet.ts';
import { untilIdle } from '../support/pipeline-reading.ts';
import { CRASH_FLEET, crashSettings } from './crash-fleet.ts';

// A whole worker with a producer in it, to be killed: `node pipeline.fixture.ts <folder> <first round>`.
// Says `round <n>` when a round’s points are acknowledged, and `idle` when everything written has gone through.

const [folder = '', first = '0'] = process.argv.slice(2);
const { options: config } = loadConfig({
  cwd: folder,
  environment: {},
  set: crashSettings(folder),
});
const pipeline = await runPipeline(config, { log: createLog('error') });
pipeline.failed.catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
const fleet = makeFleet(CRASH_FLEET);
const writer = new RawWriter({
  transport: pipeline.transport,
  codec: pipeline.codec,
  clock: systemClock,
  topic: `${pipeline.prefix}metrics.raw`,
  partitions: config.topics.partitions,
  tenant: 'default',
  producer: 'fleet',
  backfill: true,
  maxPointsPerRecord: 500,
});
const series = fleet.series.map(({ name, labels }) => ({ name, labels, kind: 'GAUGE' as const }));
for (let round = Number(first); round < fleet.rounds; round++) {
  const timestampMs = fleet.startMs + round * fleet.stepMs;
  await writer.write(
    series.map((each, s) => ({
      series: each,
      timestampMs,
      value: fleet.series[s]?.values[round] ?? 0,
    })),
  );
  await writer.flush();
  process.stdout.write(`round ${round}\n`);
  // A producer’s pace, so that the kills fall into the run and not behind it.
  await sleep(4);
}
await untilIdle(pipeline);
process.stdout.write('idle\n');
await pipeline.stop();
