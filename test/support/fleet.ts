import { randomFrom } from './random.ts';

/** A fleet of series with faults, the same for the same seed. */
export interface Fleet {
  readonly startMs: number;
  readonly stepMs: number;
  readonly rounds: number;
  readonly series: readonly FleetSeries[];
}

/** One series of a fleet: its values, one per round. */
export interface FleetSeries {
  readonly tenant: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: Float64Array;
}

/** How a fleet is made. */
export interface FleetSetup {
  readonly seed: number;
  readonly series: number;
  readonly rounds: number;
  readonly stepMs: number;
  /** Rounds between two faults of a series, roughly. */
  readonly faultEvery: number;
  /** How much larger each fault of a series is than the one before, as a ratio: a detector learns. 0 by default. */
  readonly growth?: number;
  /** Hosts that the series are spread over; 20 by default. */
  readonly hosts?: number;
  /** Tenants that the hosts belong to in turn; one by default. */
  readonly tenants?: readonly string[];
}

const START_MS = Date.UTC(2026, 0, 5);

/** Makes a fleet: waves with noise, and now and then a spike, a drop or a few flat rounds. */
export function makeFleet(setup: FleetSetup): Fleet {
  const { seed, series, rounds, stepMs, hosts = 20, tenants = ['default'] } = setup;
  const random = randomFrom(seed);
  const made = Array.from({ length: series }, (_, s) => ({
    tenant: tenants[(s % hosts) % tenants.length] ?? 'default',
    name: 'load',
    labels: { host: `h${s % hosts}`, unit: `u${s}` },
    values: makeValues(random, s, setup),
  }));
  return { startMs: START_MS, stepMs, rounds, series: made };
}

function makeValues(
  random: () => number,
  s: number,
  { rounds, faultEvery, growth = 0 }: FleetSetup,
): Float64Array {
  const values = new Float64Array(rounds);
  const level = 10 + 1000 * random();
  const swing = level * (0.05 + 0.2 * random());
  const period = 40 + 200 * random();
  for (let round = 0; round < rounds; round++) {
    const noise = (random() + random() + random() - 1.5) * swing * 0.3;
    values[round] = level + swing * Math.sin((round / period) * 2 * Math.PI + s) + noise;
  }
  let scale = 1;
  for (let at = 200 + Math.floor(random() * faultEvery); at < rounds - 10; at += faultEvery) {
    const kind = Math.floor(random() * 3);
    const size = scale * swing * (6 + 10 * random());
    for (let i = at; i < at + 6; i++) values[i] = faulty(values[i] ?? 0, kind, size, scale * level);
    scale *= 1 + growth;
  }
  return values;
}

/** A spike, a drop, or a flat line three times as high. */
function faulty(value: number, kind: number, size: number, level: number): number {
  if (kind === 2) return level * 3;
  return kind === 0 ? value + size : value - size;
}
