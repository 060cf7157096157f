import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignCoPartitions, type Claim } from './co-partition-assignor.ts';

const member = (memberId: string, owned: readonly number[] = [], generation = 1): Claim => ({
  memberId,
  owned,
  generation,
});
const shares = (members: readonly Claim[], partitions: number): Record<string, unknown> =>
  Object.fromEntries(assignCoPartitions(members, partitions));

/** Rebalances as a group does, until nothing moves any more. */
function settle(members: readonly Claim[], partitions: number): readonly Claim[] {
  let current = members;
  for (let round = 0; round < 5; round += 1) {
    const assigned = assignCoPartitions(current, partitions);
    current = current.map(({ memberId, generation }) =>
      member(memberId, assigned.get(memberId) ?? [], generation + 1),
    );
  }
  return current;
}

describe('assignCoPartitions', () => {
  it('gives a lone member everything', () => {
    expect(shares([member('a')], 4)).toEqual({ a: [0, 1, 2, 3] });
  });

  it('withholds what is to move until its holder has let go', () => {
    expect(shares([member('a', [0, 1, 2, 3]), member('b')], 4)).toEqual({ a: [0, 1], b: [] });
    expect(shares([member('a', [0, 1]), member('b')], 4)).toEqual({ a: [0, 1], b: [2, 3] });
  });

  it('gives what a member left to the others and moves nothing else', () => {
    const members = [member('a', [0, 3]), member('b', [1])];
    expect(shares(members, 5)).toEqual({ a: [0, 2, 3], b: [1, 4] });
  });

  it('believes the later generation when two members claim a partition', () => {
    const members = [member('a', [0, 1], 7), member('b', [0, 1], 3)];
    expect(shares(members, 2)).toEqual({ a: [0], b: [] });
  });

  it('leaves members without partitions when there are more of them', () => {
    expect(shares([member('a', [0]), member('b'), member('c')], 1)).toEqual({
      a: [0],
      b: [],
      c: [],
    });
  });

  const group = fc
    .record({ count: fc.integer({ min: 1, max: 6 }), partitions: fc.integer({ min: 0, max: 24 }) })
    .chain(({ count, partitions }) =>
      fc.record({
        partitions: fc.constant(partitions),
        holders: fc.array(fc.integer({ min: -1, max: count - 1 }), {
          minLength: partitions,
          maxLength: partitions,
        }),
        count: fc.constant(count),
      }),
    )
    .map(({ partitions, holders, count }) => ({
      partitions,
      members: Array.from({ length: count }, (_, index) =>
        member(
          `m${index}`,
          holders.flatMap((holder, partition) => (holder === index ? [partition] : [])),
        ),
      ),
    }));

  it('never gives a partition to two members, nor to one while another holds it', () => {
    fc.assert(
      fc.property(group, ({ members, partitions }) => {
        const assigned = assignCoPartitions(members, partitions);
        const all = [...assigned.values()].flat();
        expect(new Set(all).size).toBe(all.length);
        for (const { memberId, owned } of members) {
          for (const partition of owned) {
            const owner = [...assigned].find(([, part]) => part.includes(partition))?.[0];
            expect([memberId, undefined]).toContain(owner);
          }
        }
      }),
    );
  });

  it('comes to rest with every partition given and shares that differ by one at most', () => {
    fc.assert(
      fc.property(group, ({ members, partitions }) => {
        const settled = settle(members, partitions);
        const sizes = settled.map(({ owned }) => owned.length);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(partitions);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(shares(settled, partitions)).toEqual(
          Object.fromEntries(settled.map(({ memberId, owned }) => [memberId, owned])),
        );
      }),
    );
  });

  it('does not depend on the order of the members', () => {
    fc.assert(
      fc.property(group, ({ members, partitions }) => {
        const reversed = shares([...members].reverse(), partitions);
        expect(reversed).toEqual(shares(members, partitions));
      }),
    );
  });
});
