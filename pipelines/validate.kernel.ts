import { Catalog } from '../operators/catalog.ts';
import { KnownHeads } from '../operators/validate/known-heads.ts';
import type { ValidateOptions } from '../operators/validate/options.ts';
import {
  type RawFault,
  type RawPoints,
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
import { Codec } from '../schemas/codec.ts';
import { metricColumnsAt, readMetricColumns } from '../schemas/metric-columns.ts';
import { CatalogReader } from './catalog-reader.ts';
import { DecisionWriter } from './decision-writer.ts';
import type { StageOptions } from './stage-options.ts';

/** Input topics by their number in the topology. */
const RAW = 0;
const CATALOG = 1;
const DECISIONS_KEY = 'decisions';
const REDRIVEN_KEY = 'redriven:';

/** VALIDATE: checks the form of raw records and packs the good points by shard. */
class ValidateKernel implements Kernel {
  readonly #context: KernelContext<StageOptions<ValidateOptions>>;
  readonly #codec: Codec;
  readonly #catalog: CatalogReader;
  readonly #validator: Validator;
  readonly #decisions: DecisionWriter;
  readonly #redriven = new RedrivenRecords();
  readonly #heads: KnownHeads;

  constructor(
    context: KernelContext<StageOptions<ValidateOptions>>,
    codec: Codec,
    catalog: CatalogReader,
    validator: Validator,
    decisions: DecisionWriter,
  ) {
    this.#context = context;
    this.#codec = codec;
    this.#catalog = catalog;
    this.#validator = validator;
    this.#decisions = decisions;
    this.#heads = new KnownHeads(context.options.section.recentSeries);
  }

  process(input: SlotReader, output: KernelOutput): void {
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
    this.#decisions.flush(output);
  }

  checkpoint(write: (key: Uint8Array, value: Uint8Array | null) => void): void {
    const saved = this.#decisions.save();
    if (saved !== undefined) write(Buffer.from(DECISIONS_KEY), saved);
    this.#redriven.save((key, block) => write(Buffer.from(REDRIVEN_KEY + key), block));
  }

  restore(key: Uint8Array, value: Uint8Array | null): void {
    const name = Buffer.from(key).toString();
    if (name.startsWith(REDRIVEN_KEY))
      this.#redriven.restore(name.slice(REDRIVEN_KEY.length), value);
    else if (value !== null) this.#decisions.restore(value);
  }

  #raw(input: SlotReader, output: KernelOutput): void {
    output.count('records_in_total', 1);
    const sent = this.#redriven.take(headerText(input.headers, DEAD_LETTER_ID));
    if (sent === 'repeat') return this.#skip(input, output);
    const raw = this.#decode(input, output);
    if (raw === undefined) return;
    output.count('points_in_total', raw.timestamps.length);
    const { partition, offset, timestampMs } = input;
    const source = { partition, offset, recordMs: timestampMs, redriven: sent === 'first' };
    for (const { code, detail, points, batch } of this.#validator.accept(raw, source)) {
      const value = batch === undefined ? undefined : this.#codec.encode('MetricBatch', batch);
      const { tenant } = raw;
      const outcome = output.reject(input.index, { code, points, detail, value, tenant });
      this.#decided(tenant, code, outcome, points, input);
    }
  }

  /** Leaves out a dead letter that was sent again before; what of it was good is in already. */
  #skip(input: SlotReader, output: KernelOutput): void {
    const raw = this.#read(input);
    const points = 'code' in raw ? 0 : raw.timestamps.length;
    output.count('points_in_total', points);
    output.count('records_repeated_total', 1);
    const code = 'RECORD_REPEATED';
    const outcome = output.reject(input.index, { code, points });
    this.#decided('code' in raw ? '' : raw.tenant, code, outcome, points, input);
  }

  #decode(input: SlotReader, output: KernelOutput): RawPoints | undefined {
    const raw = this.#read(input);
    if (!('code' in raw)) return raw;
    const { code, detail } = raw;
    const outcome = output.reject(input.index, { code, points: 0, detail });
    output.count('records_unreadable_total', 1);
    // Nobody can tell how many points are in it, nor whose: the record counts.
    this.#decided('', code, outcome, 1, input);
    return undefined;
  }

  #read({ value }: SlotReader): RawPoints | Unreadable {
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
    const columns = readMetricColumns(value, known.bytes.length);
    return columns === undefined ? undefined : rawFromHead(known.head, columns);
  }

  #fromRecord(value: Buffer, maxSeries: number): RawPoints | RawFault {
    const decoded = this.#codec.decode(value, ['MetricPoint', 'MetricBatch']);
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

const createKernel: CreateKernel<StageOptions<ValidateOptions>> = async (context) => {
  const { schemaIds, section } = context.options;
  const codec = new Codec(schemaIds);
  const catalog = new Catalog();
  const validator = new Validator({ options: section, catalog, partitions: context.partitions });
  return new ValidateKernel(
    context,
    codec,
    new CatalogReader(codec, catalog),
    validator,
    new DecisionWriter(context, codec),
  );
};

export default createKernel;
