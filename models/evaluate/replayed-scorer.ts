import type { ModelSet, Scorer } from '../scorer.ts';

/**
 * Keeps the outputs of every call of the first pass over some series and gives them again in later passes.
 *
 * What goes into the models does not depend on the constants of fusion and calibration, so that many settings of those
 * can be tried for the cost of one pass. Call `rewind` before each further pass; it must make the same calls.
 */
export class ReplayedScorer implements Scorer {
  readonly modelSet: ModelSet;
  readonly #scorer: Scorer;
  readonly #kept: {
    readonly modelId: string;
    readonly rows: number;
    readonly output: Float32Array;
  }[] = [];
  #next = 0;

  constructor(scorer: Scorer) {
    this.modelSet = scorer.modelSet;
    this.#scorer = scorer;
  }

  /** Starts from the first call again. */
  rewind(): void {
    this.#next = 0;
  }

  async run(
    modelId: string,
    input: Float32Array,
    rows: number,
    output: Float32Array,
    classes?: Uint8Array,
  ): Promise<void> {
    const kept = this.#kept[this.#next];
    this.#next += 1;
    if (kept !== undefined) {
      if (kept.modelId !== modelId || kept.rows !== rows)
        throw new Error('not the calls of the first pass');
      output.set(kept.output);
      return;
    }
    await this.#scorer.run(modelId, input, rows, output, classes);
    const width = this.modelSet.models.find(({ id }) => id === modelId)?.outputWidth ?? 1;
    this.#kept.push({ modelId, rows, output: output.slice(0, rows * width) });
  }
}
