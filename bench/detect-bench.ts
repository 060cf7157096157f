import { topology } from '../pipelines/topology.ts';
import { readAnomalies } from '../test/support/pipeline-reading.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchFigures, rounded } from './bench-result.ts';
import { cpuPerPoint, residentBytes, threadSeconds, threadsPerPoint } from './cpu-meter.ts';
import { type EnrichedLog, fillEnriched } from './enriched-log.ts';
import { PipelineRun } from './pipeline-run.ts';
import { recallOf } from './recall.ts';
import { openSite } from './site.ts';

/** Windows after a planted anomaly in which its episode may begin, in points. */
const GRACE_POINTS = 32;
const detectOnly = topology.filter(({ name }) => name === 'detect');

/**
 * Measures detect alone: enriched batches that stand on the topic → scores and anomalies, read to the end.
 *
 * The input is made by the stages before it, which have ended by then; so has the generator.
 */
export async function detectBench(options: BenchOptions): Promise<BenchFigures> {
  const site = await openSite(options);
  const run = await PipelineRun.open(site, options);
  try {
    const log = await fillEnriched(run);
    return await measureDetect(run, log);
  } finally {
    await run.close();
    await site.close();
  }
}

/** Runs detect over a filled log and measures from where the series are known. */
export async function measureDetect(run: PipelineRun, log: EnrichedLog): Promise<BenchFigures> {
  await run.startWorkers(detectOnly);
  await run.untilScored(log.warmPoints);
  const from = reading(run);
  await run.untilScored(log.points);
  const to = reading(run);
  const points = to.covered - from.covered;
  const seconds = (to.atMs - from.atMs) / 1000;
  const cpu = cpuPerPoint(from.cpu, to.cpu, points);
  const rssBytes = residentBytes();
  const { covered, counted, countedTotal } = run.counts();
  const anomalies = await readAnomalies(run.pipeline);
  return {
    pointsPerSecond: rounded(points / seconds),
    cpuNsPerPoint: cpu.total,
    cpuNsPerPointBy: cpu,
    cpuNsPerPointByThread: threadsPerPoint(from.threads, to.threads, points),
    cores: rounded((to.cpu.total - from.cpu.total) / seconds, 3),
    points,
    seconds: rounded(seconds),
    accounting: { scored: covered, counted, missing: log.points - covered - countedTotal },
    recall: recallOf(log.planted, anomalies, GRACE_POINTS * run.options.stepMs),
    rssMiB: Math.round(rssBytes / 2 ** 20),
  };
}

function reading(run: PipelineRun) {
  const { covered } = run.counts();
  return { atMs: performance.now(), cpu: run.meter.read(), threads: threadSeconds(), covered };
}
