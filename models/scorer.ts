import type { MetricClass } from './metric-class.ts';

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

/** Constants of fusion and calibration that a class may have of its own: a weight per member; numbers. */
export const classParts = ['weights', 'floor', 'priorRate', 'priorHeight'] as const;
export type ClassPart = (typeof classParts)[number];

/** A constant that a class of metrics has of its own, in place of the general one. */
export interface ClassConstant {
  /** `<class>/<part>`. */
  readonly id: string;
  readonly version: number;
  readonly metricClass: MetricClass;
  readonly part: ClassPart;
  readonly values: number | readonly number[];
}

/** A graph that a class of metrics has of its own, in place of the general one of the same model and widths. */
export interface ClassGraph {
  /** `<class>/<model>`. */
  readonly id: string;
  readonly version: number;
  readonly metricClass: MetricClass;
  /** Name of the model; the graph stands in `<model>/<class>/`. */
  readonly model: string;
  /** Checksum of the ONNX file, hex. */
  readonly sha256: string;
}

/** What a class of metrics has of its own. */
export type ClassModel = ClassConstant | ClassGraph;

/** The set of models that scores together: a change of any member is another set. */
export interface ModelSet {
  readonly id: string;
  readonly version: number;
  readonly sha256: string;
  readonly models: readonly ModelEntry[];
  /** What classes have of their own; absent: nothing. */
  readonly classes?: readonly ClassModel[];
}

/**
 * Runs the models of one model set over batches of rows; what operators see of `models/`.
 *
 * A row's output depends on that row and its class alone, bit for bit: never on the other rows or their number in a call.
 */
export interface Scorer {
  readonly modelSet: ModelSet;
  /**
   * Runs a model over `rows` rows and writes `[rows × outputWidth]` into `output`.
   *
   * @param input `[rows × inputWidth]`, row-major, at least that long.
   * @param classes number of the class of each row, a place in `classNames`; absent: all are `general`.
   * @throws PipelineError `MODEL_SHAPE` (fate: stop) for an unknown model or arrays that are too short.
   */
  run(
    modelId: string,
    input: Float32Array,
    rows: number,
    output: Float32Array,
    classes?: Uint8Array,
  ): Promise<void>;
}
