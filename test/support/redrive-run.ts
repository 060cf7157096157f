import { expect } from 'vitest';
import { runCommandLine } from '../../cli/recording-terminal.fixture.ts';
import { loadConfig } from '../../pipelines/config.ts';
import { openTransport } from '../../pipelines/open-transport.ts';
import { type RunningPipeline, runPipeline } from '../../pipelines/run.ts';
import { topology } from '../../pipelines/topology.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log.ts';
import { Codec } from '../../schemas/codec.ts';
import { FileRegistry } from '../../schemas/file-registry.ts';
import { registerRecords } from '../../schemas/registry.ts';
import { topicSpecs } from '../../schemas/topics.ts';
import { enrichedPoints } from './enriched-points.ts';
import { type PipelineTopics, untilIdle } from './pipeline-reading.ts';
import { rawBatch } from './raw-batch.ts';

const ROUNDS = 40;
const HOSTS = 8;
const PARTITIONS = 4;
/** Series with one label pass from the start; those with three once the limit is raised. */
const STRICT = 'validate.maxLabelNamesPerSeries=2';

/**
 * Refuses a part of every batch, mends the cause, redrives the dead letters three times over restarts, and proves that
 * each point is on `metrics.validated` and `metrics.enriched` exactly once.
 *
 * @param settings of an installation of its own: transport, prefix.
 */
export async function proveRedrive(cwd: string, settings: readonly string[]): Promise<void> {
  const set = [...settings, `topics.partitions=${PARTITIONS}`, 'runtime.threads=1'];
  await withTopics(cwd, set, writeBatches);
  expect(await validated(cwd, [...set, STRICT])).toBe(ROUNDS * HOSTS);
  const redrive = async (...more: string[]) => {
    const args = ['--code', 'LABELS_TOO_MANY', ...more, ...set.flatMap((each) => ['--set', each])];
    const { code, err } = await runCommandLine(['dead-letter', 'redrive', ...args], { cwd });
    expect([code, err]).toEqual([0, err]);
    return err;
  };
  const all = ROUNDS * PARTITIONS;
  expect(await redrive('--dry-run')).toContain(`${all} records would be sent again`);
  // Nothing is mended yet: all of them come back as dead letters, of two attempts.
  await redrive();
  expect(await validated(cwd, [...set, STRICT])).toBe(0);
  // Old letters and new ones, twice: the old are spent, the new taken in once.
  await redrive();
  await redrive();
  expect(await validated(cwd, set)).toBe(ROUNDS * HOSTS);
  await redrive();
  expect(await validated(cwd, set)).toBe(0);
  await withTopics(cwd, set, async (topics) => {
    for (const name of ['metrics.validated', 'metrics.enriched'] as const) {
      const { times, repeated } = await enrichedPoints(topics, name);
      expect([name, repeated, times.size]).toEqual([name, 0, 2 * HOSTS]);
      for (const each of times.values()) expect(each.size).toBe(ROUNDS);
    }
  });
}

/** Runs the first two stages until nothing is left; returns how many points validate passed on. */
async function validated(cwd: string, set: readonly string[]): Promise<number> {
  const { options: config } = loadConfig({ cwd, environment: {}, set });
  const pipeline: RunningPipeline = await runPipeline(config, {
    log: createLog('warn'),
    stages: topology.slice(0, 2),
  });
  await untilIdle(pipeline, 2);
  const [validate] = pipeline.figures();
  await pipeline.stop();
  return validate?.counters.points_out_total ?? 0;
}

async function writeBatches({ transport, codec, prefix }: PipelineTopics): Promise<void> {
  const startMs = systemClock.nowMs() - ROUNDS * 1000;
  for (let round = 0; round < ROUNDS; round++) {
    const points = [[startMs + round * 1000, round] as const];
    const records = Array.from({ length: PARTITIONS }, (_, partition) => {
      const hosts = [partition, partition + PARTITIONS].map((host) => `h${host}`);
      const series = hosts.flatMap((host) => [
        { name: 'up', labels: { host }, points },
        { name: 'up', labels: { host, disk: 'a', mount: 'b' }, points },
      ]);
      return {
        topic: `${prefix}metrics.raw`,
        partition,
        key: null,
        value: codec.encode('MetricBatch', rawBatch(series)),
        headers: {},
        timestampMs: systemClock.nowMs(),
      };
    });
    await transport.write('batches', records);
  }
}

async function withTopics(
  cwd: string,
  set: readonly string[],
  use: (topics: PipelineTopics) => Promise<void>,
): Promise<void> {
  const { options: config } = loadConfig({ cwd, environment: {}, set });
  const transport = await openTransport(config, createLog('error'));
  try {
    await transport.ensureTopics(topicSpecs(config.topics));
    const codec = new Codec(await registerRecords(new FileRegistry()));
    await use({ transport, codec, prefix: config.topics.prefix });
  } finally {
    await transport.close();
  }
}
