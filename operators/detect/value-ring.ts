import type { ColumnView } from '../../runtime/state/column-type.ts';
import { WINDOW } from './state-columns.ts';

/** Stored exponents are shifted so that 0 means "none yet". */
const EXPONENT_SHIFT = 128;
const LIMIT = 2047;
/** A step of the ring is between 1/16 and 1/128 of the series' scale; 1/32 to 1/64 when it is chosen anew. */
const COARSEST = 16;
const FINEST = 128;
const CHOSEN = 32;
/** `WINDOW` is a power of two: this many bits of an ordinal are its place. */
const PLACE_BITS = WINDOW - 1;
/** Step by its mark. */
const STEPS = Float64Array.from({ length: 256 }, (_, mark) => 2 ** (mark - EXPONENT_SHIFT));

/**
 * Holds the last `WINDOW` values of a series as whole steps of a power of two, 12 bits each, two in three bytes.
 *
 * The step follows the series' scale and is changed only when it is off by four times, so that a value is rounded
 * once as a rule. Values further than 2,047 steps from the base are held at that limit.
 */
export class ValueRing {
  /** Steps of each place, from `#at` on; place of point n is n mod `WINDOW`. */
  #bytes: ColumnView = new Uint8Array(new SharedArrayBuffer((3 * WINDOW) / 2));
  #at = 0;
  #mark = 0;
  #step = STEPS[0] as number;

  /** Values of the second, third and fourth newest point, as they are kept; known after `recall`. */
  second = 0;
  third = 0;
  fourth = 0;
  #newest = 0;
  /** Whether these are what the bytes say. */
  #isRecalled = false;

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
  open(bytes: ColumnView, at: number): void {
    this.#bytes = bytes;
    this.#at = at;
    this.#isRecalled = false;
  }

  /** Size of one step. */
  get step(): number {
    return this.#step;
  }

  /** Puts a value in its place after fitting the step to `scale` (> 0). */
  push(ordinal: number, value: number, scale: number): void {
    if (this.#mark === 0 || scale < COARSEST * this.#step || scale > FINEST * this.#step)
      this.#fit(scale);
    const steps = heldSteps(Math.round(value / this.#step));
    this.#put(ordinal & PLACE_BITS, steps);
    this.fourth = this.third;
    this.third = this.second;
    this.second = this.#newest;
    this.#newest = steps * this.#step;
  }

  /** Makes sure of `second`, `third` and `fourth`, when `count` values have been pushed: they are read once a run. */
  recall(count: number): void {
    if (this.#isRecalled) return;
    this.#isRecalled = true;
    this.#newest = this.at(count - 1);
    this.second = this.at(count - 2);
    this.third = this.at(count - 3);
    this.fourth = this.at(count - 4);
  }

  /** Moves all values down by a whole number of steps. */
  shift(steps: number): void {
    for (let place = 0; place < WINDOW; place++)
      this.#put(place, heldSteps(this.#get(place) - steps));
    this.#isRecalled = false;
  }

  /** Returns the value of a point; 0 for one before the first. */
  at(ordinal: number): number {
    return ordinal < 0 ? 0 : this.#get(ordinal & PLACE_BITS) * this.#step;
  }

  /** Writes the values, oldest first, when `count` values have been pushed. */
  read(count: number, into: Float64Array): void {
    const step = this.#step;
    const bytes = this.#bytes;
    const end = this.#at + (3 * WINDOW) / 2;
    let to = -count & PLACE_BITS;
    for (let at = this.#at; at < end; at += 3) {
      const middle = bytes[at + 1] as number;
      const even = (bytes[at] as number) | ((middle & 15) << 8);
      const odd = (middle >> 4) | ((bytes[at + 2] as number) << 4);
      into[to] = ((even << 20) >> 20) * step;
      into[(to + 1) & PLACE_BITS] = ((odd << 20) >> 20) * step;
      to = (to + 2) & PLACE_BITS;
    }
  }

  #fit(scale: number): void {
    const exponent = Math.floor(Math.log2(scale / CHOSEN));
    const mark = Math.min(255, Math.max(1, exponent + EXPONENT_SHIFT));
    if (this.mark !== 0 && mark !== this.mark) {
      const ratio = 2 ** (this.mark - mark);
      for (let place = 0; place < WINDOW; place++)
        this.#put(place, heldSteps(Math.round(this.#get(place) * ratio)));
      this.#isRecalled = false;
    }
    this.mark = mark;
  }

  #get(place: number): number {
    const at = this.#at + (place >> 1) * 3;
    const middle = this.#bytes[at + 1] as number;
    const bits =
      (place & 1) === 0
        ? (this.#bytes[at] as number) | ((middle & 15) << 8)
        : (middle >> 4) | ((this.#bytes[at + 2] as number) << 4);
    return (bits << 20) >> 20;
  }

  #put(place: number, steps: number): void {
    const bits = steps & 0xfff;
    const at = this.#at + (place >> 1) * 3;
    const middle = this.#bytes[at + 1] as number;
    if ((place & 1) === 0) {
      this.#bytes[at] = bits;
      this.#bytes[at + 1] = (middle & 0xf0) | (bits >> 8);
    } else {
      this.#bytes[at + 1] = (middle & 15) | ((bits & 15) << 4);
      this.#bytes[at + 2] = bits >> 4;
    }
  }
}

/** Steps as far as they are kept. */
function heldSteps(steps: number): number {
  return Math.min(LIMIT, Math.max(-LIMIT, steps));
}
