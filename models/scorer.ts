/** What the manifest says of one model. */
export interface ModelEntry {
  /** Name and folder of the model. */
  readonly id: string;
  readonly version: number;
  /** Checksum of the ONNX file, hex. */
  readonly sha256: string;
  /** Values per input row. */
  readonly inputWidth: number;
  /** Values per output row. */
  readonly outputWidth: number;
}

/** The set of models that scores together: a change of any member is another set. */
export interface ModelSet {
  readonly id: string;
  readonly version: number;
  readonly sha256: string;
  readonly models: readonly ModelEntry[];
}

/**
 * Runs the models of one model set over batches of rows; what operators see of `models/`.
 *
 * A row's output depends on that row alone, bit for bit: never on the other rows or the number of rows of a call.
 */
export interface Scorer {
  readonly modelSet: ModelSet;
  /**
   * Runs a model over `rows` rows and writes `[rows × outputWidth]` into `output`.
   *
   * @param input `[rows × inputWidth]`, row-major, at least that long.
   * @throws PipelineError `MODEL_SHAPE` (fate: stop) for an unknown model or arrays that are too short.
   */
  run(modelId: string, input: Float32Array, rows: number, output: Float32Array): Promise<void>;
}
