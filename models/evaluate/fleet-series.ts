import type { MetricClass } from '../metric-class.ts';
import { gaussian, seededRandom } from '../seeded-random.ts';

/** Points of one series: epoch ms and values. */
export interface SeriesPoints {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** What to generate; the same request gives the same points. */
export interface FleetRequest {
  readonly seed: number;
  readonly metricClass: MetricClass;
  readonly points: number;
  readonly intervalMs: number;
}

/** Value of a series over the interval that ends at a time. Called once per point, in order. */
export type NormalCourse = (ms: number) => number;

/** A Monday. */
export const FLEET_START_MS = Date.UTC(2024, 2, 4);
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Generates normal behaviour of a metric class.
 *
 * What happens is laid down in time, not in points: noise has a correlation time, bursts a rate and a length, so a
 * longer interval shows the same thing more coarsely, as an average or a count over the interval. The general graphs are
 * trained without it (`models/train/synthetic.ts` has shapes of its own), those of classes with other seeds than are judged.
 */
export function fleetSeries({ seed, metricClass, points, intervalMs }: FleetRequest): SeriesPoints {
  const random = seededRandom(seed * 2_246_822_519 + 101);
  const course = courseOf[metricClass](random, intervalMs);
  const timestamps = new Float64Array(points);
  const values = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    const ms = FLEET_START_MS + i * intervalMs;
    timestamps[i] = ms;
    values[i] = course(ms);
  }
  return { timestamps, values };
}

/** How several points become one: their mean, their sum, the last of them. */
export type Joining = 'mean' | 'sum' | 'last';

/** How points of a class are put together. */
export function joiningOf(metricClass: MetricClass): Joining {
  if (metricClass === 'sparse-counts') return 'sum';
  return metricClass === 'steps' ? 'last' : 'mean';
}

/**
 * Puts every `factor` points of a series together as one, at the time of the last.
 *
 * A rest of fewer than `factor` points is left out.
 */
export function resample(series: SeriesPoints, factor: number, joining: Joining): SeriesPoints {
  const points = Math.floor(series.values.length / factor);
  const timestamps = new Float64Array(points);
  const values = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    const last = (i + 1) * factor - 1;
    let total = 0;
    for (let k = i * factor; k <= last; k++) total += series.values[k] as number;
    timestamps[i] = series.timestamps[last] as number;
    if (joining === 'last') values[i] = series.values[last] as number;
    else values[i] = joining === 'sum' ? total : total / factor;
  }
  return { timestamps, values };
}

const courseOf: Readonly<
  Record<MetricClass, (random: () => number, intervalMs: number) => NormalCourse>
> = {
  latency: (random, dt) => {
    const typical = 10 ** (0.5 + 2.5 * random());
    const daily = 0.05 + 0.3 * random();
    const noise = 0.03 + 0.15 * random();
    const slow = wander(random, dt, 5 * MINUTE_MS, 0.03 + 0.07 * random());
    const pauses = bursts(random, dt, HOUR_MS / (1 + 8 * random()), 10 * SECOND_MS);
    const height = 0.2 + random();
    const shape = workday(random);
    return (ms) =>
      typical *
      Math.exp(daily * shape(ms) + slow() + noise * gaussian(random)) *
      (1 + height * pauses());
  },
  'error-ratio': (random, dt) => {
    const perSecond = 10 ** (1 + 2 * random());
    const ratio = 10 ** (-3.5 + 2 * random());
    const shape = workday(random);
    const slow = wander(random, dt, 20 * MINUTE_MS, 0.2);
    return (ms) => {
      const requests = Math.max(1, Math.round(perSecond * (dt / 1000) * Math.exp(shape(ms))));
      return Math.min(1, poisson(random, requests * ratio * Math.exp(slow())) / requests);
    };
  },
  throughput: (random, dt) => {
    const perSecond = 10 ** (0.5 + 3 * random());
    const daily = 0.2 + 0.6 * random();
    const shape = workday(random);
    const slow = wander(random, dt, 10 * MINUTE_MS, 0.02 + 0.08 * random());
    return (ms) => {
      const mean = perSecond * (dt / 1000) * Math.exp(daily * shape(ms) + slow());
      return poisson(random, mean) / (dt / 1000);
    };
  },
  saturation: (random, dt) => (random() < 0.5 ? usage(random, dt) : filling(random, dt)),
  'seasonal-kpi': (random, dt) => {
    const size = 10 ** (4 * random());
    const floor = 0.1 + 0.3 * random();
    const noise = 0.01 + 0.05 * random();
    const slow = wander(random, dt, 30 * MINUTE_MS, 0.01 + 0.03 * random());
    const shape = workday(random);
    return (ms) =>
      size * (floor + Math.exp(1.5 * shape(ms))) * (1 + slow() + noise * gaussian(random));
  },
  'sparse-counts': (random, dt) => {
    const perHour = 10 ** (2 * random());
    const shape = workday(random);
    return (ms) => poisson(random, ((perHour * dt) / HOUR_MS) * Math.exp(0.7 * shape(ms)));
  },
  counter: (random, dt) => {
    const perSecond = 10 ** (1 + 4 * random());
    const shape = workday(random);
    const slow = wander(random, dt, 5 * MINUTE_MS, 0.05 + 0.1 * random());
    const batches = bursts(random, dt, 15 * MINUTE_MS, 20 * SECOND_MS);
    const height = 0.5 * random();
    return (ms) => {
      const mean = perSecond * Math.exp(0.4 * shape(ms) + slow()) * (1 + height * batches());
      return poisson(random, (mean * dt) / 1000) / (dt / 1000);
    };
  },
  steps: (random, dt) => {
    const levels = Array.from({ length: 4 }, () => 1 + Math.floor(20 * random()));
    const stayMs = (3 + 6 * random()) * HOUR_MS;
    let level = levels[0] as number;
    return () => {
      if (random() < dt / stayMs) level = levels[Math.floor(4 * random())] as number;
      return level;
    };
  },
};

/** Use of a processor or a pool, 0 to 1. */
function usage(random: () => number, dt: number): NormalCourse {
  const busy = 0.05 + 0.4 * random();
  const shape = workday(random);
  const slow = wander(random, dt, 2 * MINUTE_MS, 0.1 + 0.2 * random());
  const noise = 0.05 + 0.15 * random();
  const jobs = bursts(random, dt, (5 + 20 * random()) * MINUTE_MS, 30 * SECOND_MS);
  const height = 0.3 * random();
  return (ms) => {
    const own = busy * Math.exp(0.4 * shape(ms) + slow() + noise * gaussian(random));
    return Math.min(1, own + height * jobs());
  };
}

/** A disk or a heap that fills and is cleared. */
function filling(random: () => number, dt: number): NormalCourse {
  const roundMs = (0.5 + 8 * random()) * HOUR_MS;
  const full = 0.6 + 0.3 * random();
  let level = 0.2 + 0.3 * random();
  return () => {
    level += (0.6 * (0.5 + random()) * dt) / roundMs;
    if (level > full) level = 0.2 + 0.05 * random();
    return level + 0.001 * gaussian(random);
  };
}

/** Course of a day about 0, mostly within ±1: lower at night, in some series also on Saturday and Sunday. */
function workday(random: () => number): (ms: number) => number {
  const shift = random() - 0.5;
  const second = 0.3 * random();
  const dayOff = random() < 0.5 ? 0 : 0.5 * random();
  return (ms) => {
    const days = ms / DAY_MS + 0.2 * shift;
    const turn = 2 * Math.PI * days;
    return -Math.cos(turn) + second * Math.sin(2 * turn) - dayOff * weekendShare(days);
  };
}

/** How much of a weekend it is, 0 to 1, by days since 1970: it comes and goes within two hours about midnight. */
function weekendShare(days: number): number {
  // Sunday 0:00 is its middle; 1970-01-04 was one.
  const apart = Math.abs(((days - 3 + 3.5) % 7) - 3.5);
  return Math.min(1, Math.max(0, 0.5 + 12 * (1 - apart)));
}

/** Wandering about 0 with a correlation time (Ornstein–Uhlenbeck), averaged over long intervals. */
function wander(random: () => number, dt: number, tauMs: number, deviation: number): () => number {
  const kept = Math.exp(-dt / tauMs);
  const push = deviation * Math.sqrt(1 - kept * kept) * Math.min(1, Math.sqrt(tauMs / dt));
  let state = deviation * gaussian(random);
  return () => {
    state = kept * state + push * gaussian(random);
    return state;
  };
}

/** Share of each interval that lies in bursts, which begin by chance every `everyMs` and last about `lengthMs`. */
function bursts(random: () => number, dt: number, everyMs: number, lengthMs: number): () => number {
  let untilMs = -everyMs * Math.log(1 - random());
  let leftMs = 0;
  return () => {
    let inside = 0;
    let restMs = dt;
    while (restMs > 0) {
      const piece = Math.min(restMs, leftMs > 0 ? leftMs : untilMs);
      restMs -= piece;
      if (leftMs > 0) {
        inside += piece;
        leftMs -= piece;
        continue;
      }
      untilMs -= piece;
      if (untilMs > 0) continue;
      leftMs = lengthMs * (0.3 + 1.4 * random());
      untilMs = -everyMs * Math.log(1 - random());
    }
    return inside / dt;
  };
}

/** A count of the Poisson law; by its normal limit from a mean of 40 on. */
function poisson(random: () => number, mean: number): number {
  if (mean > 40) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gaussian(random)));
  let product = random();
  let count = 0;
  for (const floor = Math.exp(-mean); product > floor; count++) product *= random();
  return count;
}
