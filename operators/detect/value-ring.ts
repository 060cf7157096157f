import type { ColumnView } from '../../runtime/paged-table.ts';
import { WINDOW } from './state-columns.ts';

/** Stored exponents are shifted so that 0 means "none yet". */
const EXPONENT_SHIFT = 128;
const LIMIT = 32_767;
/** A step of the ring is between 1/16 and 1/256 of the series' scale; 1/64 when it is chosen anew. */
const COARSEST = 16;
const FINEST = 256;
const CHOSEN = 64;
/** Step by its mark. */
const STEPS = Float64Array.from({ length: 256 }, (_, mark) => 2 ** (mark - EXPONENT_SHIFT));

/**
 * Holds the last `WINDOW` values of a series as whole steps of a power of two, 2 bytes each.
 *
 * The step follows the series' scale and is changed only when it is off by four times, so that a value is rounded
 * once as a rule. Values further than 32,767 steps from the base are held at that limit.
 */
export class ValueRing {
  /** Steps of each place, from `#at` on; place of point n is n mod `WINDOW`. */
  #steps: ColumnView = new Int16Array(new SharedArrayBuffer(2 * WINDOW));
  #at = 0;
  #mark = 0;
  #step = STEPS[0] as number;

  /** Exponent of the step plus 128, or 0 before the first value. */
  get mark(): number {
    return this.#mark;
  }

  set mark(mark: number) {
    if (mark === this.#mark) return;
    this.#mark = mark;
    this.#step = STEPS[mark] as number;
  }

  /** Turns to the ring at a place of a column; it is read and written there. */
  open(steps: ColumnView, at: number): void {
    this.#steps = steps;
    this.#at = at;
  }

  /** Size of one step. */
  get step(): number {
    return this.#step;
  }

  /** Puts a value in its place after fitting the step to `scale` (> 0). */
  push(ordinal: number, value: number, scale: number): void {
    if (this.#mark === 0 || scale < COARSEST * this.#step || scale > FINEST * this.#step)
      this.#fit(scale);
    this.#steps[this.#at + (ordinal % WINDOW)] = limited(Math.round(value / this.#step));
  }

  /** Moves all values down by a whole number of steps. */
  shift(steps: number): void {
    for (let i = this.#at; i < this.#at + WINDOW; i++) {
      this.#steps[i] = limited((this.#steps[i] as number) - steps);
    }
  }

  /** Returns the value of a point; 0 for one before the first. */
  at(ordinal: number): number {
    return ordinal < 0 ? 0 : (this.#steps[this.#at + (ordinal % WINDOW)] as number) * this.#step;
  }

  /** Writes the values, oldest first, when `count` values have been pushed. */
  read(count: number, into: Float64Array): void {
    const step = this.#step;
    const steps = this.#steps;
    const at = this.#at;
    for (let i = 0; i < WINDOW; i++) {
      into[i] = (steps[at + ((count + i) % WINDOW)] as number) * step;
    }
  }

  #fit(scale: number): void {
    const exponent = Math.floor(Math.log2(scale / CHOSEN));
    const mark = Math.min(255, Math.max(1, exponent + EXPONENT_SHIFT));
    if (this.mark !== 0 && mark !== this.mark) {
      const ratio = 2 ** (this.mark - mark);
      for (let i = this.#at; i < this.#at + WINDOW; i++) {
        this.#steps[i] = limited(Math.round((this.#steps[i] as number) * ratio));
      }
    }
    this.mark = mark;
  }
}

function limited(steps: number): number {
  return Math.min(LIMIT, Math.max(-LIMIT, steps));
}
