import type { Claim, Part } from './group-share.ts';
import { chooseStandbys } from './standby-choice.ts';

interface Share {
  readonly memberId: string;
  /** How many partitions the member is to have in the end. */
  readonly size: number;
  readonly kept: readonly number[];
}

/**
 * Shares partition numbers among the members of a group, so that as few as possible move.
 *
 * A partition number stands for that partition of every topic of the subscription. Each member gets its even share;
 * a member keeps what it holds up to that share. A number that is to move from a living member is given to nobody
 * yet: its holder finishes it first and joins again, and only then the new owner gets it. So two members never work
 * on one partition, and partitions that stay are not interrupted. What nobody holds goes to the member that stands by
 * for it, as far as its share allows, and what a member has to give up is what others with room stand by for. A member
 * that is about to go has no share.
 *
 * Pure and independent of the order of `members`.
 */
export function assignCoPartitions(
  members: readonly Claim[],
  partitions: number,
): ReadonlyMap<string, Part> {
  const holders = findHolders(members, partitions);
  const standbys = standbysOf(members);
  const shares = shareOut(members, partitions, holders, standbys);
  const free = Array.from({ length: partitions }, (_, partition) => partition).filter(
    (partition) => !holders.has(partition),
  );
  const owned = giveOut(shares, free, standbys);
  const awaiting = shares.filter(({ memberId, size }) => (owned.get(memberId)?.length ?? 0) < size);
  const workers = new Map(holders);
  for (const [memberId, part] of owned) for (const each of part) workers.set(each, memberId);
  const staying = members.filter(({ leaving }) => leaving !== true);
  const chosen = chooseStandbys(staying, partitions, workers);
  return new Map(
    shares.map(({ memberId }) => [
      memberId,
      {
        partitions: (owned.get(memberId) ?? []).sort((a, b) => a - b),
        standbys: chosen.get(memberId) ?? [],
        awaiting: awaiting.some((share) => share.memberId === memberId),
        settling: awaiting.length > 0,
      },
    ]),
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

/** Who stands by for a partition now. */
function standbysOf(members: readonly Claim[]): ReadonlyMap<number, readonly string[]> {
  const pairs = members.flatMap(({ memberId, standbys = [] }) =>
    standbys.map((partition) => ({ partition, memberId })),
  );
  return new Map(
    [...Map.groupBy(pairs, ({ partition }) => partition)].map(([partition, of]) => [
      partition,
      of.map(({ memberId }) => memberId).sort(),
    ]),
  );
}

/** The even share of each member, and what it keeps: who holds most gets what is left over, so that least moves. */
function shareOut(
  members: readonly Claim[],
  partitions: number,
  holders: ReadonlyMap<number, string>,
  standbys: ReadonlyMap<number, readonly string[]>,
): readonly Share[] {
  const held = new Map(members.map(({ memberId }) => [memberId, [] as number[]]));
  for (const [partition, memberId] of holders) held.get(memberId)?.push(partition);
  const order = [...held].sort(
    ([idA, a], [idB, b]) => b.length - a.length || (idA < idB ? -1 : Number(idA > idB)),
  );
  const going = new Set(members.filter(({ leaving }) => leaving === true).map(idOf));
  const staying = order.filter(([memberId]) => !going.has(memberId)).map(([memberId]) => memberId);
  const least = Math.floor(partitions / staying.length);
  const withOneMore = partitions % staying.length;
  const sized = order.map(([memberId, own]) => {
    const size = least + (staying.indexOf(memberId) < withOneMore ? 1 : 0);
    return { memberId, own, size: going.has(memberId) ? 0 : size };
  });
  const roomy = new Set(
    sized.filter(({ own, size }) => own.length < size).map(({ memberId }) => memberId),
  );
  const isWanted = (partition: number): boolean =>
    standbys.get(partition)?.some((memberId) => roomy.has(memberId)) === true;
  return sized.map(({ memberId, own, size }) => {
    const dearestFirst = own.toSorted((a, b) => Number(isWanted(a)) - Number(isWanted(b)));
    return { memberId, size, kept: dearestFirst.slice(0, size) };
  });
}

function idOf({ memberId }: Claim): string {
  return memberId;
}

/** Gives out what nobody holds: first to who stands by for it, then in order. */
function giveOut(
  shares: readonly Share[],
  free: readonly number[],
  standbys: ReadonlyMap<number, readonly string[]>,
): Map<string, number[]> {
  const owned = new Map(shares.map(({ memberId, kept }) => [memberId, [...kept]]));
  const sizes = new Map(shares.map(({ memberId, size }) => [memberId, size]));
  const hasRoom = (memberId: string): boolean =>
    (owned.get(memberId)?.length ?? 0) < (sizes.get(memberId) ?? 0);
  const left = free.filter((partition) => {
    const heir = standbys.get(partition)?.find(hasRoom);
    if (heir === undefined) return true;
    owned.get(heir)?.push(partition);
    return false;
  });
  for (const { memberId } of shares) {
    while (left.length > 0 && hasRoom(memberId)) {
      const partition = left.shift();
      if (partition !== undefined) owned.get(memberId)?.push(partition);
    }
  }
  return owned;
}
