import type { Claim } from './group-share.ts';

/**
 * Chooses for each partition a member that stands by for it: never the one that works on it.
 *
 * The partitions of one worker are spread evenly over the others, so that its death is shared by all; within that, who
 * stands by already goes on. Without another member that stands by, a partition has nobody.
 *
 * @param workers who works on a partition now, or will.
 * @returns partitions by member, ascending; every member that stands by has an entry.
 */
export function chooseStandbys(
  members: readonly Claim[],
  partitions: number,
  workers: ReadonlyMap<number, string>,
): ReadonlyMap<string, readonly number[]> {
  const willing = members
    .filter(({ standbys }) => standbys !== undefined)
    .sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const choice = new StandbyChoice(willing, partitions, workers);
  for (const { memberId, standbys = [] } of willing) {
    for (const partition of standbys.toSorted((a, b) => a - b)) choice.keep(partition, memberId);
  }
  for (let partition = 0; partition < partitions; partition += 1) choice.fill(partition);
  return choice.result();
}

class StandbyChoice {
  readonly #workers: ReadonlyMap<number, string>;
  readonly #partitions: number;
  readonly #chosen: Map<string, number[]>;
  readonly #taken = new Set<number>();

  constructor(willing: readonly Claim[], partitions: number, workers: ReadonlyMap<number, string>) {
    this.#workers = workers;
    this.#partitions = partitions;
    this.#chosen = new Map(willing.map(({ memberId }) => [memberId, []]));
  }

  /** Leaves a partition with who stands by for it, unless that is its worker or has its even share. */
  keep(partition: number, memberId: string): void {
    const isTaken = partition >= this.#partitions || this.#taken.has(partition);
    if (isTaken || !this.#candidates(partition).includes(memberId)) return;
    if (this.#isFull(memberId) || this.#hasShareOf(memberId, this.#workers.get(partition))) return;
    this.#choose(partition, memberId);
  }

  /** Gives a partition that nobody stands by for to who has least, of its worker’s and of all. */
  fill(partition: number): void {
    if (this.#taken.has(partition)) return;
    const worker = this.#workers.get(partition);
    const [best] = this.#candidates(partition).sort(
      (a, b) =>
        this.#ofWorker(a, worker) - this.#ofWorker(b, worker) || this.#all(a) - this.#all(b),
    );
    if (best !== undefined) this.#choose(partition, best);
  }

  result(): ReadonlyMap<string, readonly number[]> {
    for (const own of this.#chosen.values()) own.sort((a, b) => a - b);
    return this.#chosen;
  }

  #choose(partition: number, memberId: string): void {
    this.#taken.add(partition);
    this.#chosen.get(memberId)?.push(partition);
  }

  #candidates(partition: number): string[] {
    const worker = this.#workers.get(partition);
    return [...this.#chosen.keys()].filter((memberId) => memberId !== worker);
  }

  #isFull(memberId: string): boolean {
    return this.#all(memberId) >= Math.ceil(this.#partitions / this.#chosen.size);
  }

  #hasShareOf(memberId: string, worker: string | undefined): boolean {
    const of = [...this.#workers.values()].filter((each) => each === worker).length;
    const others = this.#chosen.size - (worker !== undefined && this.#chosen.has(worker) ? 1 : 0);
    return this.#ofWorker(memberId, worker) >= Math.ceil(of / others);
  }

  #ofWorker(memberId: string, worker: string | undefined): number {
    const own = this.#chosen.get(memberId) ?? [];
    return own.filter((each) => this.#workers.get(each) === worker).length;
  }

  #all(memberId: string): number {
    return this.#chosen.get(memberId)?.length ?? 0;
  }
}
