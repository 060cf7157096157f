const PHASES = 4096;
const WAVE = Float64Array.from({ length: PHASES }, (_, i) => Math.sin((i / PHASES) * 2 * Math.PI));
/** Phases between two points. */
const STRIDE = 29;

/**
 * The values of a fleet’s series: waves with noise, each series with a level, a swing and a phase of its own.
 *
 * These follow from its number and the seed and are kept nowhere, for there may be many series.
 */
export class FleetWave {
  readonly #seed: number;
  #noise: number;
  #level = 0;
  #swing = 0;
  #phase = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#noise = (seed * 2654435761) | 1;
  }

  /** Turns to a series. */
  open(series: number): void {
    this.#level = 10 + 1000 * this.#chanceOf(series, 1);
    this.#swing = this.#level * (0.05 + 0.2 * this.#chanceOf(series, 2));
    this.#phase = Math.floor(PHASES * this.#chanceOf(series, 3));
  }

  /** How far the values of the series lie around their level. */
  get swing(): number {
    return this.#swing;
  }

  /** Value of a point of the series, with new noise each time. */
  valueAt(i: number): number {
    // Xorshift32: the generator shares the cores with what it feeds.
    let noise = this.#noise;
    noise ^= noise << 13;
    noise ^= noise >>> 17;
    noise ^= noise << 5;
    this.#noise = noise;
    const wave = WAVE[(this.#phase + i * STRIDE) & (PHASES - 1)] as number;
    return this.#level + this.#swing * (wave + noise * 7e-11);
  }

  /** A number from 0 to 1 that a series has for good. */
  #chanceOf(series: number, which: number): number {
    let hash = Math.imul(series + this.#seed, 0x9e37_79b1) + Math.imul(which, 0x85eb_ca77);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a_2d39);
    return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
  }
}
