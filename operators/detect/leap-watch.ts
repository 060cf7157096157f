/** Points from which on a leap is known. */
export const LEAP_POINTS = 4;
const DAY_MS = 86_400_000;
/** The largest leap known is taken for so many mean steps at least: a few points of plain noise may show less. */
const LEAST_LEAP = 2.75;
/** Largest of some thousand leaps of plain noise, in mean steps; what more than that takes away from a larger one. */
const USUAL_LEAP = 4;
const HEAVY_SHARE = 1.6;
/** The largest leaps known are halved in this time, and not sooner than in so many points. */
const HALF_LIFE_MS = 4 * 86_400_000;
const HALF_LIFE_POINTS = 5678;
/** They are made smaller by this share at a time: 16 bits do not hold less. */
const FADED = 1 / 128;
/** What is lost of them per point while a series is starting up: so much over the points, and as many more. */
const START_UP_LOSS = 0.5;
const START_UP_POINTS = 32;
const START_UP_FADE = FADED / START_UP_LOSS;
/** A 16-bit number is an f32 without its sign and its last 15 bits: two parts in a thousand. */
const DROPPED_BITS = 15;
const HALF_STEP = 1 << (DROPPED_BITS - 1);
const LARGEST = 0xff_00;
/** In its first hour a series leaps to where it has never been, or it does not leap. */
const YOUNG_MS = 3_600_000;
/** A way of so many mean steps, and least ones, that makes up such a share of the span of values has led one way only. */
const LONG_WAY = 40;
const ONE_WAY = 0.7;
/** Tails are taken for lighter than exponential ones: the power of the log of a time that a leap grows by. */
const TAIL_POWER = 0.75;
const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

/** What leaps are held against; a series' tracker is one. */
export interface LeapGround {
  /** The point looked at and the middle level before it, relative to the same base. */
  readonly value: number;
  readonly middle: number;
  readonly slowStep: number;
  readonly grain: number;
  readonly resolution: number;
  readonly count: number;
  /** Extremes known before the point. */
  readonly high: number;
  readonly low: number;
  /** How far the trend has led in all. */
  readonly way: number;
  readonly intervalMs: number;
}

/**
 * Knows the largest leaps of a series, up and down apart, and tells when one goes beyond them.
 *
 * A leap is the distance of a value from both the mean of the four before it and the middle level, whichever is
 * nearer: the way back from a short excursion is a small one.
 */
export class LeapWatch {
  /** Largest leaps known, as 16 bits hold them. */
  up = 0;
  down = 0;
  /** Log of the leap to the point looked at over the largest known on its side, less in a series of rare large ones; 0 if it is no news. */
  record = 0;
  /** Distance of the point looked at from what leaps are measured from, up or down; 0 where it lies between. */
  leap = 0;

  /** @param before mean of the four values before the point. */
  look(ground: LeapGround, before: number): void {
    this.leap = 0;
    this.record = 0;
    if (ground.count < LEAP_POINTS) return;
    const { value, middle } = ground;
    if (value > before && value > middle) this.leap = value - Math.max(before, middle);
    else if (value < before && value < middle) this.leap = value - Math.min(before, middle);
    else return;
    if (!this.#turnsBack(ground)) this.#rate(ground);
  }

  /**
   * A leap counts for less in a series of rare large ones: there a larger one is to be expected. Rare counts are not
   * large for being rare: their unit is the least step, and two of it are no news.
   */
  #rate({ slowStep, grain, resolution }: LeapGround): void {
    const size = Math.abs(this.leap);
    const largest = this.leap > 0 ? this.up : this.down;
    const known = Math.max(largest, 2 * grain, LEAST_LEAP * slowStep);
    if (largest <= resolution || size <= known) return;
    const usual = Math.max(USUAL_LEAP * slowStep, grain);
    const heaviness = Math.max(0, Math.log(known / usual));
    this.record = Math.log(size / known) / (1 + HEAVY_SHARE * heaviness);
  }

  /**
   * Whether a leap leads back to where the series has been: within the extremes of a young one, or against the only way
   * that it has led so far, as what fills up and is cleared does.
   */
  #turnsBack(ground: LeapGround): boolean {
    const { value, high, low, slowStep, grain, way, count, intervalMs } = ground;
    if (count * intervalMs < YOUNG_MS && value <= high && value >= low) return true;
    if (way * this.leap >= 0) return false;
    const span = high - low;
    return span > LONG_WAY * Math.max(slowStep, grain) && Math.abs(way) > ONE_WAY * span;
  }

  /** Learns the leap of the last `look`. @param startingUp whether the series is in its first minutes. */
  take({ count, intervalMs }: LeapGround, startingUp: boolean): void {
    const points = startingUp ? (count + START_UP_POINTS) * START_UP_FADE : fadePoints(intervalMs);
    // Of whole numbers of 32 bits: the remainder of others is a call of the C library.
    if ((count | 0) % (Math.round(points) | 0) === 0) {
      this.up = rounded(this.up * (1 - FADED));
      this.down = rounded(this.down * (1 - FADED));
    }
    if (this.leap > this.up) this.up = rounded(this.leap);
    else if (-this.leap > this.down) this.down = rounded(-this.leap);
  }

  /** Both leaps as one number of 32 bits. */
  get packed(): number {
    return ((marked(this.up) << 16) | marked(this.down)) >>> 0;
  }

  set packed(both: number) {
    this.up = unmarked(both >>> 16);
    this.down = unmarked(both & 0xffff);
  }
}

/**
 * Returns how many times the largest leap known a leap must be to come once in `days`, after so many points.
 *
 * In a tail as e^-x^(4/3), between exponential and normal, the largest of n leaps lies at ln(n)^(3/4) and one that comes
 * once in m points at ln(m)^(3/4); so the fewer points are known, and the less time they took, the more is asked.
 * Source: extreme value theory (Gumbel's law for tails of the Weibull kind).
 */
export function ratioOfRecords(points: number, intervalMs: number, days: number): number {
  const times = (days * DAY_MS) / (points * intervalMs);
  return (1 + Math.max(0, Math.log(times)) / Math.log(points + 1)) ** TAIL_POWER;
}

/** Points in which the largest leaps lose `FADED`, once a series is no longer starting up. */
function fadePoints(intervalMs: number): number {
  return (FADED / Math.LN2) * Math.max(HALF_LIFE_POINTS, HALF_LIFE_MS / intervalMs);
}

function marked(size: number): number {
  floats[0] = size;
  return Math.min(LARGEST, ((bits[0] as number) + HALF_STEP) >>> DROPPED_BITS);
}

function unmarked(mark: number): number {
  bits[0] = mark << DROPPED_BITS;
  return floats[0] as number;
}

function rounded(size: number): number {
  return unmarked(marked(size));
}
