import type { BatchMemory } from '../../schemas/batch-memory.ts';
import type { SeriesBatch } from '../../schemas/generated/series-batch.ts';
import type { SeriesContext } from '../../schemas/generated/series-context.ts';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import { PackedBatchWriter } from '../../schemas/packed-batch.ts';
import type { MutableRun } from '../../schemas/run-columns.ts';

/** Size from which a batch is closed, bytes: half of what a topic takes. */
const CLOSE_BYTES = 8 * 1024 * 1024;
/** Bytes of a run beside its points, and of a point whose time does not follow a step. */
const RUN_BYTES = 47;
const POINT_BYTES = 16;
/** Bytes of a context, roughly. */
const CONTEXT_BYTES = 300;
/** From so many runs on a raw record is held to bring a context with each. */
const MANY_RUNS = 4096;
/** Bytes that a character of a label can take. */
const CHARACTER_BYTES = 3;

/**
 * Gathers the enriched points of one tenant into batches that a topic takes.
 *
 * A batch is closed between two raw records only: all of a raw record’s runs are in one batch, which is what lets the
 * stage after tell repeats.
 */
export class TenantWriter {
  readonly #packed: PackedBatchWriter;
  readonly #closed: SeriesBatch[] = [];
  /** Resolved contexts are shared objects, so identity tells them apart. */
  readonly #contexts = new Map<SeriesContext, number>();
  #bytes = 0;

  constructor(tenant: string, partition: number, partitions: number, memory?: BatchMemory) {
    this.#packed = new PackedBatchWriter(tenant, partition, partitions, memory);
  }

  /** Adds a definition; only before the runs of a raw record. */
  addDefinition(definition: SeriesDefinition): void {
    const bytes = definitionBytes(definition);
    this.#makeRoom(bytes);
    this.#packed.addDefinition(definition);
    this.#bytes += bytes;
  }

  /** Tells that the runs of another raw record follow: so many, with so many points in all. */
  startRecord(runs: number, points: number): void {
    const contexts = runs > MANY_RUNS ? runs * CONTEXT_BYTES : 0;
    this.#makeRoom(runs * RUN_BYTES + points * POINT_BYTES + contexts);
  }

  /** Adds a run; writes the place of its context into it. */
  addRun(run: MutableRun, context: SeriesContext): void {
    run.context = this.#contextIndex(context);
    this.#packed.addRun(run);
    this.#bytes += RUN_BYTES + (run.end - run.start) * POINT_BYTES;
  }

  /** Hands over everything gathered since the last call. */
  drain(emit: (batch: SeriesBatch) => void): void {
    this.#close();
    for (const batch of this.#closed.splice(0)) emit(batch);
  }

  #makeRoom(bytes: number): void {
    if (this.#bytes + bytes > CLOSE_BYTES) this.#close();
  }

  #close(): void {
    this.#bytes = 0;
    this.#contexts.clear();
    const { points, definitions } = this.#packed;
    if (points > 0 || definitions > 0) this.#closed.push(this.#packed.take());
  }

  #contextIndex(context: SeriesContext): number {
    const known = this.#contexts.get(context);
    if (known !== undefined) return known;
    const index = this.#packed.addContext(context);
    this.#contexts.set(context, index);
    this.#bytes += CONTEXT_BYTES;
    return index;
  }
}

function definitionBytes({ tenant, name, labels }: SeriesDefinition): number {
  let characters = tenant.length + name.length + 64;
  for (const label in labels) characters += label.length + (labels[label]?.length ?? 0) + 4;
  return characters * CHARACTER_BYTES;
}
