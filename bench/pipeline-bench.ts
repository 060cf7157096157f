import { setTimeout as sleep } from 'node:timers/promises';
import { readAnomalies } from '../test/support/pipeline-reading.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchFigures, rounded } from './bench-result.ts';
import {
  type CpuSeconds,
  cpuPerPoint,
  residentBytes,
  type ThreadSeconds,
  threadSeconds,
  threadsPerPoint,
} from './cpu-meter.ts';
import type { Planted } from './fleet-source.ts';
import { PipelineRun, type PointCounts } from './pipeline-run.ts';
import { recallOf } from './recall.ts';
import { openSite } from './site.ts';

/** Windows after a planted anomaly in which its episode may begin, in points. */
const GRACE_POINTS = 32;

const WINDOW_POINTS = 32;

interface Reading {
  readonly atMs: number;
  readonly cpu: CpuSeconds;
  readonly threads: ThreadSeconds;
  readonly counts: PointCounts;
}

/**
 * Measures raw points → five stages → notifications, everything on this machine.
 *
 * A point counts when every member’s score covers it and that score is acknowledged. After the measured time the load
 * ends, all stages run dry, and what was sent is held against what was scored and what was counted as dropped.
 */
export async function pipelineBench(options: BenchOptions): Promise<BenchFigures> {
  const site = await openSite(options);
  const run = await PipelineRun.open(site, options);
  try {
    return options.preloaded ? await preloaded(run) : await flowing(run);
  } finally {
    await run.close();
    await site.close();
  }
}

async function flowing(run: PipelineRun): Promise<BenchFigures> {
  const { warmupSeconds, seconds, series, pointsPerSeries } = run.options;
  await run.startWorkers();
  await run.generator.history();
  await run.untilScored(run.generator.points);
  run.countSent();
  // A series is known, and its windows close, only after so many points: until then it costs another amount.
  await run.flow(
    warmupSeconds,
    run.generator.points + series * Math.max(WINDOW_POINTS, pointsPerSeries),
  );
  const from = read(run);
  await run.flow(seconds);
  const to = read(run);
  const planted = await run.generator.halt();
  return await figures(run, from, to, planted);
}

/** Points per second that a preloaded input is made for: by records of one point each, of one per series, of many. */
const PRELOAD_RATE = { single: 250_000, one: 500_000, many: 1_400_000 } as const;

/** The generator has ended before the pipeline starts; measured is from where all series are known to the last point. */
async function preloaded(run: PipelineRun): Promise<BenchFigures> {
  const { series, pointsPerSeries, seconds, single } = run.options;
  const many = pointsPerSeries > 1 ? 'many' : 'one';
  const rate = PRELOAD_RATE[single ? 'single' : many];
  await run.generator.history();
  const history = run.generator.points;
  const round = series * pointsPerSeries;
  const points = history + round * Math.max(2, Math.round((seconds * rate) / round));
  run.generator.grant(points - history);
  // Told to halt, it would leave off at once.
  while (run.generator.points < points) await sleep(20);
  const planted = await run.generator.halt();
  await run.startWorkers();
  const warm = history + series * Math.max(WINDOW_POINTS, pointsPerSeries);
  await run.untilScored(Math.min(warm, points / 2));
  const from = read(run);
  await run.untilScored(points);
  return await figures(run, from, read(run), planted);
}

function read(run: PipelineRun): Reading {
  return {
    atMs: performance.now(),
    cpu: run.meter.read(),
    threads: threadSeconds(),
    counts: run.counts(),
  };
}

async function figures(
  run: PipelineRun,
  from: Reading,
  to: Reading,
  planted: readonly Planted[],
): Promise<BenchFigures> {
  const points = to.counts.covered - from.counts.covered;
  const seconds = (to.atMs - from.atMs) / 1000;
  const cpu = cpuPerPoint(from.cpu, to.cpu, points);
  const rssBytes = residentBytes();
  await run.settle();
  const anomalies = await readAnomalies(run.pipeline);
  const cores = (to.cpu.total - from.cpu.total) / seconds;
  return {
    pointsPerSecond: rounded(points / seconds),
    cpuNsPerPoint: cpu.total,
    cpuNsPerPointBy: cpu,
    cpuNsPerPointByThread: threadsPerPoint(from.threads, to.threads, points),
    cores: rounded(cores, 3),
    points,
    seconds: rounded(seconds),
    accounting: accounting(run),
    recall: recallOf(planted, anomalies, GRACE_POINTS * run.options.stepMs),
    notifications: await recordsOn(run, 'notifications'),
    rssMiB: Math.round(rssBytes / 2 ** 20),
  };
}

function accounting(run: PipelineRun) {
  const { points: sent, records } = run.generator;
  const { covered: scored, counted, countedTotal } = run.counts();
  return { sent, records, scored, counted, missing: sent - scored - countedTotal };
}

async function recordsOn({ pipeline }: PipelineRun, topic: string): Promise<number> {
  const ranges = await pipeline.transport.ranges(pipeline.prefix + topic);
  return ranges.reduce((sum, { low, high }) => sum + high - low, 0);
}
