/** A run as it goes into a batch: consecutive points of one series from one raw record. */
export interface RunSource {
  readonly seriesLow: number;
  readonly seriesHigh: number;
  /** Epoch ms UTC. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** The points `[start, end)` of the two columns; at least one. */
  readonly start: number;
  readonly end: number;
  /** Partition and offset of the raw record. */
  readonly sourcePartition: number;
  readonly sourceOffset: number;
  /** Bit 0: historical. */
  readonly flags: number;
  /** Index that `PackedBatchWriter.addContext` gave; only after ENRICH. */
  readonly context?: number;
}

/** A run that is written anew for each use: one object for many runs. */
export type MutableRun = { -readonly [K in keyof RunSource]: RunSource[K] };

/** Below this a loop beats `set` with its view. */
const SHORT_RUN = 32;
const FIRST_RUNS = 64;
const FIRST_POINTS = 256;

/** The columns of a batch while it is gathered; they grow by doubling. */
export class RunColumns {
  #runs = 0;
  #points = 0;
  #irregularPoints = 0;
  #series = new Uint32Array(FIRST_RUNS);
  #counts = new Uint32Array(FIRST_RUNS);
  #sourcePartitions = new Uint32Array(FIRST_RUNS);
  #sourceOffsets = new Float64Array(FIRST_RUNS);
  #firstTimestamps = new Float64Array(FIRST_RUNS);
  #steps = new Float64Array(FIRST_RUNS);
  #flags = new Uint8Array(FIRST_RUNS);
  #timestamps = new Float64Array(FIRST_POINTS);
  #values = new Float64Array(FIRST_POINTS);
  #valueWords: Uint32Array = new Uint32Array(this.#values.buffer);
  /** The last source of values and its bits: a NaN’s payload does not survive as a number. */
  #source: Float64Array | undefined;
  #sourceWords: Uint32Array = new Uint32Array(0);

  get points(): number {
    return this.#points;
  }

  /** Bytes that the columns take in the batch. */
  get byteLength(): number {
    return this.#runs * 37 + (this.#points + this.#irregularPoints) * 8;
  }

  append(slot: number, run: RunSource): void {
    const { timestamps, start, end } = run;
    const count = end - start;
    this.#reserveRun();
    const at = this.#runs++;
    const step = regularStep(timestamps, start, end);
    this.#series[at] = slot;
    this.#counts[at] = count;
    this.#sourcePartitions[at] = run.sourcePartition;
    this.#sourceOffsets[at] = run.sourceOffset;
    this.#firstTimestamps[at] = timestamps[start] ?? 0;
    this.#steps[at] = step;
    this.#flags[at] = run.flags;
    if (step === 0) this.#appendTimestamps(timestamps, start, end);
    this.#appendValues(run.values, start, end);
  }

  /** Forgets what was gathered and keeps the memory: whoever has `bytes` of it must be done with them. */
  reset(): void {
    this.#runs = 0;
    this.#points = 0;
    this.#irregularPoints = 0;
    this.#source = undefined;
  }

  /** Returns what was gathered, named as in `SeriesBatch`: views of the columns. */
  bytes() {
    const runs = this.#runs;
    return {
      runSeries: bytesOf(this.#series, runs),
      runCounts: bytesOf(this.#counts, runs),
      runSourcePartitions: bytesOf(this.#sourcePartitions, runs),
      runSourceOffsets: bytesOf(this.#sourceOffsets, runs),
      runFirstTimestamps: bytesOf(this.#firstTimestamps, runs),
      runSteps: bytesOf(this.#steps, runs),
      runFlags: bytesOf(this.#flags, runs),
      timestamps: bytesOf(this.#timestamps, this.#irregularPoints),
      values: bytesOf(this.#values, this.#points),
    };
  }

  #appendTimestamps(timestamps: Float64Array, start: number, end: number): void {
    const needed = this.#irregularPoints + end - start;
    this.#timestamps = wide(this.#timestamps, needed);
    for (let i = start; i < end; i++) {
      this.#timestamps[this.#irregularPoints++] = timestamps[i] ?? 0;
    }
  }

  #appendValues(values: Float64Array, start: number, end: number): void {
    const at = this.#points;
    this.#points += end - start;
    if (this.#points > this.#values.length) {
      this.#values = wide(this.#values, this.#points);
      this.#valueWords = new Uint32Array(this.#values.buffer);
    }
    if (end - start > SHORT_RUN) {
      this.#values.set(values.subarray(start, end), at);
      return;
    }
    if (values !== this.#source) {
      this.#source = values;
      this.#sourceWords = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
    }
    let to = 2 * at;
    for (let i = 2 * start; i < 2 * end; i++) this.#valueWords[to++] = this.#sourceWords[i] ?? 0;
  }

  #reserveRun(): void {
    const needed = this.#runs + 1;
    if (needed <= this.#series.length) return;
    this.#series = wide(this.#series, needed);
    this.#counts = wide(this.#counts, needed);
    this.#sourcePartitions = wide(this.#sourcePartitions, needed);
    this.#sourceOffsets = wide(this.#sourceOffsets, needed);
    this.#firstTimestamps = wide(this.#firstTimestamps, needed);
    this.#steps = wide(this.#steps, needed);
    this.#flags = wide(this.#flags, needed);
  }
}

/**
 * Returns the step of points that lie evenly, so that `first + i * step` gives every timestamp exactly; 0 when they do
 * not. A single point has step 1.
 */
function regularStep(timestamps: Float64Array, start: number, end: number): number {
  if (end - start === 1) return 1;
  const first = timestamps[start] ?? 0;
  const step = (timestamps[start + 1] ?? 0) - first;
  for (let i = 1; i < end - start; i++) {
    if (first + i * step !== timestamps[start + i]) return 0;
  }
  return step;
}

type Column = Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

function wide<C extends Column>(column: C, needed: number): C {
  if (needed <= column.length) return column;
  const wider = new (column.constructor as new (length: number) => C)(
    Math.max(needed, 2 * column.length),
  );
  wider.set(column);
  return wider;
}

function bytesOf(column: Column, length: number): Uint8Array {
  return new Uint8Array(column.buffer, 0, length * column.BYTES_PER_ELEMENT);
}
