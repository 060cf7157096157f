import { OnnxEnsemble } from '../models/onnx-ensemble.ts';
import { RawWriter } from '../pipelines/producers/raw-writer.ts';
import { topology } from '../pipelines/topology.ts';
import { systemClock } from '../runtime/clock.ts';
import { SlotReader, SlotWriter } from '../runtime/slot.ts';
import { ScratchFile } from '../runtime/state/scratch-file.ts';
import type { StateEntry } from '../runtime/state/state-entries.ts';
import { TaskState } from '../runtime/task-state.ts';
import { untilIdle } from '../test/support/pipeline-reading.ts';
import { parseScrape, sumSamples } from '../test/support/scrape.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchFigures, rounded } from './bench-result.ts';
import { residentBytes, type ThreadSeconds, threadSeconds } from './cpu-meter.ts';
import { heldFleet } from './held-fleet.ts';
import { HeldTask } from './held-task.ts';
import { PipelineRun } from './pipeline-run.ts';
import { openSite } from './site.ts';

/** Stages before detect. */
const BEFORE_DETECT = 2;
const detectOnly = topology.filter(({ name }) => name === 'detect');
/** Series that are made in one call. */
const CALL_SERIES = 4096;

/**
 * Measures how fast detect gets its series back from its state topic, through the whole runtime: from the start of a worker
 * without any state to its first scored point.
 *
 * The state is made by detect’s own tables and scoring, two points a series, and saved as a checkpoint by the product’s code.
 * A point of a further series waits on detect’s input, so that there is something to score as soon as all state is back.
 * `seriesHeld` is what the task of that point counts then: with the further series, one more than were saved of its partition.
 */
export async function restoreBench(options: BenchOptions): Promise<BenchFigures> {
  const site = await openSite(options);
  const run = await PipelineRun.open(site, { ...options, series: 64, planted: 0 });
  try {
    const saved = await saveState(run, options);
    await sendPoint(run);
    collect();
    const restored = await restore(run, options.series);
    const gauges = run.pipeline.figures().find(({ name }) => name === 'detect')?.gauges ?? {};
    const seriesHeld = Object.values(gauges).reduce((sum, count) => sum + count, 0);
    return { ...restored, ...saved, seriesHeld };
  } finally {
    await run.generator.halt();
    await run.close();
    await site.close();
  }
}

/** Makes the state of each task in turn and writes it to the state topic. */
async function saveState(run: PipelineRun, { series, partitions, stepMs }: BenchOptions) {
  const scorer = await OnnxEnsemble.load();
  const fleet = await heldFleet(stepMs);
  const { checkpointPartBytes } = run.site.config.runtime;
  let [stateRecords, stateBytes] = [0, 0];
  for (let partition = 0; partition < partitions; partition++) {
    const scratch = new ScratchFile(run.site.folder, `made-${partition}`);
    const held = new HeldTask(fleet, scorer, scratch);
    const end = Math.round((series * (partition + 1)) / partitions);
    for (let from = Math.round((series * partition) / partitions); from < end; ) {
      const to = Math.min(end, from + CALL_SERIES);
      held.define({ from, to });
      for (const round of [0, 1]) await held.update({ from, to }, round);
      from = to;
    }
    const written = await writeCheckpoint(
      run,
      partition,
      held.shelf.entries(),
      checkpointPartBytes,
    );
    stateRecords += written.records;
    stateBytes += written.bytes;
    scratch.close();
  }
  return { stateRecords, stateBytes };
}

async function writeCheckpoint(
  { transport, site }: PipelineRun,
  partition: number,
  entries: Iterable<StateEntry>,
  partBytes: number,
) {
  const { prefix } = site.config.topics;
  const task = { stage: 'detect', partition };
  const state = new TaskState({
    transport,
    prefix,
    task,
    chunkBytes: partBytes,
    clock: systemClock,
  });
  await state.restore(async () => undefined);
  const written = { records: 0, bytes: 0 };
  let part = new SlotWriter(new SharedArrayBuffer(partBytes * 2));
  const flush = async (isLast: boolean): Promise<void> => {
    const reader = new SlotReader(part.buffer, part.byteLength);
    const positions = new Map([[`${prefix}metrics.enriched`, 0]]);
    const records = isLast ? state.records(reader, positions) : state.part(reader);
    await transport.write(`made/${partition}`, records);
    written.records += records.length;
    for (const { value } of records) written.bytes += value?.length ?? 0;
    part = new SlotWriter(new SharedArrayBuffer(partBytes * 2));
  };
  for (const [key, value] of entries) {
    part.append(0, 0, 0, { key, value, headers: {}, timestampMs: 0 });
    if (part.byteLength >= partBytes) await flush(false);
  }
  await flush(true);
  return written;
}

/** Brings a point of one more series to detect’s input, by the stages before it. */
async function sendPoint(run: PipelineRun): Promise<void> {
  await run.startWorkers(topology.slice(0, BEFORE_DETECT));
  const { pipeline, site } = run;
  const writer = new RawWriter({
    transport: pipeline.transport,
    codec: pipeline.codec,
    clock: systemClock,
    topic: `${pipeline.prefix}metrics.raw`,
    partitions: site.config.topics.partitions,
    tenant: 'default',
    producer: 'bench',
    backfill: false,
    maxPointsPerRecord: 1,
  });
  const series = { name: 'further', labels: { host: 'h' }, kind: 'GAUGE' as const };
  await writer.write([{ series, timestampMs: systemClock.nowMs(), value: 1 }]);
  await writer.flush();
  await untilIdle(pipeline, BEFORE_DETECT);
  await run.stopWorker();
}

async function restore(run: PipelineRun, series: number) {
  const startMs = performance.now();
  const [cpu, threads] = [process.cpuUsage(), threadSeconds()];
  await run.startWorkers(detectOnly);
  await run.untilScored(1);
  const scoredMs = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  const cpuSecondsByThread = spent(threads, threadSeconds());
  return {
    ...(await taskSeconds(run)),
    firstScoreSeconds: rounded((scoredMs - startMs) / 1000, 3),
    cpuSeconds: rounded((user + system) / 1e6, 3),
    cpuSecondsByThread,
    seriesRestoredPerSecond: rounded((series * 1000) / (scoredMs - startMs)),
    seriesRestoredPerCpuSecond: rounded((series * 1e6) / (user + system)),
    rssMiB: Math.round(residentBytes() / 2 ** 20),
  };
}

/** What the tasks took to open their kernels and read their state, and what of it their kernels worked, added up over tasks. */
async function taskSeconds({ pipeline }: PipelineRun) {
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

function spent(from: ThreadSeconds, to: ThreadSeconds): ThreadSeconds {
  const kinds = Object.keys(from) as (keyof ThreadSeconds)[];
  const pairs = kinds.map((kind) => [kind, rounded(to[kind] - from[kind], 3)] as const);
  return Object.fromEntries(pairs) as Record<keyof ThreadSeconds, number>;
}

/** Lets the collector run where the process allows it, so that garbage of the filling is not collected in what is measured. */
function collect(): void {
  (globalThis as { gc?: () => void }).gc?.();
}
