import { LookupTable } from './lookup-table.ts';

/** log10 of 2: the surprise of a median reading. */
const MEDIAN = 0.30103;

/**
 * Returns -log10 of the upper tail of a standard normal law at `u`: how rare a reading of at least `u` is.
 *
 * Mills' ratio with a rational correction, within 0.05 for 0 ≤ u ≤ 40; below 0 an exponential that meets it in
 * value and slope, so that the result rises smoothly from 0. Source: Birnbaum (1942), bound on Mills' ratio.
 * Between -8 and 40 it is looked up, to 2e-5.
 */
export function surpriseOf(u: number): number {
  return table.at(u);
}

function computed(u: number): number {
  if (u <= 0) return MEDIAN * Math.exp(1.151 * u);
  // Q(u) is close to 2 φ(u) / (u + sqrt(u² + 4)); the last term takes the error at 0 away.
  const natural = 0.5 * u * u + 0.9189385 + Math.log(0.5 * (u + Math.sqrt(u * u + 4)));
  return natural * Math.LOG10E - 0.098 / (1 + u);
}

const table = new LookupTable(computed, -8, 40, 64);
