import type { SeriesBatch } from './generated/series-batch.ts';
import type { SeriesContext } from './generated/series-context.ts';
import type { SeriesDefinition } from './generated/series-definition.ts';
import { shardTotal } from './identity.ts';
import type { RunSource } from './run-columns.ts';
import { RunColumns } from './run-columns.ts';
import { SeriesSlots } from './series-slots.ts';

/** The layout of `SeriesBatch` and `MetricBatch` columns that this version writes and reads. */
export const batchLayout = 1;

const NO_CONTEXT = 0xffff;
const NO_BYTES = new Uint8Array(0);
/** Bytes of a definition beside its texts, roughly: ids, lengths, time. */
const DEFINITION_BYTES = 40;

/**
 * Packs runs of points of one tenant and one partition into a `SeriesBatch`.
 *
 * Runs keep the order in which they are added, so within one source partition offsets never fall. Runs are never merged.
 * One instance can be reused: `take` starts it afresh.
 */
export class PackedBatchWriter {
  readonly #tenant: string;
  readonly #partition: number;
  readonly #partitions: number;
  #slots = new SeriesSlots();
  #columns = new RunColumns();
  #definitions: SeriesDefinition[] = [];
  #definitionBytes = 0;
  #contexts: SeriesContext[] = [];
  #slotContexts: number[] = [];

  /** @param partitions of the output topic, a power of two. */
  constructor(tenant: string, partition: number, partitions: number) {
    this.#tenant = tenant;
    this.#partition = partition;
    this.#partitions = partitions;
  }

  /** Points gathered. */
  get points(): number {
    return this.#columns.points;
  }

  /** Definitions gathered. */
  get definitions(): number {
    return this.#definitions.length;
  }

  /** Size of the record to come, bytes, roughly: what to hold against the limit of the topic. */
  get estimatedBytes(): number {
    return this.#columns.byteLength + this.#slots.count * 10 + this.#definitionBytes;
  }

  addDefinition(definition: SeriesDefinition): void {
    this.#definitions.push(definition);
    let texts = definition.tenant.length + definition.name.length;
    for (const label in definition.labels) {
      texts += label.length + (definition.labels[label]?.length ?? 0) + 2;
    }
    this.#definitionBytes += texts + DEFINITION_BYTES;
  }

  /** Adds what ENRICH knows of a metric and returns its index, for `addRun`; at most 65,535 per batch. */
  addContext(context: SeriesContext): number {
    return this.#contexts.push(context) - 1;
  }

  /** Adds the points `[start, end)` of two columns as a run; copies them, bit by bit. */
  addRun(run: RunSource): void {
    const slot = this.#slots.slotOf(run.seriesLow, run.seriesHigh);
    if (run.context !== undefined) this.#slotContexts[slot] = run.context;
    this.#columns.append(slot, run);
  }

  /** Returns the batch and starts afresh. */
  take(): SeriesBatch {
    const batch: SeriesBatch = {
      tenant: this.#tenant,
      firstShard: this.#partition,
      shardCount: shardTotal / this.#partitions,
      layout: batchLayout,
      seriesIds: this.#slots.idBytes(),
      ...this.#columns.bytes(),
      definitions: this.#definitions,
      contexts: this.#contexts,
      seriesContexts: this.#contextBytes(),
    };
    this.#slots = new SeriesSlots();
    this.#columns = new RunColumns();
    this.#definitions = [];
    this.#definitionBytes = 0;
    this.#contexts = [];
    this.#slotContexts = [];
    return batch;
  }

  #contextBytes(): Uint8Array {
    if (this.#contexts.length === 0) return NO_BYTES;
    const indices = new Uint16Array(this.#slots.count);
    for (let slot = 0; slot < indices.length; slot++) {
      const context = this.#slotContexts[slot] ?? NO_CONTEXT;
      if (context >= this.#contexts.length) throw new TypeError(`slot ${slot} has no context`);
      indices[slot] = context;
    }
    return new Uint8Array(indices.buffer);
  }
}
