import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { BenchOptions } from './bench-options.ts';
import { type BenchFigures, rounded } from './bench-result.ts';
import { cpuPerPoint, residentBytes } from './cpu-meter.ts';
import { PipelineRun } from './pipeline-run.ts';
import { openSite } from './site.ts';

/** Points on their way at a time: what waits on a topic is not measured, and must not fill the disk. */
const MOST_UNDER_WAY = 4_000_000;
/** Points by which a rate is told, in rounds of a point or more of every series. */
const LEAST_UPDATES = 4_000_000;
/** Series that the product’s settings are made for: of a tenant, and remembered by validate in a partition. */
const TENANT_SERIES = 10_000_000;
const RECENT_SERIES = 6_000_000;

/**
 * Measures the memory of a worker with all five stages by the number of series it holds, and how fast they come back.
 *
 * Every series is written and then updated; memory is the process’ as the system counts it, less that of a worker without
 * series and less what the embedded log keeps in memory. Then the worker is stopped, which saves all state, and a new one
 * reads it back: it must hold as many series and register none of them anew when the next points of all of them come,
 * although validate, which forgets, defines each once more; and none may be cold, which says that rows went on counting.
 */
export async function cardinalityBench(options: BenchOptions): Promise<BenchFigures> {
  const { series, pointsPerSeries } = options;
  const site = await openSite(options, roomFor(options));
  const run = await PipelineRun.open(site, { ...options, planted: 0 }, { pilots: 0 });
  try {
    await run.startWorkers();
    collect();
    const empty = residentBytes();
    const round = series * pointsPerSeries;
    const start = performance.now();
    await sendAll(run, round);
    const defined = residentBytes();
    const afterFirst = performance.now();
    const rate = await updateRate(run, round);
    await run.settle();
    collect();
    const full = residentBytes();
    const held = seriesHeld(run);
    const stopping = performance.now();
    await run.stopWorker();
    const starting = performance.now();
    const cpuStarting = process.cpuUsage();
    await run.startWorkers();
    await restoredAll(run);
    const restoreCpu = process.cpuUsage(cpuStarting);
    const ready = performance.now();
    await sendAll(run, round);
    const restored = seriesHeld(run);
    return {
      ...rate,
      bytesPerSeries: Math.round((full - empty) / series),
      bytesPerSeriesWhenDefined: Math.round((defined - empty) / series),
      rssMiB: Math.round(full / 2 ** 20),
      emptyRssMiB: Math.round(empty / 2 ** 20),
      seriesHeld: held,
      seriesRestored: restored,
      firstRoundSeconds: rounded((afterFirst - start) / 1000, 3),
      saveSeconds: rounded((starting - stopping) / 1000, 3),
      restoreSeconds: rounded((ready - starting) / 1000, 3),
      seriesRestoredPerSecond: rounded((series * 1000) / (ready - starting)),
      seriesRestoredPerCpuSecond: rounded((series * 1e6) / (restoreCpu.user + restoreCpu.system)),
      readBackSeconds: rounded((performance.now() - ready) / 1000, 3),
      registeredAfterRestart: registered(run),
      ...detectGauges(run),
      counted: run.counts().counted,
    };
  } finally {
    await run.generator.halt();
    await run.close();
    await site.close();
  }
}

/** Sends rounds of a point or more of every series, which are known by now, and tells rate and CPU. */
async function updateRate(run: PipelineRun, round: number) {
  // A small fleet is through before anything can be measured.
  const rounds = Math.max(1, Math.round(LEAST_UPDATES / round));
  const cpu = run.meter.read();
  const start = performance.now();
  await sendAll(run, rounds * round);
  const seconds = (performance.now() - start) / 1000;
  const { total, worker, generator } = cpuPerPoint(cpu, run.meter.read(), rounds * round);
  return {
    pointsPerSecond: rounded((rounds * round) / seconds),
    cpuNsPerPoint: total,
    cpuNsPerPointBy: { worker, generator },
  };
}

/** Resolves when all state is back and every task could take input: threads, models and group included. */
async function restoredAll({ pipeline }: PipelineRun): Promise<void> {
  while (pipeline.metrics.ready().status !== 'ok') await sleep(2);
}

/** Settings that let so many series in; none where the product’s own do. */
function roomFor({ series, partitions }: BenchOptions): readonly string[] {
  const perPartition = Math.ceil((1.1 * series) / partitions);
  return [
    ...(series > 0.9 * TENANT_SERIES ? [`enrich.maxSeriesPerTenant=${2 * series}`] : []),
    // Heads may take half of it, and the older half of them is forgotten when they are full.
    ...(2 * perPartition > RECENT_SERIES ? [`validate.recentSeries=${2 * perPartition}`] : []),
  ];
}

/** Sends so many points, no more than can be under way at a time, and waits for their scores. */
async function sendAll(run: PipelineRun, points: number): Promise<void> {
  const { covered, countedTotal } = run.counts();
  const before = covered + countedTotal;
  for (let granted = 0; granted < points; ) {
    const now = run.counts();
    const underWay = granted - (now.covered + now.countedTotal - before);
    const room = Math.min(points - granted, MOST_UNDER_WAY - underWay);
    if (room > 0) run.grant(room);
    granted += Math.max(0, room);
    await Promise.race([sleep(20), run.pipeline.failed]);
  }
  await run.untilScored(before + points);
}

/** Series that enrich and detect hold, over their tasks. */
function seriesHeld({ pipeline }: PipelineRun) {
  const sums: Record<string, number> = {};
  for (const { name, gauges } of pipeline.figures()) {
    for (const gauge in gauges) {
      if (/^series(\{|$)/.test(gauge)) sums[name] = (sums[name] ?? 0) + (gauges[gauge] ?? 0);
    }
  }
  return sums;
}

function registered({ pipeline }: PipelineRun): number {
  const enrich = pipeline.figures().find(({ name }) => name === 'enrich');
  return enrich?.counters.series_registered_total ?? 0;
}

/** Series of detect by how far they have come, and by tier. */
function detectGauges({ pipeline }: PipelineRun) {
  const detect = pipeline.figures().find(({ name }) => name === 'detect');
  const all = Object.entries(detect?.gauges ?? {});
  const named = (name: string) => Object.fromEntries(all.filter(([key]) => key.startsWith(name)));
  return { lifeCycles: named('series{'), tiers: named('tier_series{') };
}

/** Lets the collector run, so that garbage is not taken for state. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
