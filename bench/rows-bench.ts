import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxEnsemble } from '../models/onnx-ensemble.ts';
import type { PagedTable } from '../runtime/paged-table.ts';
import { ScratchFile } from '../runtime/scratch-file.ts';
import { Codec } from '../schemas/codec.ts';
import { FileRegistry } from '../schemas/file-registry.ts';
import type { SeriesDefinition } from '../schemas/generated/series-definition.ts';
import { writeId } from '../schemas/identity.ts';
import { registerRecords } from '../schemas/registry.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchFigures, rounded } from './bench-result.ts';
import { residentBytes } from './cpu-meter.ts';
import { labelsOf, nameOf } from './fleet-source.ts';
import { type HeldFleet, HeldTask } from './held-task.ts';

/** Series of one call, as neighbours in a record. */
const CALL_SERIES = 4096;
const START_MS = Date.UTC(2026, 0, 5);
const BATCH_PAGES = 256;
const LABEL_SETS = 1024;
/** An encoded definition begins with the frame and the id. */
const FRAME_BYTES = 5;

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
  const fleet = fleetOf(new Codec(await registerRecords(new FileRegistry())), stepMs);
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
    task.contexts.saveNew((number, context) => restored.contexts.restore(number, context));
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
      [task.shelf.episodes, restored.shelf.episodes],
    ];
    for (const [from, to] of pairs) {
      const pages: (readonly [number, Uint8Array | null])[] = [];
      const take = (): void =>
        timed(() => {
          for (const [page, image] of pages.splice(0)) to.readPage(page, image);
        });
      from.writeDirty((page, image) => {
        bytes += image?.length ?? 0;
        pages.push([page, image]);
        if (pages.length === BATCH_PAGES) take();
      });
      take();
    }
    task.shelf.texts.writeDirty((chunk, text) => {
      bytes += text?.length ?? 0;
      timed(() => restored.shelf.texts.readChunk(chunk, text));
    });
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

/** Bytes a series by where they lie, as far as the tables know. */
function bytesOf(tasks: readonly HeldTask[], series: number) {
  const sum = (of: (task: HeldTask) => number): number =>
    rounded(tasks.reduce((total, task) => total + of(task), 0) / series);
  return {
    enrichBytes: sum(({ register }) => register.table.byteLength),
    detectBytes: sum(({ shelf }) => shelf.series.byteLength),
    seasonBytes: sum(({ shelf }) => shelf.seasons.byteLength + shelf.hours.byteLength),
    textBytes: sum(({ shelf }) => shelf.texts.heldBytes),
  };
}

/**
 * Series with the labels of a small fleet, used again and again under ids of their own: labels cost time to make, and what
 * is measured is what is held of them.
 */
function fleetOf(codec: Codec, stepMs: number): HeldFleet {
  const known = { tenant: 'default', kind: 'GAUGE', unit: null, firstSeenMs: START_MS } as const;
  const pool = Array.from({ length: LABEL_SETS }, (_, i) => {
    const labels = { name: nameOf(i), labels: labelsOf(i * 48_611) };
    const id = new Uint8Array(8);
    const encoded = codec.encode('SeriesDefinition', {
      seriesId: id,
      entityId: id,
      ...known,
      ...labels,
    });
    return { labels, encoded };
  });
  const setOf = (series: number) => pool[series % LABEL_SETS] as (typeof pool)[number];
  return {
    definition: (series): SeriesDefinition => {
      const id = new Uint8Array(8);
      writeFleetId(series, id);
      return { seriesId: id, entityId: id, ...known, ...setOf(series).labels };
    },
    encoded: (series) => {
      const encoded = Buffer.from(setOf(series).encoded);
      writeFleetId(series, encoded.subarray(FRAME_BYTES));
      return encoded;
    },
    timeOf: (series, round) => START_MS + round * stepMs + ((series * 7919) % stepMs),
    valueOf: (series, round) => 100 + (mixed(series * 31 + round) % 1000) / 7,
    writeId: writeFleetId,
  };
}

function writeFleetId(series: number, id: Uint8Array): void {
  writeId(id, 0, mixed(series), mixed(series ^ 0x5bd1e995));
}

/** A one-to-one mix of 32 bits: ids are hashes. */
function mixed(number: number): number {
  let hash = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function collect(): void {
  (globalThis as { gc?: () => void }).gc?.();
}
