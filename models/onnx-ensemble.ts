import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { PipelineError } from '../runtime/errors.ts';
import { readManifest } from './manifest.ts';
import { classNames, classNumber } from './metric-class.ts';
import { RowsByGraph } from './rows-by-graph.ts';
import type { ClassGraph, ModelEntry, ModelSet, Scorer } from './scorer.ts';

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
  /** The general graph first, then those of classes. */
  readonly graphs: InferenceSession[];
  /** Place in `graphs` by number of class. */
  readonly graphOf: Uint8Array;
  /** Sorters that no call is using. */
  readonly sorters: RowsByGraph[];
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
   * Loads every model that `<folder>/manifest.json` names, and the graphs of classes, and checks each against it.
   *
   * @throws PipelineError `MODEL_SHAPE` (fate: stop) when a file is missing, has another checksum, or does not turn
   *   `[n × inputWidth]` into `[n × outputWidth]`, and for a manifest that `readManifest` refuses.
   */
  static async load(folder: string = bundledModels()): Promise<OnnxEnsemble> {
    const modelSet = readManifest(folder);
    const models = new Map<string, Loaded>();
    for (const entry of modelSet.models) models.set(entry.id, await open(folder, entry));
    for (const own of modelSet.classes ?? []) {
      if ('model' in own) await openOwn(folder, own, models.get(own.model));
    }
    return new OnnxEnsemble(modelSet, models);
  }

  async run(
    modelId: string,
    input: Float32Array,
    rows: number,
    output: Float32Array,
    classes?: Uint8Array,
  ): Promise<void> {
    const model = this.#models.get(modelId);
    if (model === undefined) throw new PipelineError('MODEL_SHAPE', `no model ${modelId}`);
    const { inputWidth, outputWidth } = model.entry;
    if (input.length < rows * inputWidth || output.length < rows * outputWidth) {
      throw new PipelineError('MODEL_SHAPE', `${modelId}: arrays too short for ${rows} rows`);
    }
    for (let start = 0; start < rows; start += RUN_ROWS) {
      const count = Math.min(RUN_ROWS, rows - start);
      const part = input.subarray(start * inputWidth);
      const into = output.subarray(start * outputWidth);
      const of = classes?.subarray(start, start + count);
      const graph = onlyGraph(model, of);
      if (graph >= 0) into.set(await runRows(model, graph, part, count));
      else await runApart(model, part, of as Uint8Array, into);
    }
  }
}

/** Returns the place of the graph that all rows go through; -1 where there are several. */
function onlyGraph({ graphs, graphOf }: Loaded, classes: Uint8Array | undefined): number {
  if (classes === undefined || graphs.length === 1) return 0;
  const first = graphOf[classes[0] as number] as number;
  for (let i = 1; i < classes.length; i++) {
    if (graphOf[classes[i] as number] !== first) return -1;
  }
  return first;
}

/** Runs rows of several classes, those of each graph together. */
async function runApart(
  model: Loaded,
  input: Float32Array,
  classes: Uint8Array,
  output: Float32Array,
): Promise<void> {
  const { inputWidth, outputWidth } = model.entry;
  const sorter = model.sorters.pop() ?? new RowsByGraph(RUN_ROWS, inputWidth);
  sorter.sort(classes, model.graphOf);
  for (let graph = 0; graph < model.graphs.length; graph++) {
    const count = sorter.gather(graph, input);
    if (count === 0) continue;
    const scores = await runRows(model, graph, sorter.input, count);
    sorter.scatter(graph, scores, outputWidth, output);
  }
  model.sorters.push(sorter);
}

async function runRows(
  model: Loaded,
  graph: number,
  input: Float32Array,
  rows: number,
): Promise<Float32Array> {
  const { id, inputWidth, outputWidth } = model.entry;
  const given = input.subarray(0, rows * inputWidth) as Float32Array<ArrayBuffer>;
  const data = rows < LEAST_ROWS ? repeated(given, LEAST_ROWS) : given;
  const tensor = new Tensor('float32', data, [data.length / inputWidth, inputWidth]);
  const result = await (model.graphs[graph] as InferenceSession).run({ [INPUT]: tensor });
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
  const graphOf = new Uint8Array(classNames.length);
  const loaded = { entry, graphs: [], graphOf, sorters: [] };
  await addGraph(loaded, `${folder}/${entry.id}`, entry);
  return loaded;
}

async function openOwn(folder: string, own: ClassGraph, model: Loaded | undefined): Promise<void> {
  if (model === undefined) throw new PipelineError('MODEL_SHAPE', `${own.id} is of no model`);
  model.graphOf[classNumber(own.metricClass) ?? 0] = model.graphs.length;
  await addGraph(model, `${folder}/${own.model}/${own.metricClass}`, own);
}

/** Adds the graph of a folder to a model, and tries it. */
async function addGraph(
  model: Loaded,
  folder: string,
  { id, sha256: wanted }: { readonly id: string; readonly sha256: string },
): Promise<void> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(`${folder}/model.onnx`);
  } catch (cause) {
    throw new PipelineError('MODEL_SHAPE', `${id}: no model file`, { cause });
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== wanted) {
    throw new PipelineError('MODEL_SHAPE', `${id}: checksum ${sha256}, not ${wanted}`);
  }
  try {
    model.graphs.push(await InferenceSession.create(bytes, sessionOptions));
    await runRows(model, model.graphs.length - 1, new Float32Array(model.entry.inputWidth), 1);
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause;
    throw new PipelineError('MODEL_SHAPE', `${id}: ${String(cause)}`, { cause });
  }
}
