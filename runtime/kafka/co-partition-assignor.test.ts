import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignCoPartitions } from './co-partition-assignor.ts';
import type { Claim } from './group-share.ts';

const member = (memberId: string, owned: readonly number[] = [], generation = 1): Claim => ({
  memberId,
  owned,
  generation,
});
const shares = (members: readonly Claim[], partitions: number): Record<string, unknown> =>
  Object.fromEntries(
    [...assignCoPartitions(members, partitions)].map(([id, part]) => [id, part.partitions]),
  );

/** Rebalances as a group does, until nothing moves any more. */
function settle(members: readonly Claim[], partitions: number): readonly Claim[] {
  return rounds(members, partitions).at(-1) ?? members;
}

/** What every member holds after each round. */
function rounds(members: readonly Claim[], partitions: number): readonly (readonly Claim[])[] {
  const steps: (readonly Claim[])[] = [];
  for (let round = 0; round < 5; round += 1) {
    const current = steps.at(-1) ?? members;
    const assigned = assignCoPartitions(current, partitions);
    steps.push(
      current.map(({ memberId, generation }) =>
        member(memberId, assigned.get(memberId)?.partitions ?? [], generation + 1),
      ),
    );
  }
  return steps;
}

/** Partitions that are where they were. */
function kept(before: readonly Claim[], after: readonly Claim[]): number {
  return before.flatMap(({ memberId, owned }) => {
    const now = after.find((each) => each.memberId === memberId)?.owned ?? [];
    return owned.filter((partition) => now.includes(partition));
  }).length;
}

/** The fewest partitions that have to move for even shares: over all ways to say who gets one more than the others. */
function fewestMoves(members: readonly Claim[], partitions: number): number {
  const least = Math.floor(partitions / members.length);
  const withOneMore = partitions % members.length;
  let fewest = Number.POSITIVE_INFINITY;
  for (let choice = 0; choice < 2 ** members.length; choice += 1) {
    const more = members.map((_, index) => (choice >> index) & 1);
    if (more.reduce((sum, one) => sum + one, 0) !== withOneMore) continue;
    const moves = members.map(({ owned }, index) =>
      Math.max(0, owned.length - least - (more[index] ?? 0)),
    );
    fewest = Math.min(
      fewest,
      moves.reduce((sum, move) => sum + move, 0),
    );
  }
  return fewest;
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

  it('gives nothing to a member that is about to go, and what it holds to nobody until then', () => {
    const going = { ...member('a', [0, 1]), leaving: true };
    const assigned = assignCoPartitions([going, member('b', [2])], 3);
    expect(shares([going, member('b', [2])], 3)).toEqual({ a: [], b: [2] });
    expect(assigned.get('b')).toMatchObject({ awaiting: true, settling: true });
    expect(assigned.get('a')).toMatchObject({ awaiting: false, settling: true });
    expect(shares([going], 3)).toEqual({ a: [] });
  });

  it('says who is still to get something, and that the group is not at rest', () => {
    const told = (members: readonly Claim[], partitions: number) =>
      [...assignCoPartitions(members, partitions)].map(([id, { awaiting, settling }]) => [
        id,
        awaiting,
        settling,
      ]);
    expect(told([member('a', [0, 1]), member('b')], 2)).toEqual([
      ['a', false, true],
      ['b', true, true],
    ]);
    expect(told([member('a', [0]), member('b'), member('c')], 1)).toEqual([
      ['a', false, false],
      ['b', false, false],
      ['c', false, false],
    ]);
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
        const all = [...assigned.values()].flatMap((part) => part.partitions);
        expect(new Set(all).size).toBe(all.length);
        for (const { memberId, owned } of members) {
          for (const partition of owned) {
            const owner = [...assigned].find(([, part]) =>
              part.partitions.includes(partition),
            )?.[0];
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

  it('moves as few partitions as any even sharing does, and each of them once', () => {
    fc.assert(
      fc.property(group, ({ members, partitions }) => {
        const settled = settle(members, partitions);
        const moved = (before: readonly Claim[], after: readonly Claim[]): number[] =>
          before.flatMap(({ memberId, owned }) => {
            const now = after.find((each) => each.memberId === memberId)?.owned ?? [];
            return owned.filter((partition) => !now.includes(partition));
          });
        expect(moved(members, settled)).toHaveLength(fewestMoves(members, partitions));
        const steps = rounds(members, partitions);
        const all = steps.flatMap((step, i) => moved(steps[i - 1] ?? members, step));
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });

  it('moves no more than one share for each worker of a rolling restart, going and coming', () => {
    const sizes = fc.record({
      count: fc.integer({ min: 2, max: 6 }),
      partitions: fc.integer({ min: 2, max: 64 }),
    });
    fc.assert(
      fc.property(sizes, ({ count, partitions }) => {
        let members = settle(
          Array.from({ length: count }, (_, index) => member(`m${index}`)),
          partitions,
        );
        const share = Math.ceil(partitions / count);
        for (const old of members) {
          const left = members.filter((each) => each !== old && each.memberId !== old.memberId);
          const without = settle(left, partitions);
          expect(kept(left, without)).toBe(left.flatMap(({ owned }) => owned).length);
          members = settle([...without, member(`${old.memberId}-again`)], partitions);
          expect(kept(without, members)).toBeGreaterThanOrEqual(partitions - share);
        }
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
