import type { ModelSet, Scorer } from '../scorer.ts';

/** Passes calls on and keeps the mean of every output of every model. */
export class RecordingScorer implements Scorer {
  readonly modelSet: ModelSet;
  readonly #scorer: Scorer;
  readonly #sums = new Map<string, { rows: number; sums: number[] }>();

  constructor(scorer: Scorer) {
    this.modelSet = scorer.modelSet;
    this.#scorer = scorer;
  }

  async run(
    modelId: string,
    input: Float32Array,
    rows: number,
    output: Float32Array,
    classes?: Uint8Array,
  ): Promise<void> {
    await this.#scorer.run(modelId, input, rows, output, classes);
    const width = this.modelSet.models.find(({ id }) => id === modelId)?.outputWidth ?? 0;
    const kept = this.#sums.get(modelId) ?? { rows: 0, sums: new Array<number>(width).fill(0) };
    kept.rows += rows;
    for (let i = 0; i < rows * width; i++) {
      kept.sums[i % width] = (kept.sums[i % width] as number) + (output[i] as number);
    }
    this.#sums.set(modelId, kept);
  }

  /** Mean of each output of a model over all rows so far. */
  meanOf(modelId: string): number[] {
    const kept = this.#sums.get(modelId);
    return kept === undefined ? [] : kept.sums.map((sum) => sum / kept.rows);
  }
}

/** Gives the same output, `mean`, for every row of one model: what is left when that member has nothing to say. */
export class SilencedScorer implements Scorer {
  readonly modelSet: ModelSet;
  readonly #scorer: Scorer;
  readonly #modelId: string;
  readonly #mean: readonly number[];

  constructor(scorer: Scorer, modelId: string, mean: readonly number[]) {
    this.modelSet = scorer.modelSet;
    this.#scorer = scorer;
    this.#modelId = modelId;
    this.#mean = mean;
  }

  async run(
    modelId: string,
    input: Float32Array,
    rows: number,
    output: Float32Array,
    classes?: Uint8Array,
  ): Promise<void> {
    if (modelId !== this.#modelId) return this.#scorer.run(modelId, input, rows, output, classes);
    const width = this.#mean.length;
    for (let i = 0; i < rows * width; i++) output[i] = this.#mean[i % width] as number;
  }
}
