import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxEnsemble } from '../models/onnx-ensemble.ts';
import { shelfColumns } from '../operators/detect/series-shelf.ts';
import { detectColumns } from '../operators/detect/state-columns.ts';
import { snappyCompress } from '../runtime/kafka/snappy-codec.ts';
import type { PagedTable } from '../runtime/state/paged-table.ts';
import { ScratchFile } from '../runtime/state/scratch-file.ts';
import { randomFrom } from '../test/support/random.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchFigures, rounded } from './bench-result.ts';
import { heldFleet } from './held-fleet.ts';
import { HeldTask } from './held-task.ts';

const SHARES = [1, 0.1, 0.01];
const POINTS = [1, 32];
/** What is compressed at a time. */
const BLOCK_BYTES = 48 * 1024;
/** Points of every series before anything is measured: the state of a series that is new changes little. */
const EARLIER_POINTS = 64;

/**
 * Compares what a checkpoint of detect's rows writes and costs as pages, as changed rows, and as changed bytes of rows.
 *
 * Between two checkpoints a share of the series, drawn anew each time, gets so many points each. Pages are what the product
 * writes. A changed row is its number and its bytes, gathered from the columns. Changed bytes are the row against a copy of
 * what was saved last, which takes the memory of the table again. All are compressed as on Kafka, in blocks of 48 KiB.
 */
export async function changelogBench(options: BenchOptions): Promise<BenchFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-changelog-'));
  const scratch = new ScratchFile(folder, 'changelog');
  try {
    const task = new HeldTask(await heldFleet(options.stepMs), await OnnxEnsemble.load(), scratch);
    return { checkpoints: await compare(task, options.series) };
  } finally {
    scratch.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(task: HeldTask, series: number) {
  const all = Array.from({ length: series }, (_, i) => i);
  const random = randomFrom(5);
  task.define({ from: 0, to: series });
  let round = 0;
  for (; round < EARLIER_POINTS; round++) await task.updateSome(all, round);
  const rows = new RowReader(task.shelf.series);
  const found: Record<string, unknown>[] = [];
  for (const share of SHARES) {
    for (const points of POINTS) {
      const drawn = all.filter(() => random() < share);
      rows.remember(drawn.map((each) => task.rowOf(each)));
      for (const _ of task.shelf.series.takeDirty()); // What was dirty before is of no interest.
      for (let i = 0; i < points; i++) await task.updateSome(drawn, round++);
      const changed = drawn.map((each) => task.rowOf(each));
      const given = { share, pointsPerSeries: points, points: drawn.length * points };
      found.push({
        ...given,
        pages: await cost(given.points, (write) => {
          for (const [, image] of task.shelf.series.takeDirty()) write(image ?? new Uint8Array(0));
        }),
        rows: await cost(given.points, (write) => {
          for (const row of changed) write(rows.read(row));
        }),
        bytes: await cost(given.points, (write) => {
          for (const row of changed) write(rows.difference(row));
        }),
      });
    }
  }
  return found;
}

/** Bytes and CPU per point of what is written, before and after compression. */
async function cost(points: number, act: (write: (bytes: Uint8Array) => void) => void) {
  const parts: Uint8Array[] = [];
  const start = process.cpuUsage();
  act((bytes) => parts.push(bytes.slice()));
  const made = process.cpuUsage(start);
  const plain = Buffer.concat(parts);
  const before = process.cpuUsage();
  let compressed = 0;
  for (let at = 0; at < plain.length; at += BLOCK_BYTES)
    compressed += (await snappyCompress(plain.subarray(at, at + BLOCK_BYTES))).length;
  const squeezed = process.cpuUsage(before);
  const perPoint = ({ user, system }: NodeJS.CpuUsage) =>
    Math.round(((user + system) * 1000) / points);
  return {
    bytesPerPoint: rounded(plain.length / points),
    compressedBytesPerPoint: rounded(compressed / points),
    cpuNsPerPoint: perPoint(made),
    compressionCpuNsPerPoint: perPoint(squeezed),
  };
}

/** Reads rows across their columns. */
class RowReader {
  readonly #columns;
  readonly #bytes: Uint8Array;
  readonly #saved = new Map<number, Uint8Array>();

  constructor(table: PagedTable) {
    this.#columns = [...shelfColumns, ...detectColumns].map(({ name, length = 1 }) => ({
      column: table.column(name),
      length,
    }));
    this.#bytes = new Uint8Array(4 + table.pageBytes / table.rowsPerPage + 8);
  }

  /** Number and bytes of a row; good until the next call. */
  read(row: number): Uint8Array {
    new DataView(this.#bytes.buffer).setUint32(0, row, true);
    let end = 4;
    for (const { column, length } of this.#columns) {
      const view = column.view(row);
      const size = view.BYTES_PER_ELEMENT;
      const bytes = new Uint8Array(
        view.buffer,
        view.byteOffset + column.index(row) * size,
        length * size,
      );
      this.#bytes.set(bytes, end);
      end += bytes.length;
    }
    return this.#bytes.subarray(0, end);
  }

  /** Keeps what is saved of some rows. */
  remember(rows: readonly number[]): void {
    this.#saved.clear();
    for (const row of rows) this.#saved.set(row, this.read(row).slice());
  }

  /** Number of a row, a bit per byte that changed, and these bytes; good until the next call. */
  difference(row: number): Uint8Array {
    const saved = this.#saved.get(row) as Uint8Array;
    const now = this.read(row).slice();
    const marks = 4 + ((now.length + 7) >> 3);
    const out = new Uint8Array(marks + now.length);
    out.set(now.subarray(0, 4));
    let end = marks;
    for (let i = 4; i < now.length; i++) {
      if (now[i] === saved[i]) continue;
      out[4 + (i >> 3)] = (out[4 + (i >> 3)] as number) | (1 << (i & 7));
      out[end++] = now[i] as number;
    }
    return out.subarray(0, end);
  }
}
