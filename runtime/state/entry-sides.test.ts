import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntrySides } from './entry-sides.ts';

const names = fc.oneof(
  fc.nat(9000).map((number) => `series/${number}`),
  fc.nat(9000).map((number) => `text/${2 ** 31 + number}`),
  fc.constantFrom(
    '~stamp',
    'series',
    '7',
    '/7',
    'series/',
    'series/07',
    'series/-1',
    'a/b/7',
    'a/7',
  ),
  fc.constantFrom('series/1e3', 'series/1.5', 'series/9007199254740993', 'series/Infinity'),
);
const steps = fc.array(fc.tuple(names, fc.constantFrom(0, 1, undefined)), { maxLength: 200 });

function filled(changes: readonly (readonly [string, number | undefined])[]) {
  const sides = new EntrySides();
  const map = new Map<string, number>();
  for (const [name, side] of changes) {
    if (side === undefined) {
      sides.delete(name);
      map.delete(name);
    } else {
      sides.set(name, side);
      map.set(name, side);
    }
  }
  return { sides, map };
}

describe('EntrySides', () => {
  it('has for each name what a map has', () => {
    fc.assert(
      fc.property(steps, fc.array(names), (changes, asked) => {
        const { sides, map } = filled(changes);
        for (const name of [...asked, ...changes.map(([changed]) => changed)])
          expect([name, sides.get(name)]).toEqual([name, map.get(name)]);
      }),
    );
  });

  it('takes over what another one has, and keeps the rest', () => {
    fc.assert(
      fc.property(steps, steps, (own, others) => {
        const { sides, map } = filled(own);
        const other = filled(others);
        sides.assign(other.sides);
        for (const [name, side] of other.map) map.set(name, side);
        for (const [name] of [...own, ...others])
          expect([name, sides.get(name)]).toEqual([name, map.get(name)]);
      }),
    );
  });
});
