/**
 * A function by its values at even distances, straight in between; outside the table it is computed.
 *
 * Cost: two reads and a product, a third to a tenth of `Math.exp` or `Math.asinh`. Its error is an eighth of the square of
 * the distance times the curvature: 1.3e-5 at 64 cells a unit where the second derivative is below 0.44.
 */
export class LookupTable {
  readonly #exactly: (x: number) => number;
  readonly #from: number;
  readonly #cellsPerUnit: number;
  readonly #cells: number;
  readonly #values: Float64Array;

  /** @param exactly the function, finite on the table. @param cellsPerUnit cells between x and x + 1. */
  constructor(exactly: (x: number) => number, from: number, to: number, cellsPerUnit: number) {
    this.#exactly = exactly;
    this.#from = from;
    this.#cellsPerUnit = cellsPerUnit;
    this.#cells = Math.ceil((to - from) * cellsPerUnit);
    this.#values = Float64Array.from({ length: this.#cells + 1 }, (_, i) =>
      exactly(from + i / cellsPerUnit),
    );
  }

  /** Returns the function at `x`; what it says of a number outside the table, NaN included, is exact. */
  at(x: number): number {
    const place = (x - this.#from) * this.#cellsPerUnit;
    if (!(place >= 0 && place < this.#cells)) return this.#exactly(x);
    const cell = Math.floor(place) | 0;
    const value = this.#values[cell] as number;
    return value + (place - cell) * ((this.#values[cell + 1] as number) - value);
  }
}
