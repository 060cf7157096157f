import type { ParsedPoints, Point, PointFault } from './point.ts';

/** All that a parser gave; points as `[name, labels, timestampMs, value]`, and as they came. */
export interface Gathered {
  readonly points: readonly (readonly [string, Readonly<Record<string, string>>, number, number])[];
  readonly raw: readonly Point[];
  readonly faults: readonly PointFault[];
  readonly skipped: number;
}

/** Reads a parser to its end, for tests. */
export async function gather(groups: AsyncIterable<ParsedPoints>): Promise<Gathered> {
  const raw: Point[] = [];
  const faults: PointFault[] = [];
  let skipped = 0;
  for await (const group of groups) {
    raw.push(...group.points);
    faults.push(...group.faults);
    skipped += group.skipped;
  }
  const points = raw.map(
    ({ series, timestampMs, value }) => [series.name, series.labels, timestampMs, value] as const,
  );
  return { points, raw, faults, skipped };
}

/** Cuts a text into byte pieces of one size, for tests. */
export function inPieces(text: string, size: number): Uint8Array[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}
