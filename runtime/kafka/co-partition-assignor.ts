/** A group member as the leader sees it: what it holds, and since which generation. */
export interface Claim {
  readonly memberId: string;
  readonly owned: readonly number[];
  readonly generation: number;
}

/**
 * Shares partition numbers among the members of a group, so that as few as possible move.
 *
 * A partition number stands for that partition of every topic of the subscription. Each member gets its even share;
 * a member keeps what it holds up to that share. A number that is to move from a living member is given to nobody
 * yet: its holder finishes it first and joins again, and only then the new owner gets it. So two members never work
 * on one partition, and partitions that stay are not interrupted.
 *
 * Pure and independent of the order of `members`.
 */
export function assignCoPartitions(
  members: readonly Claim[],
  partitions: number,
): ReadonlyMap<string, readonly number[]> {
  const holders = findHolders(members, partitions);
  const held = new Map(members.map(({ memberId }) => [memberId, [] as number[]]));
  for (const [partition, memberId] of holders) held.get(memberId)?.push(partition);
  const order = [...held].sort(
    ([idA, a], [idB, b]) => b.length - a.length || (idA < idB ? -1 : Number(idA > idB)),
  );
  const least = Math.floor(partitions / members.length);
  const withOneMore = partitions % members.length;
  const free = Array.from({ length: partitions }, (_, partition) => partition).filter(
    (partition) => !holders.has(partition),
  );
  const shares = order.map(([memberId, own], rank) => {
    const share = least + (rank < withOneMore ? 1 : 0);
    return { memberId, share, kept: own.slice(0, share) };
  });
  return new Map(
    shares.map(({ memberId, share, kept }) => {
      const taken = free.splice(0, share - kept.length);
      return [memberId, [...kept, ...taken].sort((a, b) => a - b)];
    }),
  );
}

/** Two members may claim one partition after a session was lost; the later generation is right. */
function findHolders(members: readonly Claim[], partitions: number): Map<number, string> {
  const holders = new Map<number, string>();
  const byAge = [...members].sort(
    (a, b) => a.generation - b.generation || (a.memberId < b.memberId ? 1 : -1),
  );
  for (const { memberId, owned } of byAge) {
    for (const partition of owned) {
      if (partition < partitions) holders.set(partition, memberId);
    }
  }
  return new Map([...holders].sort(([a], [b]) => a - b));
}
