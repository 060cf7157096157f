import { type BatchColumns, BatchMemory } from './batch-memory.ts';
import type { SeriesBatch } from './generated/series-batch.ts';
import type { SeriesContext } from './generated/series-context.ts';
import type { SeriesDefinition } from './generated/series-definition.ts';
import { shardTotal } from './identity.ts';
import type { RunSource } from './run-columns.ts';

/** The layout of `SeriesBatch` and `MetricBatch` columns that this version writes and reads. */
export const batchLayout = 1;

const NO_CONTEXT = 0xffff;
/** What a batch without runs is made of. */
const nothing: BatchColumns = new BatchMemory().take();
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
  readonly #memory: BatchMemory;
  #gathered: BatchColumns | undefined;
  #definitions: SeriesDefinition[] = [];
  #definitionBytes = 0;
  #contexts: SeriesContext[] = [];
  #slotContexts: number[] = [];

  /**
   * @param partitions of the output topic, a power of two.
   * @param memory where columns come from; whoever hands it in reclaims it once the batches were read.
   */
  constructor(tenant: string, partition: number, partitions: number, memory = new BatchMemory()) {
    this.#tenant = tenant;
    this.#partition = partition;
    this.#partitions = partitions;
    this.#memory = memory;
  }

  /** Points gathered. */
  get points(): number {
    return this.#gathered?.columns.points ?? 0;
  }

  /** Definitions gathered. */
  get definitions(): number {
    return this.#definitions.length;
  }

  /** Size of the record to come, bytes, roughly: what to hold against the limit of the topic. */
  get estimatedBytes(): number {
    const { slots, columns } = this.#gathered ?? nothing;
    return columns.byteLength + slots.count * 10 + this.#definitionBytes;
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

  /**
   * Adds the points `[start, end)` of two columns as a run; copies them, bit by bit. A series whose context has changed
   * since its last run gets another slot.
   */
  addRun(run: RunSource): void {
    this.#gathered ??= this.#memory.take();
    const { slots, columns } = this.#gathered;
    let slot = slots.slotOf(run.seriesLow, run.seriesHigh);
    if (run.context !== undefined) {
      const former = this.#slotContexts[slot] ?? run.context;
      if (former !== run.context) slot = slots.anotherSlot(run.seriesLow, run.seriesHigh);
      this.#slotContexts[slot] = run.context;
    }
    columns.append(slot, run);
  }

  /** Returns the batch, whose columns are good until the memory is reclaimed, and starts afresh. */
  take(): SeriesBatch {
    const { slots, columns } = this.#gathered ?? nothing;
    const batch: SeriesBatch = {
      tenant: this.#tenant,
      firstShard: this.#partition,
      shardCount: shardTotal / this.#partitions,
      layout: batchLayout,
      seriesIds: slots.idBytes(),
      ...columns.bytes(),
      definitions: this.#definitions,
      contexts: this.#contexts,
      seriesContexts: this.#contextBytes(slots.count),
    };
    if (this.#gathered !== undefined) this.#memory.lend(this.#gathered);
    this.#gathered = undefined;
    this.#definitions = [];
    this.#definitionBytes = 0;
    this.#contexts = [];
    this.#slotContexts = [];
    return batch;
  }

  #contextBytes(count: number): Uint8Array {
    if (this.#contexts.length === 0) return NO_BYTES;
    const indices = new Uint16Array(count);
    for (let slot = 0; slot < indices.length; slot++) {
      const context = this.#slotContexts[slot] ?? NO_CONTEXT;
      if (context >= this.#contexts.length) throw new TypeError(`slot ${slot} has no context`);
      indices[slot] = context;
    }
    return new Uint8Array(indices.buffer);
  }
}
