import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignCoPartitions } from './co-partition-assignor.ts';
import type { Claim, Part } from './group-share.ts';

const member = (
  memberId: string,
  owned: readonly number[],
  standbys?: readonly number[],
): Claim => ({ memberId, owned, generation: 1, standbys });

const standbysOf = (members: readonly Claim[], partitions: number): Record<string, unknown> =>
  Object.fromEntries(
    [...assignCoPartitions(members, partitions)].map(([id, part]) => [id, part.standbys]),
  );

/** What members claim after a rebalance. */
function after(members: readonly Claim[], parts: ReadonlyMap<string, Part>): readonly Claim[] {
  return members.map(({ memberId, generation, standbys }) => {
    const part = parts.get(memberId);
    const owned = part?.partitions ?? [];
    const claim = { memberId, owned, generation: generation + 1 };
    return standbys === undefined ? claim : { ...claim, standbys: part?.standbys ?? [] };
  });
}

function settle(members: readonly Claim[], partitions: number): readonly Claim[] {
  let current = members;
  for (let round = 0; round < 6; round += 1)
    current = after(current, assignCoPartitions(current, partitions));
  return current;
}

describe('standbys', () => {
  it('are for partitions of others, those of one worker spread over the rest', () => {
    const three = [member('a', [0, 1], []), member('b', [2, 3], []), member('c', [4, 5], [])];
    const found = standbysOf(three, 6) as Record<string, number[]>;
    for (const { memberId, owned } of three) {
      const followers = owned.map((partition) =>
        Object.keys(found).find((id) => found[id]?.includes(partition)),
      );
      expect(followers).not.toContain(memberId);
      expect(new Set(followers).size).toBe(2);
    }
  });

  it('are nobody’s for a lone member, and not for members that do not want to', () => {
    expect(standbysOf([member('a', [0], [])], 1)).toEqual({ a: [] });
    expect(standbysOf([member('a', [0]), member('b', [1])], 2)).toEqual({ a: [], b: [] });
    expect(standbysOf([member('a', [0], []), member('b', [1])], 2)).toEqual({ a: [1], b: [] });
  });

  it('take over from a worker that is gone', () => {
    const parts = assignCoPartitions([member('b', [2], [1]), member('c', [3], [0])], 4);
    expect(parts.get('b')?.partitions).toEqual([1, 2]);
    expect(parts.get('c')?.partitions).toEqual([0, 3]);
  });

  it('are what a worker with too many gives up', () => {
    const before = [member('a', [0, 1, 2, 3], []), member('b', [], [0, 2])];
    const settled = settle(before, 4);
    expect(settled.map(({ owned }) => owned)).toEqual([
      [1, 3],
      [0, 2],
    ]);
  });

  const group = fc
    .record({ count: fc.integer({ min: 2, max: 5 }), partitions: fc.integer({ min: 1, max: 24 }) })
    .chain(({ count, partitions }) => {
      const holders = fc.array(fc.integer({ min: -1, max: count - 1 }), {
        minLength: partitions,
        maxLength: partitions,
      });
      return fc.record({
        partitions: fc.constant(partitions),
        count: fc.constant(count),
        holders,
        followers: holders,
      });
    })
    .map(({ partitions, holders, followers, count }) => {
      const of = (from: readonly number[], index: number): number[] =>
        from.flatMap((one, partition) => (one === index ? [partition] : []));
      const members = Array.from({ length: count }, (_, index) =>
        member(`m${index}`, of(holders, index), of(followers, index)),
      );
      return { partitions, members };
    });

  it('are one for each partition, never where it is worked on, and come to rest', () => {
    fc.assert(
      fc.property(group, ({ members, partitions }) => {
        for (const part of assignCoPartitions(members, partitions).values()) {
          const both = part.standbys.filter((each) => part.partitions.includes(each));
          expect(both).toEqual([]);
        }
        const settled = settle(members, partitions);
        const all = settled.flatMap(({ standbys = [] }) => standbys).sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: partitions }, (_, partition) => partition));
        expect(after(settled, assignCoPartitions(settled, partitions))).toMatchObject(
          settled.map(({ owned, standbys }) => ({ owned, standbys })),
        );
      }),
    );
  });

  it('have the state of all that a dead worker held, as far as shares allow', () => {
    fc.assert(
      fc.property(group, fc.nat(), ({ members, partitions }, nat) => {
        const settled = settle(members, partitions);
        const dead = settled[nat % settled.length];
        const left = settled.filter((each) => each !== dead);
        const parts = assignCoPartitions(left, partitions);
        const cold = left.flatMap(({ memberId, owned, standbys = [] }) => {
          const gained = parts.get(memberId)?.partitions.filter((each) => !owned.includes(each));
          return gained?.filter((each) => !standbys.includes(each)) ?? [];
        });
        // What does not fit into the shares of those who stand by: at most one partition for each of them.
        expect(cold.length).toBeLessThanOrEqual(left.length - 1);
      }),
    );
  });

  it('do not depend on the order of the members', () => {
    fc.assert(
      fc.property(group, ({ members, partitions }) => {
        const reversed = standbysOf([...members].reverse(), partitions);
        expect(reversed).toEqual(standbysOf(members, partitions));
      }),
    );
  });
});
