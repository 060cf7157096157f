/** A group member as the leader sees it: what it holds, and since which generation. */
export interface Claim {
  readonly memberId: string;
  readonly owned: readonly number[];
  readonly generation: number;
  /** Partitions it stands by for; absent when it does not stand by for any, ever. */
  readonly standbys?: readonly number[] | undefined;
  /** Whether it is about to go: it gives everything up, and gets nothing. */
  readonly leaving?: boolean | undefined;
}

/** What the leader tells a member. */
export interface Part {
  readonly partitions: readonly number[];
  /** Partitions of others whose state it is to follow. */
  readonly standbys: readonly number[];
  /** Whether more of its share is to come, once who holds it has let go. */
  readonly awaiting: boolean;
  /** Whether any member’s share is still to come: the group will rebalance again soon. */
  readonly settling: boolean;
}
