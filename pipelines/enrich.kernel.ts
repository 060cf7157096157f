import { Catalog } from '../operators/catalog.ts';
import { Enricher, type EnrichSink } from '../operators/enrich/enricher.ts';
import type { EnrichOptions } from '../operators/enrich/options.ts';
import type { EvictedSeries } from '../operators/enrich/series-register.ts';
import { SourceProgress } from '../operators/source-progress.ts';
import type { ErrorCode } from '../runtime/errors.ts';
import type { CreateKernel, Kernel, KernelContext, KernelOutput } from '../runtime/kernel.ts';
import type { SlotReader } from '../runtime/slot.ts';
import { parseStateKey, stateKey, type WriteState } from '../runtime/state-entries.ts';
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

/** ENRICH: owns the series of its shards; orders their points and adds what the catalog knows. */
class EnrichKernel implements Kernel {
  readonly #context: Context;
  readonly #codec: Codec;
  readonly #catalog: CatalogReader;
  readonly #progress = new SourceProgress();
  readonly #memory = new ColumnMemory();
  readonly #enricher: Enricher;
  readonly #decisions: DecisionWriter;
  #restored = false;

  constructor(context: Context) {
    const { schemaIds, section, series } = context.options;
    const { partition, partitions } = context;
    const catalog = new Catalog();
    this.#context = context;
    this.#codec = new Codec(schemaIds);
    this.#catalog = new CatalogReader(this.#codec, catalog);
    this.#enricher = new Enricher({
      options: section,
      limits: series,
      catalog,
      progress: this.#progress,
      partition,
      partitions,
    });
    this.#decisions = new DecisionWriter(context, this.#codec);
  }

  process(input: SlotReader, output: KernelOutput): void {
    if (this.#restored) this.#enricher.register.rebuild();
    this.#restored = false;
    let latestMs = 0;
    while (input.next()) {
      if (input.topic === VALIDATED) {
        latestMs = Math.max(latestMs, input.timestampMs);
        this.#batch(input, output);
      } else {
        this.#catalog.read(input, output);
      }
    }
    this.#enricher.drain((batch) => {
      const value = this.#codec.encodeView('SeriesBatch', batch);
      output.emit('metrics.enriched', this.#context.partition, null, value, latestMs);
      output.count('points_out_total', batch.values.length / 8);
    });
    this.#report(output);
    this.#decisions.flush(output);
  }

  checkpoint(write: WriteState): void {
    const { table, sweep } = this.#enricher.register;
    table.writeDirty((page, image) => write(stateKey('page', page), image));
    const swept = sweep.save();
    if (swept !== undefined) write(stateKey('sweep'), swept);
    this.#enricher.contexts.saveNew((number, bytes) => write(stateKey('context', number), bytes));
    const progress = this.#progress.save();
    if (progress !== undefined) write(stateKey('source'), progress);
    const decisions = this.#decisions.save();
    if (decisions !== undefined) write(stateKey('decisions'), decisions);
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
    else if (name === 'decisions') this.#decisions.restore(value);
  }

  #batch(input: SlotReader, output: KernelOutput): void {
    const { index, timestampMs } = input;
    const decoded = decodeRecord(this.#codec, input, ['SeriesBatch'], output);
    if (decoded === undefined) return;
    const batch = readPackedBatch(decoded.value, this.#memory);
    if ('code' in batch) {
      output.reject(index, { ...batch, points: 0 });
      return;
    }
    output.count('points_in_total', batch.pointCount);
    this.#enricher.accept(batch, this.#sink(batch.tenant, timestampMs, input, output));
  }

  #sink(tenant: string, atMs: number, input: SlotReader, output: KernelOutput): EnrichSink {
    const example = `metrics.validated/${input.partition}/${input.offset}`;
    const note = (code: ErrorCode, outcome: string, count: number) =>
      this.#decisions.note({ tenant, kind: 'DROP', code, outcome, atMs, count, example });
    return {
      dropped: (code, points) => {
        output.reject(input.index, { code, points });
        note(code, 'drop', points);
      },
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

const createKernel: CreateKernel<StageOptions<EnrichOptions>> = async (context) =>
  new EnrichKernel(context);

export default createKernel;
