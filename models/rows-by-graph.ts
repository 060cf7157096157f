import { classNames } from './metric-class.ts';

/** Graphs that rows may go through: the general one, and one for each class. */
const MOST_GRAPHS = classNames.length;

/**
 * Puts rows together by the graph that they go through, and their outputs back in their places.
 *
 * Stable: rows of one graph stay in order. Arrays are made once, for `most` rows.
 */
export class RowsByGraph {
  /** Rows of the graph given to `gather` last, from the start. */
  readonly input: Float32Array;
  readonly #width: number;
  readonly #order: Uint32Array;
  /** Where the rows of each graph begin in `#order`; the last place is where all end. */
  readonly #starts = new Uint32Array(MOST_GRAPHS + 1);
  readonly #next = new Uint32Array(MOST_GRAPHS);

  constructor(most: number, width: number) {
    this.input = new Float32Array(most * width);
    this.#width = width;
    this.#order = new Uint32Array(most);
  }

  /** Sorts rows by `graphOf` their class (counting sort). */
  sort(classes: Uint8Array, graphOf: Uint8Array): void {
    const starts = this.#starts.fill(0);
    for (const number of classes) {
      const after = (graphOf[number] as number) + 1;
      starts[after] = (starts[after] as number) + 1;
    }
    for (let graph = 0; graph < MOST_GRAPHS; graph++) {
      starts[graph + 1] = (starts[graph + 1] as number) + (starts[graph] as number);
    }
    this.#next.set(starts.subarray(0, MOST_GRAPHS));
    for (let i = 0; i < classes.length; i++) {
      const graph = graphOf[classes[i] as number] as number;
      const place = this.#next[graph] as number;
      this.#order[place] = i;
      this.#next[graph] = place + 1;
    }
  }

  /** Copies the rows of a graph into `input`; returns how many there are. */
  gather(graph: number, rows: Float32Array): number {
    const width = this.#width;
    const from = this.#starts[graph] as number;
    const count = (this.#starts[graph + 1] as number) - from;
    for (let k = 0; k < count; k++) {
      const at = (this.#order[from + k] as number) * width;
      for (let j = 0; j < width; j++) this.input[k * width + j] = rows[at + j] as number;
    }
    return count;
  }

  /** Copies the outputs of a graph's rows, `width` values each, to their places. */
  scatter(graph: number, outputs: Float32Array, width: number, into: Float32Array): void {
    const from = this.#starts[graph] as number;
    const count = (this.#starts[graph + 1] as number) - from;
    for (let k = 0; k < count; k++) {
      const at = (this.#order[from + k] as number) * width;
      for (let j = 0; j < width; j++) into[at + j] = outputs[k * width + j] as number;
    }
  }
}
