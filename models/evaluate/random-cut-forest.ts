import { seededRandom } from '../seeded-random.ts';
import { RandomCutTree } from './random-cut-tree.ts';

/** Settings of a random cut forest. */
export interface ForestSettings {
  readonly trees: number;
  /** Points that each tree holds. */
  readonly samples: number;
  /** Rows that make one point of the forest, the newest last. */
  readonly shingle: number;
  /** How much likelier a row stays in a sample than the one before it, in shares of 1 / samples. */
  readonly decay: number;
  /** Whether each metric is divided by its deviation over the rows before the judged ones. */
  readonly standardised: boolean;
  readonly seed: number;
}

/**
 * Random cut forest over rows of several metrics: the peer that evaluation holds the product against.
 *
 * Each tree holds a random sample of the rows so far, later ones with more weight, and scores a row before it may be
 * taken in. Sources: Guha et al. (2016); sampling by Efraimidis and Spirakis (2006) with weights that grow with time.
 */
export class RandomCutForest {
  readonly #samplers: readonly SampledTree[];
  readonly #shingle: Float32Array;
  readonly #width: number;
  #rows = 0;

  /** @param width metrics in a row. */
  constructor(width: number, { trees, samples, shingle, decay, seed }: ForestSettings) {
    const dims = width * shingle;
    this.#width = width;
    this.#shingle = new Float32Array(dims);
    this.#samplers = Array.from({ length: trees }, (_, tree) => {
      const random = seededRandom(seed * 100_003 + tree);
      return new SampledTree(new RandomCutTree(samples, dims, random), samples, decay, random);
    });
  }

  /** Scores a row by those before it, then learns it; 0 until a whole shingle has come. */
  score(row: ArrayLike<number>): number {
    this.#shingle.copyWithin(0, this.#width);
    this.#shingle.set(row, this.#shingle.length - this.#width);
    this.#rows += 1;
    if (this.#rows * this.#width < this.#shingle.length) return 0;
    let sum = 0;
    for (const sampler of this.#samplers) {
      sum += sampler.tree.score(this.#shingle);
      sampler.offer(this.#shingle, this.#rows);
    }
    return sum / this.#samplers.length;
  }
}

/** A tree and the sample it holds. */
class SampledTree {
  readonly tree: RandomCutTree;
  readonly #random: () => number;
  readonly #samples: number;
  readonly #decay: number;
  readonly #keys: number[] = [];
  readonly #leaves: number[] = [];
  #largest = 0;

  constructor(tree: RandomCutTree, samples: number, decay: number, random: () => number) {
    this.tree = tree;
    this.#samples = samples;
    this.#decay = decay / samples;
    this.#random = random;
  }

  /** Takes a point into the sample if its lot, the smaller the better, beats the worst one held. */
  offer(point: Float32Array, order: number): void {
    const key = Math.log(-Math.log(1 - this.#random())) - order * this.#decay;
    let place = this.#keys.length;
    if (place >= this.#samples) {
      if (key >= (this.#keys[this.#largest] as number)) return;
      place = this.#largest;
      this.tree.remove(this.#leaves[place] as number);
    }
    this.#keys[place] = key;
    this.#leaves[place] = this.tree.insert(point);
    this.#largest = 0;
    for (let i = 1; i < this.#keys.length; i++) {
      if ((this.#keys[i] as number) > (this.#keys[this.#largest] as number)) this.#largest = i;
    }
  }
}
