import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { PipelineError } from '../runtime/errors.ts';
import { readManifest } from './manifest.ts';
import type { ModelEntry, ModelSet, Scorer } from './scorer.ts';

/** Rows per run of the runtime: bounds its memory; outputs do not depend on it. */
const RUN_ROWS = 4096;
/** A matrix of one column is multiplied in another order than wider ones, and so gives other bits: a row alone is run twice. */
const LEAST_ROWS = 2;
/** Tensor names of every model of ours. */
const INPUT = 'rows';
const OUTPUT = 'scores';

const sessionOptions: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  enableCpuMemArena: true,
};

/** Returns the folder of the models that come with the product. */
export function bundledModels(): string {
  return fileURLToPath(new URL('.', import.meta.url));
}

interface Loaded {
  readonly entry: ModelEntry;
  readonly session: InferenceSession;
}

/**
 * Scores with the ONNX models of a manifest; the only owner of ONNX Runtime.
 *
 * One thread per session, sequential: parallelism is one ensemble per worker thread. A model is changed by making a new
 * ensemble in a new thread.
 */
export class OnnxEnsemble implements Scorer {
  readonly modelSet: ModelSet;
  readonly #models: ReadonlyMap<string, Loaded>;

  private constructor(modelSet: ModelSet, models: ReadonlyMap<string, Loaded>) {
    this.modelSet = modelSet;
    this.#models = models;
  }

  /**
   * Loads every model that `<folder>/manifest.json` names, and checks each against it.
   *
   * @throws PipelineError `MODEL_SHAPE` (fate: stop) when a file is missing, has another checksum, or does not turn
   *   `[n × inputWidth]` into `[n × outputWidth]`, and for a manifest that `readManifest` refuses.
   */
  static async load(folder: string = bundledModels()): Promise<OnnxEnsemble> {
    const modelSet = readManifest(folder);
    const models = new Map<string, Loaded>();
    for (const entry of modelSet.models) models.set(entry.id, await open(folder, entry));
    return new OnnxEnsemble(modelSet, models);
  }

  async run(
    modelId: string,
    input: Float32Array,
    rows: number,
    output: Float32Array,
  ): Promise<void> {
    const model = this.#models.get(modelId);
    if (model === undefined) throw new PipelineError('MODEL_SHAPE', `no model ${modelId}`);
    const { inputWidth, outputWidth } = model.entry;
    if (input.length < rows * inputWidth || output.length < rows * outputWidth) {
      throw new PipelineError('MODEL_SHAPE', `${modelId}: arrays too short for ${rows} rows`);
    }
    for (let start = 0; start < rows; start += RUN_ROWS) {
      const count = Math.min(RUN_ROWS, rows - start);
      const scores = await runRows(model, input.subarray(start * inputWidth), count);
      output.set(scores, start * outputWidth);
    }
  }
}

async function runRows(model: Loaded, input: Float32Array, rows: number): Promise<Float32Array> {
  const { id, inputWidth, outputWidth } = model.entry;
  const given = input.subarray(0, rows * inputWidth) as Float32Array<ArrayBuffer>;
  const data = rows < LEAST_ROWS ? repeated(given, LEAST_ROWS) : given;
  const dims = [data.length / inputWidth, inputWidth];
  const result = await model.session.run({ [INPUT]: new Tensor('float32', data, dims) });
  const scores = result[OUTPUT]?.data;
  const length = Math.max(rows, LEAST_ROWS) * outputWidth;
  if (!(scores instanceof Float32Array) || scores.length !== length) {
    throw new PipelineError('MODEL_SHAPE', `${id} did not give [${rows} × ${outputWidth}]`);
  }
  return scores.subarray(0, rows * outputWidth);
}

function repeated(row: Float32Array<ArrayBuffer>, times: number): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(times * row.length);
  for (let i = 0; i < times; i++) rows.set(row, i * row.length);
  return rows;
}

async function open(folder: string, entry: ModelEntry): Promise<Loaded> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(`${folder}/${entry.id}/model.onnx`);
  } catch (cause) {
    throw new PipelineError('MODEL_SHAPE', `${entry.id}: no model file`, { cause });
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== entry.sha256) {
    throw new PipelineError('MODEL_SHAPE', `${entry.id}: checksum ${sha256}, not ${entry.sha256}`);
  }
  try {
    const session = await InferenceSession.create(bytes, sessionOptions);
    const loaded = { entry, session };
    await runRows(loaded, new Float32Array(entry.inputWidth), 1);
    return loaded;
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause;
    throw new PipelineError('MODEL_SHAPE', `${entry.id}: ${String(cause)}`, { cause });
  }
}
