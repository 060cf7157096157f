import { Catalog } from '../operators/catalog.ts';
import type { EnrichSink } from '../operators/enrich/enrich-sink.ts';
import { Enricher } from '../operators/enrich/enricher.ts';
import type { EnrichOptions } from '../operators/enrich/options.ts';
import type { EvictedSeries } from '../operators/enrich/series-register.ts';
import type { LatePoints } from '../operators/event-time-options.ts';
import { SourceProgress } from '../operators/source-progress.ts';
import { WatermarkRelay } from '../operators/watermark-relay.ts';
import type { ErrorCode } from '../runtime/errors.ts';
import type { CreateKernel, Kernel, KernelContext, KernelOutput } from '../runtime/kernel.ts';
import type { SlotReader } from '../runtime/slot.ts';
import {
  numbered,
  parseStateKey,
  type StateEntry,
  single,
} from '../runtime/state/state-entries.ts';
import { Codec } from '../schemas/codec.ts';
import type { SeriesDefinition } from '../schemas/generated/series-definition.ts';
import { ColumnMemory, readPackedBatch } from '../schemas/read-packed-batch.ts';
import { CatalogReader } from './catalog-reader.ts';
import { DecisionWriter } from './decision-writer.ts';
import { decodeRecord } from './decode-record.ts';
import type { StageOptions } from './stage-options.ts';

type Context = KernelContext<StageOptions<EnrichOptions>>;

/** Input topics by their number in the topology. */
const VALIDATED = 0;

/** ENRICH: owns the series of its shards; orders their points, adds what the catalog knows, passes event time on. */
class EnrichKernel implements Kernel {
  readonly #context: Context;
  readonly #codec: Codec;
  readonly #catalog: CatalogReader;
  readonly #progress = new SourceProgress();
  readonly #memory = new ColumnMemory();
  readonly #enricher: Enricher;
  readonly #eventTime: WatermarkRelay;
  readonly #decisions: DecisionWriter;
  #restored = false;

  constructor(context: Context) {
    const { schemaIds, section, series, eventTime } = context.options;
    const { partition, partitions } = context;
    const catalog = new Catalog();
    this.#context = context;
    this.#codec = new Codec(schemaIds);
    this.#catalog = new CatalogReader(this.#codec, catalog);
    this.#enricher = new Enricher({
      options: section,
      limits: series,
      latePoints: eventTime.latePoints,
      catalog,
      progress: this.#progress,
      partition,
      partitions,
    });
    this.#eventTime = new WatermarkRelay({ ...eventTime, sources: partitions, expectsAll: true });
    this.#decisions = new DecisionWriter(context, this.#codec);
  }

  process(input: SlotReader, output: KernelOutput): void {
    this.#catalog.settle();
    if (this.#restored) this.#enricher.register.rebuild();
    this.#restored = false;
    let latestMs = 0;
    while (input.next()) {
      if (input.topic === VALIDATED) {
        latestMs = Math.max(latestMs, input.timestampMs);
        this.#validated(input, output);
      } else {
        this.#catalog.read(input, output);
      }
    }
    this.#enricher.drain((batch) => {
      const value = this.#codec.encodeView('SeriesBatch', batch);
      output.emit('metrics.enriched', this.#context.partition, null, value, latestMs);
      output.count('points_out_total', batch.values.length / 8);
    });
    this.#tick(latestMs, output);
    this.#report(output);
    this.#decisions.flush(output);
  }

  *checkpoint(): Generator<StateEntry> {
    const { contexts, register } = this.#enricher;
    yield* numbered('page', register.table.takeDirty());
    yield* single('sweep', register.sweep);
    yield* numbered('context', contexts.takeNew());
    yield* single('source', this.#progress);
    yield* single('time', this.#eventTime);
    yield* numbered('catalog', this.#catalog.takeUnsaved());
    yield* single('decisions', this.#decisions);
  }

  restore(key: Uint8Array, value: Uint8Array | null): void {
    const { name, number } = parseStateKey(key);
    this.#restored = true;
    const { table, sweep } = this.#enricher.register;
    if (name === 'page') return table.readPage(number, value);
    if (value === null) return;
    if (name === 'sweep') sweep.restore(value);
    else if (name === 'context') this.#enricher.contexts.restore(number, value);
    else if (name === 'source') this.#progress.restore(value);
    else if (name === 'time') this.#eventTime.restore(value);
    else if (name === 'catalog') this.#catalog.restore(number, value);
    else if (name === 'decisions') this.#decisions.restore(value);
  }

  #validated(input: SlotReader, output: KernelOutput): void {
    const { index, timestampMs } = input;
    const refusing = this.#refusing(input, output);
    const decoded = decodeRecord(this.#codec, input, ['SeriesBatch', 'Tick'], refusing);
    if (decoded === undefined) return;
    if (decoded.name === 'Tick') {
      this.#eventTime.hear(decoded.value.sourcePartition, decoded.value);
      this.#decisions.advance(timestampMs);
      return;
    }
    const batch = readPackedBatch(decoded.value, this.#memory);
    if ('code' in batch) {
      refusing.reject(index, { ...batch, points: 0 });
      return;
    }
    output.count('points_in_total', batch.pointCount);
    const { counts } = this.#enricher;
    const refusedBefore = counts.outOfOrder;
    const late = new Map<LatePoints, number>();
    const sink = this.#sink(batch.tenant, input, output, late);
    this.#enricher.accept(batch, sink);
    const decided = { tenant: batch.tenant, atMs: timestampMs, example: placeOf(input) };
    for (const [outcome, count] of late) {
      output.count(`points_late_total{policy="${outcome}"}`, count);
      const kind = outcome === 'score' ? 'SCORE' : 'DROP';
      this.#decisions.note({ ...decided, kind, code: 'POINT_LATE', outcome, count });
    }
    const count = counts.outOfOrder - refusedBefore;
    if (count > 0) {
      const code = 'POINT_OUT_OF_ORDER';
      this.#decisions.note({ ...decided, kind: 'DROP', code, outcome: 'drop', count });
    }
  }

  /** Gives up a record that nobody can read, and notes it: without tenant or points, for they cannot be told. */
  #refusing(input: SlotReader, output: KernelOutput): Pick<KernelOutput, 'reject'> {
    return {
      reject: (index, rejection) => {
        const outcome = output.reject(index, rejection);
        const decided = { tenant: '', kind: 'REJECT', code: rejection.code, outcome } as const;
        const { timestampMs: atMs } = input;
        this.#decisions.note({ ...decided, atMs, count: 1, example: placeOf(input) });
        return outcome;
      },
    };
  }

  /** Behind the points that it stands for: detect hears how far event time has come for this partition. */
  #tick(latestMs: number, output: KernelOutput): void {
    const watermarkMs = this.#eventTime.takeTick();
    if (watermarkMs === undefined) return;
    const { partition } = this.#context;
    const tick = this.#codec.encode('Tick', {
      sourcePartition: partition,
      watermarkMs,
      idle: false,
    });
    output.emit('metrics.enriched', partition, null, tick, latestMs);
  }

  #sink(
    tenant: string,
    input: SlotReader,
    output: KernelOutput,
    late: Map<LatePoints, number>,
  ): EnrichSink {
    const atMs = input.timestampMs;
    const example = placeOf(input);
    const note = (code: ErrorCode, outcome: string, count: number) =>
      this.#decisions.note({ tenant, kind: 'DROP', code, outcome, atMs, count, example });
    return {
      dropped: (code, points) => {
        output.reject(input.index, { code, points });
        // What was late is told as such.
        if (code !== 'POINT_LATE') note(code, 'drop', points);
      },
      late: (outcome, points) => late.set(outcome, (late.get(outcome) ?? 0) + points),
      registered: (definition) => this.#register(definition, atMs, output),
      evicted: (series) => this.#evicted(series, atMs, output),
      collided: ({ name }, only, points) => {
        const value = this.#codec.encode('SeriesBatch', only);
        const code = 'SERIES_ID_COLLISION';
        const detail = name.slice(0, 64);
        note(code, output.reject(input.index, { code, points, detail, value, tenant }), points);
      },
    };
  }

  #register(definition: SeriesDefinition, atMs: number, output: KernelOutput): void {
    const value = this.#codec.encode('SeriesDefinition', definition);
    output.emit('series', this.#context.partition, definition.seriesId, value, atMs);
    output.count('series_registered_total', 1);
  }

  #evicted({ seriesId, tenant, metric }: EvictedSeries, atMs: number, output: KernelOutput): void {
    output.emit('series', this.#context.partition, seriesId, null, atMs);
    output.count('series_evicted_total', 1);
    const note = { tenant, kind: 'CLOSE', code: 'SERIES_STALE', outcome: 'evicted' } as const;
    this.#decisions.note({ ...note, atMs, count: 1, example: metric });
  }

  #report(output: KernelOutput): void {
    const { counts } = this.#enricher;
    const drops = [
      ['POINT_DUPLICATE', counts.duplicates],
      ['POINT_OUT_OF_ORDER', counts.outOfOrder],
      ['COUNTER_BASE', counts.counterBases],
      ['SERIES_ENDED', counts.ended],
      ['RATE_NOT_FINITE', counts.overflows],
    ] as const;
    for (const [code, points] of drops) {
      if (points > 0) output.count(`points_dropped_total{code="${code}"}`, points);
    }
    if (counts.counterResets > 0) output.count('counter_resets_total', counts.counterResets);
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] = 0;
    const { table, room } = this.#enricher.register;
    output.gauge('series', table.liveRows);
    if (room < Number.POSITIVE_INFINITY) output.gauge('series_room', room);
  }
}

function placeOf({ partition, offset }: SlotReader): string {
  return `metrics.validated/${partition}/${offset}`;
}

const createKernel: CreateKernel<StageOptions<EnrichOptions>> = async (context) =>
  new EnrichKernel(context);

export default createKernel;
