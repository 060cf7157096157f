/**
 * A machine with nothing to do, at 1 Hz, for tests: about 60 metrics with the noise that real ones have.
 *
 * Cores tick over with short jobs, memory drifts, disks flush in bursts, the network has heartbeats and rare fetches,
 * some metrics never move.
 */
export interface IdleHost {
  readonly names: readonly string[];
  /** Value of each metric in a second. */
  second(index: number): readonly number[];
}

const STRESS_SECONDS = 20;

/** What disturbs the machine: every core is loaded for 20 s from `stressAt`, and for the first `bootSeconds`. */
export interface Disturbance {
  readonly stressAt?: number;
  readonly bootSeconds?: number;
}

/** Makes an idle machine; the same seed gives the same values. Call `second` with 0, 1, 2, … in order. */
export function idleHost(seed: number, disturbance: Disturbance = {}): IdleHost {
  const { stressAt = Number.POSITIVE_INFINITY, bootSeconds = 0 } = disturbance;
  const random = lehmer(seed);
  const metrics: [string, (s: number) => number][] = [];
  const stressed = (s: number) => s >= stressAt && s < stressAt + STRESS_SECONDS;
  for (let core = 0; core < 8; core++) {
    metrics.push([
      `cpu_${core}`,
      (s) => {
        if (stressed(s)) return 0.96 + 0.03 * random();
        return s < bootSeconds ? 0.6 + 0.4 * random() : idleCore(random);
      },
    ]);
  }
  const load = [0.1, 0.1, 0.1];
  for (const [i, minutes] of [1, 5, 15].entries()) {
    metrics.push([
      `load_${minutes}`,
      (s) => {
        const running = stressed(s) ? 8 : 0.2 * random();
        const share = s % 5 === 0 ? 1 - Math.exp(-5 / (60 * minutes)) : 0;
        load[i] = (load[i] ?? 0) + share * (running - (load[i] ?? 0));
        return Math.round(100 * (load[i] ?? 0)) / 100;
      },
    ]);
  }
  for (let i = 0; i < 8; i++)
    metrics.push([`memory_${i}`, walk(random, 2e9 * (i + 1), 2e5 * (i + 1))]);
  for (let i = 0; i < 12; i++)
    metrics.push([`disk_${i}`, bursts(random, 3 + 4 * i, 4e4, 1 + (i % 3))]);
  for (let i = 0; i < 12; i++) metrics.push([`network_${i}`, heartbeats(random, i)]);
  for (let i = 0; i < 6; i++)
    metrics.push([`context_${i}`, () => 800 + 150 * gaussian(random) + spikes(random)]);
  for (let i = 0; i < 6; i++) metrics.push([`constant_${i}`, () => i * 1000]);
  metrics.push(['processes', steps(random, 210)], ['threads', steps(random, 900)]);
  return {
    names: metrics.map(([name]) => name),
    second: (index) => metrics.map(([, value]) => value(index)),
  };
}

/** Park and Miller's generator. */
function lehmer(seed: number): () => number {
  let state = (seed * 7919 + 13) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function idleCore(random: () => number): number {
  const blip = random() < 0.02 ? 0.25 * random() : 0;
  return Math.min(1, Math.round(100 * (0.03 * random() + blip)) / 100);
}

function spikes(random: () => number): number {
  return random() < 0.01 ? 2000 * random() : 0;
}

function walk(random: () => number, start: number, step: number): () => number {
  let level = start;
  return () => {
    level += step * gaussian(random) + (random() < 0.005 ? 40 * step * gaussian(random) : 0);
    return Math.round(level / 4096) * 4096;
  };
}

/** Nothing, then a flush of `length` seconds about every `every` seconds, its size log-normal. */
function bursts(random: () => number, every: number, size: number, length: number): () => number {
  let left = 0;
  return () => {
    if (left === 0 && random() < 1 / every) left = 1 + Math.floor(length * random());
    if (left === 0) return 0;
    left -= 1;
    return Math.round((size * Math.exp(1.2 * gaussian(random))) / 512) * 512;
  };
}

/** A small packet every few seconds, and a fetch of a few seconds every ten minutes or so. */
function heartbeats(random: () => number, index: number): () => number {
  let fetch = 0;
  return () => {
    if (index % 3 === 0 && random() < 1 / 600) fetch = 1 + Math.floor(3 * random());
    const beat = random() < 0.1 + 0.05 * index ? 60 + Math.floor(400 * random()) : 0;
    if (fetch === 0) return beat;
    fetch -= 1;
    return beat + Math.round(2e4 * Math.exp(gaussian(random)));
  };
}

function steps(random: () => number, start: number): () => number {
  let level = start;
  return () => {
    if (random() < 0.05) level += Math.round(2 * gaussian(random));
    if (random() < 0.02) level = start;
    return level;
  };
}
