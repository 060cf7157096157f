import type { ErrorCode } from '../../runtime/errors.ts';
import { BatchMemory } from '../../schemas/batch-memory.ts';
import type { SeriesBatch } from '../../schemas/generated/series-batch.ts';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import { idHigh, idLow } from '../../schemas/identity.ts';
import { PackedBatchWriter } from '../../schemas/packed-batch.ts';
import type { PackedBatch } from '../../schemas/read-packed-batch.ts';
import type { MutableRun } from '../../schemas/run-columns.ts';
import { runFlags } from '../../schemas/run-flags.ts';
import type { Catalog } from '../catalog.ts';
import type { LatePoints } from '../event-time-options.ts';
import type { SourceProgress } from '../source-progress.ts';
import { type LiveSpan, liveSpan } from '../stale-sweep.ts';
import { ContextBook } from './context-book.ts';
import type { EnrichSink } from './enrich-sink.ts';
import type { EnrichOptions } from './options.ts';
import { type SequenceCounts, Sequencer } from './sequencer.ts';
import { type RegisterLimits, SeriesRegister } from './series-register.ts';
import { TenantWriter } from './tenant-writer.ts';

const ID_BYTES = 8;

/** What an enricher needs. */
export interface EnricherSetup {
  readonly options: EnrichOptions;
  readonly limits: RegisterLimits;
  /** What becomes of late points whose metric’s definition does not say. */
  readonly latePoints: LatePoints;
  readonly catalog: Catalog;
  readonly progress: SourceProgress;
  readonly partition: number;
  readonly partitions: number;
}

/**
 * Owns the series of a task: registers definitions, keeps points in time order and once, turns counters into rates,
 * and adds what the catalog knows.
 *
 * `accept` all batches of a call, then `drain`.
 */
export class Enricher {
  readonly contexts: ContextBook;
  readonly register: SeriesRegister;
  readonly counts: SequenceCounts = {
    accepted: 0,
    duplicates: 0,
    outOfOrder: 0,
    counterBases: 0,
    counterResets: 0,
    ended: 0,
    overflows: 0,
  };
  readonly #setup: EnricherSetup;
  readonly #sequencer: Sequencer;
  readonly #writers = new Map<string, TenantWriter>();
  readonly #memory = new BatchMemory();
  /** The run on its way to the writer; one object, written anew for each. */
  readonly #source: MutableRun = {
    seriesLow: 0,
    seriesHigh: 0,
    timestamps: new Float64Array(0),
    values: new Float64Array(0),
    start: 0,
    end: 0,
    sourcePartition: 0,
    sourceOffset: 0,
    flags: 0,
    context: 0,
  };

  constructor(setup: EnricherSetup) {
    this.#setup = setup;
    this.contexts = new ContextBook(setup.catalog);
    this.register = new SeriesRegister(this.contexts, setup.limits);
    this.#sequencer = new Sequencer(this.register.table);
  }

  accept(batch: PackedBatch, sink: EnrichSink): void {
    const { progress } = this.#setup;
    progress.startBatch(batch.tenant);
    this.#sweep(liveSpan(batch), sink);
    const barred = this.#define(batch, sink);
    const writer = this.#writer(batch.tenant);
    for (const definition of batch.definitions) {
      if (!barred.has(keyOf(definition.seriesId, 0))) writer.addDefinition(definition);
    }
    for (let run = 0; run < batch.runCount; ) {
      const end = endOfRecord(batch, run);
      const points = (batch.runStarts[end] ?? 0) - (batch.runStarts[run] ?? 0);
      writer.startRecord(end - run, points);
      for (; run < end; run++) this.#run(batch, run, barred, writer, sink);
    }
    progress.endBatch();
  }

  /** Hands over everything enriched since the last call; the batches’ columns are good until the next `accept`. */
  drain(emit: (batch: SeriesBatch) => void): void {
    for (const writer of this.#writers.values()) writer.drain(emit);
    this.#writers.clear();
    this.#memory.reclaim();
  }

  #sweep(span: LiveSpan | undefined, sink: EnrichSink): void {
    const { sweep } = this.register;
    if (span !== undefined) sweep.observe(span);
    sweep.step(
      () => undefined,
      (row) => sink.evicted(this.register.evict(row)),
    );
  }

  #define(batch: PackedBatch, sink: EnrichSink): ReadonlyMap<string, ErrorCode> {
    const barred = new Map<string, ErrorCode>();
    for (const definition of batch.definitions) {
      const { seriesId, tenant, firstSeenMs } = definition;
      // A batch may define a series twice; what collided is a dead letter once.
      if (barred.has(keyOf(seriesId, 0))) continue;
      this.#find(idLow(seriesId, 0), idHigh(seriesId, 0), sink);
      const limit = this.#limit(tenant, firstSeenMs);
      const became = this.register.define(
        definition,
        idLow(seriesId, 0),
        idHigh(seriesId, 0),
        limit,
      );
      if (became === 'new') sink.registered(definition);
      else if (became === 'limit') barred.set(keyOf(seriesId, 0), 'SERIES_LIMIT');
      else if (became === 'memory') barred.set(keyOf(seriesId, 0), 'SERIES_MEMORY');
      else if (became === 'collision') {
        barred.set(keyOf(seriesId, 0), 'SERIES_ID_COLLISION');
        const only = this.#only(batch, definition);
        // Without points its runs came before, and so did their dead letter.
        if (only.points > 0) sink.collided(definition, only.batch, only.points);
      }
    }
    return barred;
  }

  /** Row of a series, or -1; one that was silent for too long is gone, whether the sweep has come by or not. */
  #find(low: number, high: number, sink: EnrichSink): number {
    const row = this.register.find(low, high);
    if (row < 0 || !this.register.sweep.isStale(row)) return row;
    sink.evicted(this.register.evict(row));
    return -1;
  }

  /** Why a series is not known: most likely because it was refused when its definition came. */
  #whyUnknown(tenant: string, atMs: number): ErrorCode {
    if (this.register.isFull(tenant, this.#limit(tenant, atMs))) return 'SERIES_LIMIT';
    return this.register.hasRoom(tenant) ? 'SERIES_UNDEFINED' : 'SERIES_MEMORY';
  }

  /** Series that a tenant may have in this task. */
  #limit(tenant: string, atMs: number): number {
    const { options, catalog, partitions } = this.#setup;
    const own = catalog.tenant(tenant, atMs)?.maxSeries ?? 0;
    return Math.ceil((own > 0 ? own : options.maxSeriesPerTenant) / partitions);
  }

  #only(batch: PackedBatch, definition: SeriesDefinition): { batch: SeriesBatch; points: number } {
    const { partition, partitions } = this.#setup;
    const packed = new PackedBatchWriter(batch.tenant, partition, partitions);
    packed.addDefinition(definition);
    const { timestamps, values } = batch;
    for (let run = 0; run < batch.runCount; run++) {
      const at = (batch.runSeries[run] ?? 0) * ID_BYTES;
      if (keyOf(batch.seriesIds, at) !== keyOf(definition.seriesId, 0)) continue;
      if (this.#isRepeat(batch, run)) continue;
      const start = batch.runStarts[run] ?? 0;
      packed.addRun({
        seriesLow: idLow(batch.seriesIds, at),
        seriesHigh: idHigh(batch.seriesIds, at),
        timestamps,
        values,
        start,
        end: batch.runStarts[run + 1] ?? 0,
        sourcePartition: batch.runSourcePartitions[run] ?? 0,
        sourceOffset: batch.runSourceOffsets[run] ?? 0,
        flags: batch.runFlags[run] ?? 0,
      });
    }
    const { points } = packed;
    return { batch: packed.take(), points };
  }

  #run(
    batch: PackedBatch,
    run: number,
    barred: ReadonlyMap<string, ErrorCode>,
    writer: TenantWriter,
    sink: EnrichSink,
  ): void {
    const series = batch.runSeries[run] ?? 0;
    const start = batch.runStarts[run] ?? 0;
    const end = batch.runStarts[run + 1] ?? 0;
    const count = end - start;
    if (this.#isRepeat(batch, run)) return sink.dropped('RECORD_REPEATED', count);
    const at = series * ID_BYTES;
    const bar = barred.size === 0 ? undefined : barred.get(keyOf(batch.seriesIds, at));
    // Collided points are a dead letter already.
    if (bar === 'SERIES_ID_COLLISION') return;
    if (bar !== undefined) return sink.dropped(bar, count);
    const row = this.#find(idLow(batch.seriesIds, at), idHigh(batch.seriesIds, at), sink);
    if (row < 0) {
      const firstMs = batch.timestamps[start] ?? 0;
      return sink.dropped(this.#whyUnknown(batch.tenant, firstMs), count);
    }
    // A definition acts from its time on: what lies before it and behind it is taken apart.
    for (let from = start; from < end; ) {
      const changeMs = this.#setup.catalog.nextChangeMs(batch.timestamps[from] ?? 0);
      const to = stretchEnd(batch.timestamps, from, end, changeMs);
      this.#stretch(batch, run, row, from, to, writer, sink);
      from = to;
    }
  }

  /** Takes the points `[from, to)` of a run under one set of definitions. */
  #stretch(
    batch: PackedBatch,
    run: number,
    row: number,
    from: number,
    to: number,
    writer: TenantWriter,
    sink: EnrichSink,
  ): void {
    const firstMs = batch.timestamps[from] ?? 0;
    const context = this.register.contextOf(row);
    const flags = batch.runFlags[run] ?? 0;
    const late = (flags & runFlags.late) === 0 ? undefined : this.#outcome(context, firstMs);
    if (late === 'drop') return leaveOut(late, to - from, sink);
    const sequencer = this.#sequencer;
    sequencer.clear();
    const counter = this.contexts.isCounter(context, firstMs);
    sequencer.run(row, batch.timestamps, batch.values, from, to, counter, this.counts);
    if (sequencer.length === 0) return;
    this.register.sweep.hear(row);
    if (late === 'count') return leaveOut(late, sequencer.length, sink);
    if (late !== undefined) sink.late(late, sequencer.length);
    const at = (batch.runSeries[run] ?? 0) * ID_BYTES;
    const source = this.#source;
    source.seriesLow = idLow(batch.seriesIds, at);
    source.seriesHigh = idHigh(batch.seriesIds, at);
    source.timestamps = sequencer.timestamps;
    source.values = sequencer.values;
    source.end = sequencer.length;
    source.sourcePartition = batch.runSourcePartitions[run] ?? 0;
    source.sourceOffset = batch.runSourceOffsets[run] ?? 0;
    source.flags = flags;
    writer.addRun(source, this.contexts.resolve(context, firstMs));
  }

  /** What becomes of late points: by the metric’s definition, else by the options. */
  #outcome(context: number, atMs: number): LatePoints {
    return this.contexts.latePoints(context, atMs) ?? this.#setup.latePoints;
  }

  #isRepeat(batch: PackedBatch, run: number): boolean {
    return this.#setup.progress.isRepeat(
      batch.runSourcePartitions[run] ?? 0,
      batch.runSourceOffsets[run] ?? 0,
    );
  }

  #writer(tenant: string): TenantWriter {
    const open = this.#writers.get(tenant);
    if (open !== undefined) return open;
    const { partition, partitions } = this.#setup;
    const writer = new TenantWriter(tenant, partition, partitions, this.#memory);
    this.#writers.set(tenant, writer);
    return writer;
  }
}

/** First point from which on a change is in effect. */
function stretchEnd(timestamps: Float64Array, from: number, end: number, changeMs: number): number {
  if (changeMs === Number.POSITIVE_INFINITY) return end;
  let to = from + 1;
  while (to < end && (timestamps[to] ?? 0) < changeMs) to += 1;
  return to;
}

function leaveOut(outcome: LatePoints, points: number, sink: EnrichSink): void {
  sink.late(outcome, points);
  sink.dropped('POINT_LATE', points);
}

/** First run behind those of the same raw record. */
function endOfRecord(
  { runCount, runSourcePartitions, runSourceOffsets }: PackedBatch,
  from: number,
): number {
  let run = from + 1;
  for (; run < runCount; run++) {
    if (runSourceOffsets[run] !== runSourceOffsets[from]) break;
    if (runSourcePartitions[run] !== runSourcePartitions[from]) break;
  }
  return run;
}

function keyOf(ids: Uint8Array, at: number): string {
  return `${idHigh(ids, at)}:${idLow(ids, at)}`;
}
