import { describe, expect, it } from 'vitest';
import { LookupTable } from './lookup-table.ts';

describe('LookupTable', () => {
  const table = new LookupTable(Math.sin, 0, 3, 64);

  it('is within an eighth of the square of the distance times the curvature', () => {
    for (let x = 0; x < 3; x += 0.001)
      expect(Math.abs(table.at(x) - Math.sin(x))).toBeLessThan(1 / 64 ** 2 / 8);
  });

  it('is exact at its places, and outside', () => {
    for (const x of [0, 1 / 64, 2.5, 3, 3.001, -0.001, 1e9]) expect(table.at(x)).toBe(Math.sin(x));
    expect(table.at(Number.NaN)).toBeNaN();
  });
});
