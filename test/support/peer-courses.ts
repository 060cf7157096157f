import { FleetWave } from '../../bench/fleet-wave.ts';
import { randomFrom } from './random.ts';

const START_MS = Date.UTC(2024, 2, 4);
const DAY_MS = 86_400_000;
const POINTS = 6000;
const INTERVALS_MS = [1000, 10_000, 60_000, 300_000];
/** A fault begins every so many points, of a kind after the other, and lasts so many. */
const FAULT_EVERY = 450;
const FAULT_POINTS = [3, 40, 90, 20];
/** A gap of so many intervals, more than make a series stale, lies just before a shift. */
const GAP_INTERVALS = 400;
const GAP_AT = 13 * FAULT_EVERY - 1;
const LONG_DAYS = 12;

/** Points of one series: epoch ms and values. */
export interface Course {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** Value of a point by its share of a day (0 to 1), its number, and noise. */
type Shape = (day: number, i: number, random: () => number) => number;

/** One as each class has that values tell, and some that numbers trip over. */
const shapes: readonly Shape[] = [
  (_, __, random) => 0.05 + 0.03 * random() ** 4 + 0.01 * random(),
  (_, __, random) => 0.004 * random() ** 2,
  (day, _, random) => Math.round(4000 + 2500 * wave(day) + 120 * random()),
  (day, _, random) => Math.min(1, 0.55 + 0.2 * wave(day) + 0.08 * random()),
  (day, _, random) => 1200 * (1.2 + wave(day)) + 6 * random(),
  (_, __, random) => (random() < 0.9 ? 0 : Math.ceil(3 * random())),
  (_, i) => 3 + (Math.floor(i / 700) % 3),
  (_, i, random) => 5 * i + 30 * random(),
  (_, i, random) => (i % 300) * 2 + random(),
  (_, __, random) => 1e12 + 50 * random(),
  (_, i) => (i < 900 ? 7 : 7 + (i % 97 === 0 ? 1 : 0)),
  (_, __, random) => 1e-7 * (random() - 0.5),
  (day, _, random) => 20 * wave(day) + (random() < 0.003 ? 200 * random() : random()),
];

/**
 * Makes series of many kinds and several intervals with faults, a long one of each shape with days, and waves as benches
 * send them.
 */
export function peerCourses(seed: number): Course[] {
  const short = INTERVALS_MS.flatMap((intervalMs, k) =>
    shapes.map((shape, s) => courseOf(shape, intervalMs, POINTS, seed + 100 * k + s)),
  );
  const minutes = (LONG_DAYS * DAY_MS) / 120_000;
  const long = shapes.map((shape, s) => courseOf(shape, 120_000, minutes, seed + 1000 + s));
  return [...short, ...long, ...fleetCourses(seed)];
}

function courseOf(shape: Shape, intervalMs: number, points: number, seed: number): Course {
  const random = randomFrom(seed);
  const timestamps = new Float64Array(points);
  const values = new Float64Array(points);
  let standing = 0;
  for (let i = 0; i < points; i++) {
    const gap = i < GAP_AT ? 0 : GAP_INTERVALS;
    const jitter = Math.floor(0.1 * intervalMs * random());
    timestamps[i] = START_MS + (i + gap) * intervalMs + jitter;
    const day = ((timestamps[i] as number) % DAY_MS) / DAY_MS;
    const value = shape(day, i, random);
    const kind = Math.floor(i / FAULT_EVERY) % FAULT_POINTS.length;
    const isOdd = i >= FAULT_EVERY && i % FAULT_EVERY < (FAULT_POINTS[kind] as number);
    values[i] = isOdd ? faulty(kind, value, standing, random) : value;
    if (!isOdd) standing = value;
  }
  return { timestamps, values };
}

/** A spike, a shift, a value that stands still, a drop with noise. */
function faulty(kind: number, value: number, standing: number, random: () => number): number {
  if (kind === 0) return 4 * value + 10 * random();
  if (kind === 1) return 1.6 * value + 1;
  return kind === 2 ? standing : value * 0.3 * random();
}

function fleetCourses(seed: number): Course[] {
  const wave = new FleetWave(seed);
  return Array.from({ length: 8 }, (_, series) => {
    wave.open(series);
    const timestamps = Float64Array.from({ length: 1500 }, (_, i) => START_MS + 10_000 * i);
    const values = timestamps.map((_, i) => {
      const planted = i > FAULT_EVERY && i % FAULT_EVERY < 6;
      return wave.valueAt(i) + (planted ? 30 * wave.swing : 0);
    });
    return { timestamps, values };
  });
}

function wave(day: number): number {
  return Math.sin(2 * Math.PI * day);
}
