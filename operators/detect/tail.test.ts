import { describe, expect, it } from 'vitest';
import { surpriseOf } from './tail.ts';

describe('surpriseOf', () => {
  it.each([
    [0, 0.30103],
    [1, 0.79954],
    [2, 1.64302],
    [3, 2.86967],
    [5, 6.54265],
    [10, 23.11805],
  ])('is -log10 of the upper tail at %d', (u, exact) => {
    expect(Math.abs(surpriseOf(u) - exact)).toBeLessThan(0.05);
  });

  it('rises everywhere', () => {
    let last = -1;
    for (let u = -8; u < 40; u += 0.01) {
      const surprise = surpriseOf(u);
      expect(surprise).toBeGreaterThan(last);
      last = surprise;
    }
  });
});
