import { Catalog } from '../operators/catalog.ts';
import { EventTime } from '../operators/event-time.ts';
import { isEventTime } from '../operators/is-event-time.ts';
import { KnownHeads } from '../operators/validate/known-heads.ts';
import type { ValidateOptions } from '../operators/validate/options.ts';
import {
  type RawFault,
  type RawPoints,
  type RawSeries,
  rawFromBatch,
  rawFromHead,
  rawFromPoint,
} from '../operators/validate/raw-points.ts';
import { RedrivenRecords } from '../operators/validate/redriven-records.ts';
import { Validator } from '../operators/validate/validator.ts';
import { DEAD_LETTER_ID, headerText } from '../runtime/dead-letter.ts';
import { type ErrorCode, PipelineError } from '../runtime/errors.ts';
import type {
  CreateKernel,
  Kernel,
  KernelContext,
  KernelOutput,
  RejectionOutcome,
} from '../runtime/kernel.ts';
import type { SlotReader } from '../runtime/slot.ts';
import {
  numbered,
  parseStateKey,
  type StateEntry,
  single,
} from '../runtime/state/state-entries.ts';
import { Codec } from '../schemas/codec.ts';
import { metricColumnsAt, readMetricColumns } from '../schemas/metric-columns.ts';
import { CatalogReader } from './catalog-reader.ts';
import { DecisionWriter } from './decision-writer.ts';
import type { StageOptions } from './stage-options.ts';

/** Input topics by their number in the topology. */
const RAW = 0;
const CATALOG = 1;
const REDRIVEN_KEY = 'redriven:';

/** VALIDATE: checks the form of raw records, packs the good points by shard, and tells event time. */
class ValidateKernel implements Kernel {
  readonly #context: KernelContext<StageOptions<ValidateOptions>>;
  readonly #codec: Codec;
  readonly #catalog: CatalogReader;
  readonly #eventTime: EventTime;
  readonly #validator: Validator;
  readonly #decisions: DecisionWriter;
  readonly #redriven = new RedrivenRecords();
  readonly #heads: KnownHeads;

  constructor(context: KernelContext<StageOptions<ValidateOptions>>) {
    const { schemaIds, section, eventTime } = context.options;
    const { partitions } = context;
    const catalog = new Catalog();
    this.#context = context;
    this.#codec = new Codec(schemaIds);
    this.#catalog = new CatalogReader(this.#codec, catalog);
    this.#eventTime = new EventTime(eventTime);
    this.#validator = new Validator({
      options: section,
      catalog,
      eventTime: this.#eventTime,
      partitions,
    });
    this.#decisions = new DecisionWriter(context, this.#codec);
    this.#heads = new KnownHeads(section.recentSeries);
  }

  process(input: SlotReader, output: KernelOutput): void {
    this.#catalog.settle();
    let latestMs = 0;
    while (input.next()) {
      if (input.topic === RAW) {
        latestMs = Math.max(latestMs, input.timestampMs);
        this.#raw(input, output);
      } else if (input.topic === CATALOG) {
        this.#catalog.read(input, output);
      } else if (input.key !== null && input.value !== null) {
        this.#codec.learn(Number(input.key.toString()), input.value.toString());
      }
    }
    this.#validator.drain(({ partition, batch }) => {
      output.emit(
        'metrics.validated',
        partition,
        null,
        this.#codec.encodeView('SeriesBatch', batch),
        latestMs,
      );
      output.count('points_out_total', batch.values.length / 8);
    });
    const forgotten = this.#redriven.takeForgotten();
    if (forgotten > 0) output.count('redriven_blocks_forgotten_total', forgotten);
    this.#tick(latestMs, output);
    this.#decisions.flush(output);
  }

  *checkpoint(): Generator<StateEntry> {
    yield* single('decisions', this.#decisions);
    yield* single('time', this.#eventTime);
    yield* numbered('catalog', this.#catalog.takeUnsaved());
    for (const [key, block] of this.#redriven.takeChanged())
      yield [Buffer.from(REDRIVEN_KEY + key), block];
  }

  restore(key: Uint8Array, value: Uint8Array | null): void {
    const text = Buffer.from(key).toString();
    if (text.startsWith(REDRIVEN_KEY))
      return this.#redriven.restore(text.slice(REDRIVEN_KEY.length), value);
    if (value === null) return;
    const { name, number } = parseStateKey(key);
    if (name === 'time') this.#eventTime.restore(value);
    else if (name === 'decisions') this.#decisions.restore(value);
    else if (name === 'catalog') this.#catalog.restore(number, value);
  }

  /** Behind the points that it stands for: every partition hears how far event time has come in this one. */
  #tick(latestMs: number, output: KernelOutput): void {
    const told = this.#eventTime.takeTick();
    if (told === undefined) return;
    const { partition, partitions } = this.#context;
    const tick = this.#codec.encode('Tick', { sourcePartition: partition, ...told });
    for (let to = 0; to < partitions; to++)
      output.emit('metrics.validated', to, null, tick, latestMs);
  }

  #raw(input: SlotReader, output: KernelOutput): void {
    const read = this.#read(input);
    // A worker that logs silence dates the record as it does the tick; brokers bound only the former.
    if ('silentMs' in read) return this.#silent(Math.min(read.silentMs, input.timestampMs));
    output.count('records_in_total', 1);
    const sent = this.#redriven.take(headerText(input.headers, DEAD_LETTER_ID));
    if (sent === 'repeat') return this.#skip(read, input, output);
    if ('code' in read) return this.#unreadable(read, input, output);
    output.count('points_in_total', read.timestamps.length);
    const { partition, offset, timestampMs } = input;
    const source = { partition, offset, recordMs: timestampMs, redriven: sent === 'first' };
    for (const { code, detail, points, batch } of this.#validator.accept(read, source)) {
      const value = batch === undefined ? undefined : this.#codec.encode('MetricBatch', batch);
      const { tenant } = read;
      const outcome = output.reject(input.index, { code, points, detail, value, tenant });
      this.#decided(tenant, code, outcome, points, input);
    }
  }

  /** The worker that reads the partition says that nothing had come for a while. */
  #silent(nowMs: number): void {
    if (!isEventTime(nowMs)) return;
    this.#eventTime.silent(nowMs);
    this.#decisions.advance(nowMs);
  }

  /** Leaves out a dead letter that was sent again before; what of it was good is in already. */
  #skip(raw: RawPoints | Unreadable, input: SlotReader, output: KernelOutput): void {
    const points = 'code' in raw ? 0 : raw.timestamps.length;
    output.count('points_in_total', points);
    output.count('records_repeated_total', 1);
    const code = 'RECORD_REPEATED';
    const outcome = output.reject(input.index, { code, points });
    this.#decided('code' in raw ? '' : raw.tenant, code, outcome, points, input);
  }

  #unreadable({ code, detail }: Unreadable, input: SlotReader, output: KernelOutput): void {
    const outcome = output.reject(input.index, { code, points: 0, detail });
    output.count('records_unreadable_total', 1);
    // Nobody can tell how many points are in it, nor whose: the record counts.
    this.#decided('', code, outcome, 1, input);
  }

  #read({ value }: SlotReader): RawPoints | Unreadable | Silence {
    const { maxRecordBytes, maxSeriesPerRecord } = this.#context.options.section;
    if (value === null) return { code: 'RECORD_EMPTY', detail: 'tombstone' };
    if (value.length > maxRecordBytes) {
      const detail = `${value.length} bytes, at most ${maxRecordBytes}`;
      return { code: 'RECORD_TOO_LARGE', detail };
    }
    try {
      return this.#fromKnownHead(value) ?? this.#fromRecord(value, maxSeriesPerRecord);
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      return { code: error.code, detail: error.detail };
    }
  }

  /** Producers send the same series again and again: their names need not be decoded each time. */
  #fromKnownHead(value: Buffer): RawPoints | RawFault | undefined {
    const known = this.#heads.find(value);
    if (known === undefined) return undefined;
    const columns = readMetricColumns(value, known.bytes);
    return columns && rawFromHead(known.head, columns, () => this.#seriesOf(value));
  }

  /** Series of a packed record that was read before, letter by letter: nothing can be wrong with them. */
  #seriesOf(value: Buffer): readonly RawSeries[] {
    const raw = rawFromBatch(this.#codec.decode(value, ['MetricBatch']).value, Infinity);
    return 'code' in raw ? [] : raw.series;
  }

  #fromRecord(value: Buffer, maxSeries: number): RawPoints | RawFault | Silence {
    const decoded = this.#codec.decode(value, ['MetricPoint', 'MetricBatch', 'Tick']);
    if (decoded.name === 'Tick') return { silentMs: decoded.value.watermarkMs };
    if (decoded.name === 'MetricPoint') return rawFromPoint(decoded.value);
    const raw = rawFromBatch(decoded.value, maxSeries);
    // Another writer’s schema may have its fields in another order.
    const ours = decoded.schemaId === this.#context.options.schemaIds.MetricBatch;
    const headBytes = ours ? metricColumnsAt(value, decoded.value) : undefined;
    if (headBytes !== undefined && !('code' in raw)) this.#heads.put(value, headBytes, raw);
    return raw;
  }

  #decided(
    name: string,
    code: ErrorCode,
    outcome: RejectionOutcome,
    count: number,
    input: SlotReader,
  ): void {
    const { partition, offset, timestampMs } = input;
    const tenant = name.slice(0, this.#context.options.section.maxTenantLength);
    const example = `metrics.raw/${partition}/${offset}`;
    const kind = outcome === 'drop' ? 'DROP' : 'REJECT';
    this.#decisions.note({ tenant, kind, code, outcome, atMs: timestampMs, count, example });
  }
}

/** Why nothing can be made of a record. */
interface Unreadable {
  readonly code: ErrorCode;
  readonly detail: string;
}

/** A tick in the place of points. */
interface Silence {
  readonly silentMs: number;
}

const createKernel: CreateKernel<StageOptions<ValidateOptions>> = async (context) =>
  new ValidateKernel(context);

export default createKernel;
