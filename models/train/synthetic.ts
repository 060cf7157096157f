import { gaussian, seededRandom } from '../seeded-random.ts';

/** A generated series with the truth about its faults. */
export interface SyntheticSeries {
  readonly kind: SeriesKind;
  readonly intervalMs: number;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** 1 where a fault is being injected. */
  readonly labels: Uint8Array;
}

/** Shapes of normal behaviour that the generator knows. */
export const seriesKinds = [
  'noise',
  'daily',
  'commute',
  'walk',
  'counts',
  'bursts',
  'saturation',
  'steps',
  'host',
] as const;
export type SeriesKind = (typeof seriesKinds)[number];

/** Faults that the generator injects. */
export const faultKinds = [
  'spike',
  'drop',
  'shift',
  'drift',
  'flatline',
  'variance',
  'misplaced',
  'zigzag',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What to generate: `faults` is how many are injected, none in the first third. */
export interface SyntheticRequest {
  readonly seed: number;
  readonly kind: SeriesKind;
  readonly points: number;
  readonly intervalMs: number;
  readonly faults: number;
}

const START_MS = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

/** Generates a series of a kind, with faults of random kind, place and size; the same request gives the same series. */
export function generateSeries(request: SyntheticRequest): SyntheticSeries {
  const random = seededRandom(request.seed * 2_654_435_761 + 17);
  const { points, intervalMs, kind } = request;
  const timestamps = new Float64Array(points);
  const values = new Float64Array(points);
  const size = 10 ** (random() * 5 - 1);
  const next = normalOf[kind](random, intervalMs);
  for (let i = 0; i < points; i++) {
    timestamps[i] = START_MS + i * intervalMs;
    values[i] = size * next(timestamps[i] as number, i);
  }
  const labels = new Uint8Array(points);
  for (let f = 0; f < request.faults; f++) {
    const room = (points * 2) / 3 / request.faults;
    const start = Math.floor(points / 3 + f * room + random() * room * 0.5);
    injectFault({ values, labels, start, halfDay: Math.round(DAY_MS / 2 / intervalMs) }, random);
  }
  return { kind, intervalMs, timestamps, values, labels };
}

type Normal = (ms: number, index: number) => number;

function bell(x: number, middle: number, width: number): number {
  return Math.exp(-0.5 * ((x - middle) / width) ** 2);
}

const normalOf: Readonly<Record<SeriesKind, (random: () => number, intervalMs: number) => Normal>> =
  {
    noise: (random) => {
      const spread = 0.02 + 0.3 * random();
      return () => 1 + spread * gaussian(random);
    },
    daily: (random) => {
      const height = 0.2 + random();
      const phase = random();
      const second = 0.4 * random();
      const spread = 0.02 + 0.15 * random();
      const dayOff = 0.5 + 0.5 * random();
      return (ms) => {
        const turn = 2 * Math.PI * (ms / DAY_MS + phase);
        const off = Math.floor(ms / DAY_MS + 3) % 7 >= 5 ? dayOff : 1;
        const wave = Math.sin(turn) + second * Math.sin(2 * turn);
        return 2 + off * height * wave + spread * gaussian(random);
      };
    },
    commute: (random) => {
      const night = 0.05 + 0.2 * random();
      const width = 0.04 + 0.05 * random();
      const spread = 0.02 + 0.06 * random();
      const dayOff = 0.1 + 0.9 * random();
      return (ms) => {
        const hour = (ms % DAY_MS) / DAY_MS;
        const off = Math.floor(ms / DAY_MS + 3) % 7 >= 5 ? dayOff : 1;
        const peaks = bell(hour, 0.35, width) + 0.8 * bell(hour, 0.73, width);
        return night + off * peaks + spread * gaussian(random);
      };
    },
    walk: (random) => {
      const pull = 0.002 + 0.05 * random();
      let level = 0;
      return () => {
        level += 0.1 * gaussian(random) - pull * level;
        return 3 + level;
      };
    },
    counts: (random) => {
      const rate = 0.3 + 20 * random() ** 3;
      return (ms) => {
        const mean = rate * (1 + 0.6 * Math.sin((2 * Math.PI * ms) / DAY_MS));
        let product = 1;
        let count = -1;
        for (const floor = Math.exp(-mean); product > floor; count++) product *= random();
        return count;
      };
    },
    bursts: (random) => {
      const chance = 0.002 + 0.02 * random();
      const height = 1 + 4 * random();
      let left = 0;
      return () => {
        if (left === 0 && random() < chance) left = 1 + Math.floor(6 * random());
        left = Math.max(0, left - 1);
        return 1 + 0.05 * gaussian(random) + (left > 0 ? height * (0.7 + 0.3 * random()) : 0);
      };
    },
    saturation: (random) => {
      const rise = 0.0005 + 0.004 * random();
      let level = 0.2;
      return () => {
        level += rise * random();
        if (level > 0.9) level = 0.2 + 0.1 * random();
        return level + 0.002 * gaussian(random);
      };
    },
    steps: (random) => {
      let level = 1;
      return () => {
        if (random() < 0.002) level = 0.5 + random();
        return level;
      };
    },
    host: (random, intervalMs) => {
      const busy = 0.01 + 0.06 * random();
      const every = Math.max(2, Math.round(15_000 / intervalMs));
      return (_ms, i) => {
        const job = i % every === 0 ? 0.05 * random() : 0;
        const blip = random() < 0.01 ? 0.3 * random() ** 2 : 0;
        return busy + job + blip + 0.01 * Math.abs(gaussian(random));
      };
    },
  };

interface FaultSite {
  readonly values: Float64Array;
  readonly labels: Uint8Array;
  readonly start: number;
  /** Points of half a day. */
  readonly halfDay: number;
}

function injectFault({ values, labels, start, halfDay }: FaultSite, random: () => number): void {
  const kind = faultKinds[Math.floor(random() * faultKinds.length)] as FaultKind;
  const long = kind === 'spike' || kind === 'drop' ? 1 + random() * 5 : 30 + random() * 60;
  const end = Math.min(values.length, start + Math.floor(long));
  const spread = spreadBefore(values, start);
  const size = spread * (4 + 8 * random());
  const held = values[start] as number;
  for (let i = start; i < end; i++) {
    const value = values[i] as number;
    const progress = (i - start + 1) / (end - start);
    const earlier = values[Math.max(0, i - halfDay)] as number;
    const replaced = kind === 'misplaced' ? earlier : held;
    const turn = i % 2 === 0 ? 0.6 : -0.6;
    const noise = kind === 'zigzag' ? turn : gaussian(random);
    values[i] = faulty(kind, value, replaced, size * (kind === 'drift' ? progress : 1), noise);
    labels[i] = 1;
  }
}

function faulty(
  kind: FaultKind,
  value: number,
  replaced: number,
  size: number,
  noise: number,
): number {
  if (kind === 'drop') return value - size;
  if (kind === 'flatline' || kind === 'misplaced') return replaced;
  if (kind === 'variance' || kind === 'zigzag') return value + 0.5 * size * noise;
  return value + size;
}

function spreadBefore(values: Float64Array, start: number): number {
  const from = Math.max(0, start - 256);
  let mean = 0;
  for (let i = from; i < start; i++) mean += values[i] as number;
  mean /= Math.max(1, start - from);
  let sum = 0;
  for (let i = from; i < start; i++) sum += Math.abs((values[i] as number) - mean);
  return Math.max(sum / Math.max(1, start - from), 1e-3 * Math.abs(mean), 1e-9);
}
