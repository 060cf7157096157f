import type { ColumnView } from '../runtime/state/column-type.ts';

/** The latest time that a row can hold, epoch ms, in the year 4199: 46 bits. */
export const LATEST_MS = 2 ** 46 - 1;

const WORD = 2 ** 16;
const HALF = 2 ** 32;
/** Bits of the third word that belong to the time; the two above are free. */
const HIGH_BITS = 0x3fff;

/** Reads a time, whole ms from 1970 to `LATEST_MS`, from three 16-bit words, the low one first. */
export function readTime(words: ColumnView, at: number): number {
  const high = (words[at + 2] as number) & HIGH_BITS;
  return (words[at] as number) + WORD * (words[at + 1] as number) + HALF * high;
}

/** Reads the two bits above a time. */
export function readTimeMarks(words: ColumnView, at: number): number {
  return (words[at + 2] as number) >> 14;
}

/** Writes a time, and `marks` (0 to 3) into the two bits above it. */
export function writeTime(words: ColumnView, at: number, ms: number, marks = 0): void {
  const high = Math.floor(ms / HALF);
  const low = ms - high * HALF;
  words[at] = low & 0xffff;
  words[at + 1] = low / WORD;
  words[at + 2] = (high & HIGH_BITS) | (marks << 14);
}
