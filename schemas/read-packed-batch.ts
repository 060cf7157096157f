import type { SeriesBatch } from './generated/series-batch.ts';
import type { SeriesContext } from './generated/series-context.ts';
import type { SeriesDefinition } from './generated/series-definition.ts';
import { batchLayout } from './packed-batch.ts';

/** A batch whose columns disagree. */
export interface BatchFault {
  readonly code: 'BATCH_COLUMNS';
  readonly detail: string;
}

/** The columns of a `SeriesBatch` as typed arrays in memory apart from the record’s, which may start at any byte. */
export interface PackedBatch {
  readonly tenant: string;
  /** Series slots. */
  readonly seriesCount: number;
  readonly runCount: number;
  readonly pointCount: number;
  /** 8 bytes per slot, big-endian. */
  readonly seriesIds: Uint8Array;
  /** Slot of each run. */
  readonly runSeries: Uint32Array;
  /** First point of each run, and the number of points at the end: run r has points `[runStarts[r], runStarts[r + 1])`. */
  readonly runStarts: Uint32Array;
  readonly runSourcePartitions: Uint32Array;
  readonly runSourceOffsets: Float64Array;
  /** Epoch ms UTC. */
  readonly runFirstTimestamps: Float64Array;
  /** Ms between points; 0 for irregular runs. */
  readonly runSteps: Float64Array;
  /** Bit 0: historical. */
  readonly runFlags: Uint8Array;
  readonly values: Float64Array;
  /** The same memory as `values`, low word first: a NaN’s payload does not survive as a number. */
  readonly valueWords: Uint32Array;
  /** Time of each point, epoch ms UTC; computed at first use. */
  readonly timestamps: Float64Array;
  readonly definitions: readonly SeriesDefinition[];
  readonly contexts: readonly SeriesContext[];
  /** Index into `contexts` per slot; empty before ENRICH. */
  readonly seriesContexts: Uint16Array;
}

/**
 * Checks that the columns of a batch agree and gives them as typed arrays, or says which do not.
 *
 * Checked: layout, lengths, slots and contexts in range, runs that are not empty, whole source offsets, finite times.
 * Values are not looked at.
 *
 * Cost: one copy per column into one block of memory; no object per run or point.
 *
 * @param memory to be used again for each batch: then a batch is good until the next is read. Absent: it is good for ever.
 */
export function readPackedBatch(
  batch: SeriesBatch,
  memory: ColumnMemory = new ColumnMemory(),
): PackedBatch | BatchFault {
  if (batch.layout !== batchLayout) return fault(`layout ${batch.layout} is unknown`);
  const misfit = lengthFault(batch);
  if (misfit !== undefined) return fault(misfit);
  const columns = new Columns(batch, memory);
  const problem = columns.runFault() ?? columns.contextFault();
  return problem === undefined ? columns : fault(problem);
}

/** Memory for the columns of one batch at a time; grows to the largest. */
export class ColumnMemory {
  #columns = new ArrayBuffer(0);
  #timestamps = new Float64Array(0);

  /** Returns at least so many bytes, with whatever stood there. */
  columns(bytes: number): ArrayBuffer {
    if (this.#columns.byteLength < bytes) this.#columns = new ArrayBuffer(bytes);
    return this.#columns;
  }

  /** Returns a column for the times of so many points, with whatever stood there. */
  timestamps(points: number): Float64Array {
    if (this.#timestamps.length < points) this.#timestamps = new Float64Array(points);
    return this.#timestamps.subarray(0, points);
  }
}

function fault(detail: string): BatchFault {
  return { code: 'BATCH_COLUMNS', detail };
}

/** Bytes per run of each column that has one entry per run. */
const runColumns = {
  runSeries: 4,
  runCounts: 4,
  runSourcePartitions: 4,
  runSourceOffsets: 8,
  runFirstTimestamps: 8,
  runSteps: 8,
  runFlags: 1,
} as const satisfies Partial<Record<keyof SeriesBatch, number>>;

function lengthFault(batch: SeriesBatch): string | undefined {
  const runs = batch.runFlags.length;
  for (const name of Object.keys(runColumns) as (keyof typeof runColumns)[]) {
    const bytes = batch[name].length;
    if (bytes !== runs * runColumns[name]) return `${name}: ${bytes} bytes for ${runs} runs`;
  }
  for (const name of ['seriesIds', 'timestamps', 'values'] as const) {
    if (batch[name].length % 8 !== 0) return `${name}: ${batch[name].length} bytes`;
  }
  const slots = batch.seriesIds.length / 8;
  const contexts = batch.seriesContexts.length;
  if (contexts !== 0 && contexts !== 2 * slots) {
    return `seriesContexts: ${contexts} bytes for ${slots} series`;
  }
  return undefined;
}

class Columns implements PackedBatch {
  readonly tenant: string;
  readonly seriesCount: number;
  readonly runCount: number;
  readonly pointCount: number;
  readonly seriesIds: Uint8Array;
  readonly runSeries: Uint32Array;
  readonly runStarts: Uint32Array;
  readonly runSourcePartitions: Uint32Array;
  readonly runSourceOffsets: Float64Array;
  readonly runFirstTimestamps: Float64Array;
  readonly runSteps: Float64Array;
  readonly runFlags: Uint8Array;
  readonly values: Float64Array;
  readonly valueWords: Uint32Array;
  readonly definitions: readonly SeriesDefinition[];
  readonly contexts: readonly SeriesContext[];
  readonly seriesContexts: Uint16Array;
  readonly #memory: ColumnMemory;
  readonly #runCounts: Uint32Array;
  readonly #irregular: Float64Array;
  #timestamps: Float64Array | undefined;

  constructor(batch: SeriesBatch, memory: ColumnMemory) {
    const block = new Block(batch, memory);
    this.#memory = memory;
    this.values = block.f64(batch.values);
    this.valueWords = new Uint32Array(
      this.values.buffer,
      this.values.byteOffset,
      2 * this.values.length,
    );
    this.#irregular = block.f64(batch.timestamps);
    this.runSourceOffsets = block.f64(batch.runSourceOffsets);
    this.runFirstTimestamps = block.f64(batch.runFirstTimestamps);
    this.runSteps = block.f64(batch.runSteps);
    this.seriesIds = block.u8(batch.seriesIds);
    this.runSeries = block.u32(batch.runSeries);
    this.#runCounts = block.u32(batch.runCounts);
    this.runSourcePartitions = block.u32(batch.runSourcePartitions);
    this.seriesContexts = block.u16(batch.seriesContexts);
    this.runFlags = block.u8(batch.runFlags);
    this.tenant = batch.tenant;
    this.seriesCount = this.seriesIds.length / 8;
    this.runCount = this.runFlags.length;
    this.pointCount = this.values.length;
    this.runStarts = new Uint32Array(this.runCount + 1);
    this.definitions = batch.definitions;
    this.contexts = batch.contexts;
  }

  get timestamps(): Float64Array {
    this.#timestamps ??= this.#expand();
    return this.#timestamps;
  }

  /** Fills `runStarts` on the way. */
  runFault(): string | undefined {
    let points = 0;
    let irregular = 0;
    for (let run = 0; run < this.runCount; run++) {
      const count = this.#runCounts[run] ?? 0;
      const problem = this.#oneRunFault(run, count);
      if (problem !== undefined) return `run ${run}: ${problem}`;
      this.runStarts[run] = points;
      points += count;
      if (this.runSteps[run] === 0) irregular += count;
    }
    if (points !== this.pointCount) return `runs have ${points} points, values ${this.pointCount}`;
    this.runStarts[this.runCount] = points;
    if (irregular === this.#irregular.length) return undefined;
    return `irregular runs have ${irregular} points, timestamps ${this.#irregular.length}`;
  }

  contextFault(): string | undefined {
    for (const context of this.seriesContexts) {
      if (context >= this.contexts.length) return `context ${context} of ${this.contexts.length}`;
    }
    return undefined;
  }

  #oneRunFault(run: number, count: number): string | undefined {
    const slot = this.runSeries[run] ?? 0;
    if (slot >= this.seriesCount) return `series slot ${slot} of ${this.seriesCount}`;
    if (count === 0) return 'no points';
    const offset = this.runSourceOffsets[run] ?? 0;
    if (!(Number.isSafeInteger(offset) && offset >= 0)) return `source offset ${offset}`;
    const last = (this.runFirstTimestamps[run] ?? 0) + (this.runSteps[run] ?? 0) * (count - 1);
    return Number.isFinite(last) ? undefined : 'times are not finite';
  }

  #expand(): Float64Array {
    const out = this.#memory.timestamps(this.pointCount);
    let at = 0;
    let irregular = 0;
    for (let run = 0; run < this.runCount; run++) {
      const first = this.runFirstTimestamps[run] ?? 0;
      const step = this.runSteps[run] ?? 0;
      const count = this.#runCounts[run] ?? 0;
      if (step === 0) {
        for (let i = 0; i < count; i++) out[at++] = this.#irregular[irregular++] ?? 0;
      } else {
        for (let i = 0; i < count; i++) out[at++] = first + i * step;
      }
    }
    return out;
  }
}

/** One block of memory for all columns, handed out in order of falling alignment. */
class Block {
  readonly #buffer: ArrayBuffer;
  #at = 0;

  constructor(batch: SeriesBatch, memory: ColumnMemory) {
    let bytes = batch.seriesIds.length + batch.timestamps.length + batch.values.length;
    bytes += batch.seriesContexts.length;
    for (const name of Object.keys(runColumns) as (keyof typeof runColumns)[]) {
      bytes += batch[name].length;
    }
    this.#buffer = memory.columns(bytes);
  }

  f64(column: Uint8Array): Float64Array {
    return new Float64Array(this.#buffer, this.#copy(column), column.length / 8);
  }

  u32(column: Uint8Array): Uint32Array {
    return new Uint32Array(this.#buffer, this.#copy(column), column.length / 4);
  }

  u16(column: Uint8Array): Uint16Array {
    return new Uint16Array(this.#buffer, this.#copy(column), column.length / 2);
  }

  u8(column: Uint8Array): Uint8Array {
    return new Uint8Array(this.#buffer, this.#copy(column), column.length);
  }

  #copy(column: Uint8Array): number {
    const at = this.#at;
    new Uint8Array(this.#buffer, at, column.length).set(column);
    this.#at += column.length;
    return at;
  }
}
