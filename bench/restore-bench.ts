import { setTimeout as sleep } from 'node:timers/promises';
import { topology } from '../pipelines/topology.ts';
import { stateTopic } from '../runtime/stage-spec.ts';
import { untilIdle } from '../test/support/pipeline-reading.ts';
import { parseScrape, sumSamples } from '../test/support/scrape.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchFigures, rounded } from './bench-result.ts';
import { residentBytes, type ThreadSeconds, threadSeconds } from './cpu-meter.ts';
import { PipelineRun } from './pipeline-run.ts';
import { openSite } from './site.ts';

/** Stages before detect. */
const BEFORE_DETECT = 2;
const detectOnly = topology.filter(({ name }) => name === 'detect');

/**
 * Measures how fast detect gets its series back from its state topic, through the whole runtime: from the start of a worker
 * without any state to its first scored point.
 *
 * All series get points by the product’s own stages, and detect is stopped, which saves them. A further round of points then
 * comes to its input, so that a worker that starts anew has a point to score as soon as it has read its state. In the end
 * every point of that round must be scored; `seriesHeld` is as many as detect counts then.
 */
export async function restoreBench(options: BenchOptions): Promise<BenchFigures> {
  const site = await openSite(options);
  const run = await PipelineRun.open(site, { ...options, planted: 0 }, { pilots: 0 });
  const round = options.series * options.pointsPerSeries;
  try {
    await fill(run, round);
    await run.startWorkers(detectOnly);
    await run.untilScored(round);
    const saving = performance.now();
    await run.stopWorker();
    const savedMs = performance.now() - saving;
    const sizes = await stateSizes(run);
    await fill(run, round);
    collect();
    const restored = await restore(run, options.series);
    await run.untilScored(round);
    const { counted } = run.counts();
    const gauges = run.pipeline.figures().find(({ name }) => name === 'detect')?.gauges ?? {};
    return {
      ...restored,
      saveSeconds: rounded(savedMs / 1000, 3),
      ...sizes,
      seriesHeld: Object.values(gauges).reduce((sum, count) => sum + count, 0),
      counted,
    };
  } finally {
    await run.generator.halt();
    await run.close();
    await site.close();
  }
}

/** Brings further points of all series to detect’s input. */
async function fill(run: PipelineRun, points: number): Promise<void> {
  await run.startWorkers(topology.slice(0, BEFORE_DETECT));
  const until = run.generator.points + points;
  run.grant(points);
  while (run.generator.points < until) await Promise.race([sleep(50), run.pipeline.failed]);
  await untilIdle(run.pipeline, BEFORE_DETECT);
  await run.stopWorker();
}

async function restore(run: PipelineRun, series: number) {
  const startMs = performance.now();
  const [cpu, threads] = [process.cpuUsage(), threadSeconds()];
  await run.startWorkers(detectOnly);
  const { metrics } = run.pipeline;
  while (metrics.ready().status !== 'ok') await Promise.race([sleep(2), run.pipeline.failed]);
  const readyMs = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  await run.untilScored(1);
  const scoredMs = performance.now();
  const restoring = await restoreSeconds(run);
  return {
    ...restoring,
    readySeconds: rounded((readyMs - startMs) / 1000, 3),
    firstScoreSeconds: rounded((scoredMs - startMs) / 1000, 3),
    cpuSeconds: rounded((user + system) / 1e6, 3),
    cpuSecondsByThread: spent(threads, threadSeconds()),
    seriesRestoredPerSecond: rounded((series * 1000) / (readyMs - startMs)),
    seriesToFirstScorePerSecond: rounded((series * 1000) / (scoredMs - startMs)),
    seriesRestoredPerCpuSecond: rounded((series * 1e6) / (user + system)),
    rssMiB: Math.round(residentBytes() / 2 ** 20),
  };
}

/** What the tasks took to open their kernels and read their state, and what of it their kernels worked, added up over tasks. */
async function restoreSeconds({ pipeline }: PipelineRun) {
  const samples = parseScrape(await pipeline.metrics.metrics.text());
  const of = (metric: string, ...labels: string[]): number =>
    rounded(
      sumSamples(samples, `monitoring_${metric}_seconds_sum`, 'stage="detect"', ...labels),
      3,
    );
  return {
    restoreSeconds: of('restore_duration'),
    kernelSeconds: of('kernel_call_duration', 'op="restore"'),
  };
}

/** What stands on the state topic, stamps and former versions included. */
async function stateSizes({ transport, site }: PipelineRun) {
  const topic = site.config.topics.prefix + stateTopic('detect');
  let [stateRecords, stateBytes] = [0, 0];
  for (const { partition, low, high } of await transport.ranges(topic)) {
    for await (const records of transport.read(topic, partition, low, { to: high })) {
      stateRecords += records.length;
      for (const { key, value } of records) stateBytes += (key?.length ?? 0) + (value?.length ?? 0);
    }
  }
  return { stateRecords, stateBytes };
}

function spent(from: ThreadSeconds, to: ThreadSeconds): ThreadSeconds {
  const kinds = Object.keys(from) as (keyof ThreadSeconds)[];
  const pairs = kinds.map((kind) => [kind, rounded(to[kind] - from[kind], 3)] as const);
  return Object.fromEntries(pairs) as Record<keyof ThreadSeconds, number>;
}

/** Lets the collector run where the process allows it, so that garbage of the filling is not collected in what is measured. */
function collect(): void {
  (globalThis as { gc?: () => void }).gc?.();
}
