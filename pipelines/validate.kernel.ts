import { Catalog } from '../operators/catalog.ts';
import type { ValidateOptions } from '../operators/validate/options.ts';
import { type RawPoints, rawFromBatch, rawFromPoint } from '../operators/validate/raw-points.ts';
import { Validator } from '../operators/validate/validator.ts';
import { PipelineError } from '../runtime/errors.ts';
import type { CreateKernel, Kernel, KernelContext, KernelOutput } from '../runtime/kernel.ts';
import type { SlotReader } from '../runtime/slot.ts';
import { Codec } from '../schemas/codec.ts';
import { CatalogReader } from './catalog-reader.ts';
import { DecisionWriter } from './decision-writer.ts';
import type { StageOptions } from './stage-options.ts';

/** Input topics by their number in the topology. */
const RAW = 0;
const CATALOG = 1;
const DECISIONS_KEY = 'decisions';

/** VALIDATE: checks the form of raw records and packs the good points by shard. */
class ValidateKernel implements Kernel {
  readonly #context: KernelContext<StageOptions<ValidateOptions>>;
  readonly #codec: Codec;
  readonly #catalog: CatalogReader;
  readonly #validator: Validator;
  readonly #decisions: DecisionWriter;

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
    this.#decisions.flush(output);
  }

  checkpoint(write: (key: Uint8Array, value: Uint8Array | null) => void): void {
    const saved = this.#decisions.save();
    if (saved !== undefined) write(Buffer.from(DECISIONS_KEY), saved);
  }

  restore(_key: Uint8Array, value: Uint8Array | null): void {
    if (value !== null) this.#decisions.restore(value);
  }

  #raw(input: SlotReader, output: KernelOutput): void {
    output.count('records_in_total', 1);
    const raw = this.#decode(input, output);
    if (raw === undefined) return;
    output.count('points_in_total', raw.timestamps.length);
    const { partition, offset, timestampMs } = input;
    for (const part of this.#validator.accept(raw, { partition, offset, recordMs: timestampMs })) {
      const value =
        part.batch === undefined ? undefined : this.#codec.encode('MetricBatch', part.batch);
      output.reject(input.index, part.code, part.points, part.detail, value);
      this.#decided(raw.tenant, part.code, part.points, input);
    }
  }

  #decode(input: SlotReader, output: KernelOutput): RawPoints | undefined {
    const { value, index } = input;
    const { maxRecordBytes, maxSeriesPerRecord } = this.#context.options.section;
    if (value === null) output.reject(index, 'RECORD_EMPTY', 0, 'tombstone');
    else if (value.length > maxRecordBytes) {
      output.reject(
        index,
        'RECORD_TOO_LARGE',
        0,
        `${value.length} bytes, at most ${maxRecordBytes}`,
      );
    } else {
      try {
        const decoded = this.#codec.decode(value, ['MetricPoint', 'MetricBatch']);
        if (decoded.name === 'MetricPoint') return rawFromPoint(decoded.value);
        const raw = rawFromBatch(decoded.value, maxSeriesPerRecord);
        if (!('code' in raw)) return raw;
        output.reject(index, raw.code, 0, raw.detail);
      } catch (error) {
        if (!(error instanceof PipelineError)) throw error;
        output.reject(index, error.code, 0, error.detail);
      }
    }
    output.count('records_unreadable_total', 1);
    return undefined;
  }

  #decided(name: string, code: string, count: number, input: SlotReader): void {
    const { partition, offset, timestampMs } = input;
    const tenant = name.slice(0, this.#context.options.section.maxTenantLength);
    const example = `metrics.raw/${partition}/${offset}`;
    this.#decisions.note({
      tenant,
      kind: 'REJECT',
      code,
      outcome: 'deadLetter',
      atMs: timestampMs,
      count,
      example,
    });
  }
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
