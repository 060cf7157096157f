import type { ModelSet, Scorer } from '../models/scorer.ts';
import type { MonotonicClock } from '../runtime/clock.ts';
import type { KernelOutput } from '../runtime/kernel.ts';

/**
 * Scores with another scorer and takes the time of each model, once per run over a batch.
 *
 * The times go into counters only: no output record depends on them.
 */
export class TimedScorer implements Scorer {
  readonly modelSet: ModelSet;
  readonly #scorer: Scorer;
  readonly #clock: MonotonicClock;
  readonly #elapsedMs = new Map<string, number>();

  constructor(scorer: Scorer, clock: MonotonicClock) {
    this.modelSet = scorer.modelSet;
    this.#scorer = scorer;
    this.#clock = clock;
  }

  async run(
    modelId: string,
    input: Float32Array,
    rows: number,
    output: Float32Array,
    classes?: Uint8Array,
  ): Promise<void> {
    const startMs = this.#clock.elapsedMs();
    await this.#scorer.run(modelId, input, rows, output, classes);
    const elapsedMs = this.#clock.elapsedMs() - startMs;
    this.#elapsedMs.set(modelId, (this.#elapsedMs.get(modelId) ?? 0) + elapsedMs);
  }

  /** Counts the seconds that each model took since the last call. */
  count(output: Pick<KernelOutput, 'count'>): void {
    for (const [model, ms] of this.#elapsedMs)
      output.count(`inference_seconds{model="${model}"}`, ms / 1000);
    this.#elapsedMs.clear();
  }
}
