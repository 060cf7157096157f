import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageMarks } from './page-marks.ts';

const pages = fc.oneof(fc.nat(100), fc.nat(100_000));

describe('PageMarks', () => {
  it('gives what a set would, rising', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(pages, fc.boolean())), (steps) => {
        const marks = new PageMarks();
        const set = new Set<number>();
        for (const [page, marked] of steps) {
          if (marked) marks.add(page);
          else marks.delete(page);
          if (marked) set.add(page);
          else set.delete(page);
        }
        expect([...marks.marked()]).toEqual([...set].sort((a, b) => a - b));
      }),
    );
  });

  it('leaves what is marked meanwhile to the next time', () => {
    const marks = new PageMarks();
    for (const page of [3, 31, 32, 63]) marks.add(page);
    const marked = marks.marked();
    expect(marked.next().value).toBe(3);
    marks.delete(3);
    for (const page of [2, 40, 5000]) marks.add(page);
    expect([...marked]).toEqual([31, 32, 63]);
    expect([...marks.marked()]).toEqual([2, 31, 32, 40, 63, 5000]);
  });
});
