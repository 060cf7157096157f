import { BatchMemory } from '../../schemas/batch-memory.ts';
import type { SeriesBatch } from '../../schemas/generated/series-batch.ts';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import { PackedBatchWriter } from '../../schemas/packed-batch.ts';
import type { RunSource } from '../../schemas/run-columns.ts';

const MIB = 1024 * 1024;
/** Size from which batches are closed, bytes, in all: half of what a topic takes. */
const CLOSE_BYTES = 8 * MIB;
/** Largest batch of one raw record, bytes: what a topic takes, less room for definitions and framing. */
export const MOST_BATCH_BYTES = 15.5 * MIB;
/** Definitions that travel beside points, bytes; more of them go ahead in batches of their own. */
const DEFINITIONS_BESIDE_BYTES = MIB / 4;
const DEFINITIONS_AHEAD_BYTES = 4 * MIB;
/** Bytes of a point, a run and a series: with a timestamp, as it leaves here, and with the context it gets in ENRICH. */
const POINT_BYTES = 16;
const RUN_BYTES = 47;
const SERIES_BYTES = 300;
/** Bytes that a character of a label can take. */
const CHARACTER_BYTES = 3;

/** A batch that is ready for the stage after. */
export interface ValidatedBatch {
  readonly partition: number;
  readonly batch: SeriesBatch;
}

interface OpenBatch {
  readonly partition: number;
  readonly packed: PackedBatchWriter;
  /** Definitions that did not fit beside the points. */
  readonly ahead: PackedBatchWriter;
  bytes: number;
  besideBytes: number;
  aheadBytes: number;
}

/**
 * Gathers good points by partition and tenant into batches that a topic takes.
 *
 * Batches are closed between two raw records only: all of a raw record’s runs for one partition are in one batch, which
 * is what lets the stage after tell repeats.
 */
export class OpenBatches {
  readonly #partitions: number;
  /** By tenant, then by partition. */
  readonly #open = new Map<string, (OpenBatch | undefined)[]>();
  /** The batches of the tenant whose record is under way. */
  #current: (OpenBatch | undefined)[] = [];
  #tenant = '';
  readonly #closed: ValidatedBatch[] = [];
  readonly #memory = new BatchMemory();
  #bytes = 0;

  /** @param partitions of the output topic, a power of two. */
  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  /**
   * Makes room for another raw record, whose runs come next.
   * @returns whether a batch of it can become larger than a topic takes: then look at `largestBytes` when it is in.
   */
  startRecord(tenant: string, series: number, points: number): boolean {
    const most = series * SERIES_BYTES + points * (POINT_BYTES + RUN_BYTES);
    if (this.#bytes + most > CLOSE_BYTES) this.#close();
    this.#tenant = tenant;
    this.#current = this.#open.get(tenant) ?? [];
    this.#open.set(tenant, this.#current);
    return most > MOST_BATCH_BYTES;
  }

  /** Size of the largest batch under way, bytes, an upper bound. */
  get largestBytes(): number {
    let largest = 0;
    for (const { bytes } of this.#batches()) largest = Math.max(largest, bytes);
    return largest;
  }

  /** Forgets the batches under way. */
  discard(): void {
    this.#open.clear();
    this.#current = [];
    this.#bytes = 0;
  }

  /** Adds a run of a series of the record under way; the series is defined first where `definition` is given. */
  addRun(partition: number, run: RunSource, definition?: SeriesDefinition): void {
    const open = this.#current[partition] ?? this.#create(partition);
    if (definition !== undefined) this.#define(open, definition);
    open.packed.addRun(run);
    this.#grow(open, RUN_BYTES + (run.end - run.start) * POINT_BYTES);
  }

  /** Counts a series towards the batch that its runs went to. */
  endSeries(partition: number): void {
    const open = this.#current[partition];
    if (open !== undefined) this.#grow(open, SERIES_BYTES);
  }

  /** Hands over everything packed since the last call; the batches’ columns are good until the next `addRun`. */
  drain(emit: (batch: ValidatedBatch) => void): void {
    this.#close();
    for (const batch of this.#closed.splice(0)) emit(batch);
    this.#memory.reclaim();
  }

  #grow(open: OpenBatch, bytes: number): void {
    open.bytes += bytes;
    this.#bytes += bytes;
  }

  #define(open: OpenBatch, definition: SeriesDefinition): void {
    const bytes = definitionBytes(definition);
    if (open.besideBytes + bytes <= DEFINITIONS_BESIDE_BYTES) {
      open.packed.addDefinition(definition);
      open.besideBytes += bytes;
      return;
    }
    if (open.aheadBytes + bytes > DEFINITIONS_AHEAD_BYTES) this.#closeAhead(open);
    open.ahead.addDefinition(definition);
    open.aheadBytes += bytes;
  }

  #create(partition: number): OpenBatch {
    const open = {
      partition,
      packed: new PackedBatchWriter(this.#tenant, partition, this.#partitions, this.#memory),
      ahead: new PackedBatchWriter(this.#tenant, partition, this.#partitions, this.#memory),
      bytes: 0,
      besideBytes: 0,
      aheadBytes: 0,
    };
    this.#current[partition] = open;
    return open;
  }

  *#batches(): Generator<OpenBatch> {
    for (const batches of this.#open.values()) {
      for (const open of batches) if (open !== undefined) yield open;
    }
  }

  #close(): void {
    for (const open of this.#batches()) {
      this.#closeAhead(open);
      const { partition, packed } = open;
      if (packed.points > 0) this.#closed.push({ partition, batch: packed.take() });
    }
    this.discard();
  }

  #closeAhead(open: OpenBatch): void {
    const { partition, ahead } = open;
    if (ahead.definitions > 0) this.#closed.push({ partition, batch: ahead.take() });
    open.aheadBytes = 0;
  }
}

function definitionBytes({ tenant, name, labels }: SeriesDefinition): number {
  let characters = tenant.length + name.length + 64;
  for (const label in labels) characters += label.length + (labels[label]?.length ?? 0) + 4;
  return characters * CHARACTER_BYTES;
}
