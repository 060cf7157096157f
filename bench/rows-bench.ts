import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxEnsemble } from '../models/onnx-ensemble.ts';
import type { PagedTable } from '../runtime/state/paged-table.ts';
import { ScratchFile } from '../runtime/state/scratch-file.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchFigures, rounded } from './bench-result.ts';
import { residentBytes } from './cpu-meter.ts';
import { heldFleet } from './held-fleet.ts';
import { HeldTask } from './held-task.ts';

/** Series of one call, as neighbours in a record. */
const CALL_SERIES = 4096;
const BATCH_PAGES = 256;

/**
 * Measures what series take in memory and what a point costs by how many there are, without a transport: enrich’s
 * register and detect’s shelf, filled and updated by their own operators, one table of each per partition.
 *
 * Every series is defined, gets a point, is updated, and is read back; then all pages are saved, read into new tables, and
 * every series is read back from those. Names and labels lie in scratch files but for 16 MiB per partition. It tells of
 * the rows what `cardinality` cannot on a small machine; validate’s cache, queues and the log come on top.
 */
export async function rowsBench(options: BenchOptions): Promise<BenchFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-rows-'));
  const scratches = Array.from(
    { length: 2 * options.partitions },
    (_, i) => new ScratchFile(folder, `rows-${i}`),
  );
  try {
    return await measure(options, scratches);
  } finally {
    for (const scratch of scratches) scratch.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  { series, partitions, stepMs }: BenchOptions,
  scratches: readonly ScratchFile[],
): Promise<BenchFigures> {
  const scorer = await OnnxEnsemble.load();
  const fleet = await heldFleet(stepMs);
  const newTask = (scratch: number) =>
    new HeldTask(fleet, scorer, scratches[scratch] as ScratchFile);
  const tasks = Array.from({ length: partitions }, (_, p) => newTask(p));
  collect();
  const empty = residentBytes();
  const defined = await overAll(tasks, series, async (task, range) => {
    task.define(range);
    await task.update(range, 0);
  });
  const updated = await overAll(tasks, series, async (task, range) => {
    await task.update(range, 1);
  });
  collect();
  const full = residentBytes();
  let missing = 0;
  await overAll(tasks, series, async (task, range) => {
    missing += task.missing(range, 2);
  });
  const bytes = bytesOf(tasks, series);
  const restored = await readBack(tasks, series, (p) => newTask(partitions + p));
  return {
    pointsPerSecond: rounded(series / updated.seconds),
    cpuNsPerPoint: Math.round((updated.cpuSeconds * 1e9) / series),
    bytesPerSeries: Math.round((full - empty) / series),
    rssMiB: Math.round(full / 2 ** 20),
    emptyRssMiB: Math.round(empty / 2 ** 20),
    ...bytes,
    missing,
    cpuNsPerSeriesDefined: Math.round((defined.cpuSeconds * 1e9) / series),
    seriesRestoredPerCpuSecond: rounded(series / restored.cpuSeconds),
    savedBytesPerSeries: Math.round(restored.bytes / series),
    missingAfterRestore: restored.missing,
  };
}

interface Spent {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Does something with all series, a call’s worth at a time, the tasks in turn; what takes time is measured. */
async function overAll(
  tasks: readonly HeldTask[],
  series: number,
  act: (task: HeldTask, range: { from: number; to: number }) => Promise<void>,
): Promise<Spent> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  for (let from = 0, call = 0; from < series; from += CALL_SERIES, call++) {
    const range = { from, to: Math.min(series, from + CALL_SERIES) };
    await act(tasks[call % tasks.length] as HeldTask, range);
  }
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
}

/** Saves each task’s pages, reads them into a new one, and looks for every series there. */
async function readBack(
  tasks: readonly HeldTask[],
  series: number,
  newTask: (partition: number) => HeldTask,
): Promise<{ readonly cpuSeconds: number; readonly bytes: number; readonly missing: number }> {
  let [micros, bytes, missing] = [0, 0, 0];
  for (const [p, task] of tasks.entries()) {
    const restored = newTask(p);
    copyContexts(task, restored);
    const timed = (act: () => void): void => {
      const before = process.cpuUsage();
      act();
      const { user, system } = process.cpuUsage(before);
      micros += user + system;
    };
    const pairs: (readonly [PagedTable, PagedTable])[] = [
      [task.register.table, restored.register.table],
      [task.shelf.series, restored.shelf.series],
      [task.shelf.seasons, restored.shelf.seasons],
      [task.shelf.hours, restored.shelf.hours],
      [task.shelf.weeks, restored.shelf.weeks],
      [task.shelf.episodes, restored.shelf.episodes],
      [task.shelf.watches, restored.shelf.watches],
    ];
    for (const [from, to] of pairs) {
      const pages: (readonly [number, Uint8Array | null])[] = [];
      const take = (): void =>
        timed(() => {
          for (const [page, image] of pages.splice(0)) to.readPage(page, image);
        });
      for (const [page, image] of from.takeDirty()) {
        bytes += image?.length ?? 0;
        if (pages.push([page, image && Uint8Array.from(image)]) === BATCH_PAGES) take();
      }
      take();
    }
    for (const [chunk, text] of task.shelf.texts.takeDirty()) {
      bytes += text?.length ?? 0;
      timed(() => restored.shelf.texts.readChunk(chunk, text));
    }
    timed(() => {
      restored.register.rebuild();
      restored.shelf.rebuild();
    });
    await overAll([restored], series, async (_, range) => {
      if ((range.from / CALL_SERIES) % tasks.length === p) missing += restored.missing(range, 2);
    });
  }
  return { cpuSeconds: micros / 1e6, bytes, missing };
}

function copyContexts(from: HeldTask, to: HeldTask): void {
  for (const [number, context] of from.contexts.takeNew()) to.contexts.restore(number, context);
}

/** Bytes a series by where they lie, as far as the tables know. */
function bytesOf(tasks: readonly HeldTask[], series: number) {
  const sum = (of: (task: HeldTask) => number): number =>
    rounded(tasks.reduce((total, task) => total + of(task), 0) / series);
  return {
    enrichBytes: sum(({ register }) => register.table.byteLength),
    detectBytes: sum(({ shelf }) => shelf.series.byteLength),
    watchBytes: sum(({ shelf }) => shelf.watches.byteLength),
    seasonBytes: sum(({ shelf }) => shelf.seasons.byteLength + shelf.hours.byteLength),
    weekBytes: sum(({ shelf }) => shelf.weeks.byteLength),
    textBytes: sum(({ shelf }) => shelf.texts.heldBytes),
  };
}

function collect(): void {
  (globalThis as { gc?: () => void }).gc?.();
}
