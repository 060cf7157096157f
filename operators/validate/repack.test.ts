import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rawBatch } from '../../test/support/raw-batch.ts';
import { type RawPoints, rawFromBatch } from './raw-points.ts';
import { repack } from './repack.ts';

function read(batch: Parameters<typeof rawFromBatch>[0]): RawPoints {
  const raw = rawFromBatch(batch, 1000);
  if ('code' in raw) throw new Error(raw.detail);
  return raw;
}

/** Points one by one with their series, bits included. */
function lines(raw: RawPoints): string[] {
  let at = 0;
  return raw.series.flatMap((series, s) =>
    Array.from({ length: raw.counts[s] ?? 0 }, () => {
      const words = raw.words.slice(2 * at, 2 * at + 2);
      return JSON.stringify([series, raw.timestamps[at++], ...words]);
    }),
  );
}

const raw = read(
  rawBatch(
    [
      {
        name: 'a',
        labels: { x: '1' },
        points: [
          [1, Number.NaN],
          [2, 2],
        ],
      },
      { name: 'b', kind: 'COUNTER', points: [] },
      {
        name: 'a',
        labels: { x: '2' },
        points: [
          [3, 3],
          [4, 4],
          [5, 5],
        ],
      },
    ],
    { tenant: 'acme', backfill: true },
  ),
);

describe('repack', () => {
  it('gives the chosen points of each series and nothing else', () => {
    const all = lines(raw);
    fc.assert(
      fc.property(fc.subarray([0, 1, 2, 3, 4]), (points) => {
        const again = read(repack(raw, points));
        expect(again).toMatchObject({ tenant: 'acme', backfill: true });
        expect(lines(again)).toEqual(points.map((i) => all[i]));
      }),
    );
  });

  it('leaves out series without chosen points and words that nobody refers to', () => {
    const { series, dictionary } = repack(raw, [0]);
    expect(series).toHaveLength(1);
    expect(dictionary).toEqual(['a', 'x', '1']);
  });

  it('keeps the unit', () => {
    const unit = { ...raw, series: raw.series.map((each) => ({ ...each, unit: 'By' })) };
    expect(read(repack(unit, [0, 4])).series.map((each) => each.unit)).toEqual(['By', 'By']);
  });
});
