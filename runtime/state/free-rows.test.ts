import { describe, expect, it } from 'vitest';
import { FreeRows } from './free-rows.ts';

describe('FreeRows', () => {
  it('has none at first', () => {
    const free = new FreeRows();
    expect(free.count).toBe(0);
    expect(free.take()).toBe(-1);
    expect(free.has(5)).toBe(false);
  });

  it('gives out the lowest first, whatever order they came in', () => {
    const free = new FreeRows();
    for (const row of [2000, 31, 5, 32, 5, 64]) free.add(row);
    expect(free.count).toBe(5);
    expect([free.take(), free.take()]).toEqual([5, 31]);
    free.add(0);
    free.remove(64);
    free.remove(65);
    expect([free.take(), free.take(), free.take(), free.take()]).toEqual([0, 32, 2000, -1]);
  });
});
