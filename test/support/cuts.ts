import { randomFrom } from './random.ts';

/** How the rounds of a fleet are cut into raw records. */
export interface Cut {
  /** Points per record, asked anew for every stretch. */
  readonly pointsPerRecord: () => number;
  /** Rounds written with one answer of `pointsPerRecord`; all of them if absent. */
  readonly stretch?: number;
}

/** Points per record and scoring threads: the cuts at which batching is most likely to show. */
export const FIXED_CUTS: readonly (readonly [points: number, threads: number])[] = [
  [1, 1],
  [7, 2],
  [32, 4],
  [1000, 2],
  [1000, 4],
];

/** Makes a random cut: mostly small records, some of up to 2,000 points; the same for the same seed. */
export function randomCut(seed: number): Cut {
  const random = randomFrom(seed + 1);
  return {
    pointsPerRecord: () => 1 + Math.floor(random() ** 3 * 2000),
    stretch: 1 + Math.floor(random() * 60),
  };
}

/** Gives so many seeds, each with 1, 2 or 4 scoring threads. */
export function seedsAndThreads(seeds: number): (readonly [seed: number, threads: number])[] {
  return Array.from({ length: seeds }, (_, seed) => [seed, [1, 2, 4][seed % 3] ?? 1]);
}

/** The first lines that only one side has: all of them would be thousands. */
export function difference(lines: readonly string[], expected: readonly string[]): string[] {
  const [ours, theirs] = [new Set(lines), new Set(expected)];
  const extra = [...ours].filter((line) => !theirs.has(line)).map((line) => `+ ${line}`);
  const missing = [...theirs].filter((line) => !ours.has(line)).map((line) => `- ${line}`);
  return [...extra, ...missing].slice(0, 6);
}
