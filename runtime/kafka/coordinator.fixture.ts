import type { PipelineError } from '../errors.ts';
import {
  type GroupRequests,
  type JoinRequest,
  type KafkaClient,
  KafkaError,
  type MemberIdentity,
} from './client.ts';
import { GroupMember } from './group-member.ts';
import { decodeClaim, encodePart } from './group-protocol.ts';
import type { Claim, Part } from './group-share.ts';
import type { Pace } from './pace.ts';

/** Partitions of the one topic. */
const counts = new Map([['t', 4]]);
/** What a coordinator answers when members are to join again. */
export const rebalance = new KafkaError('REBALANCE_IN_PROGRESS', 'rebalance', false);
/** The coordinator has let the member go. */
export const unknownMember = new KafkaError('UNKNOWN_MEMBER_ID', 'who?', false);
/** No answer. */
export const away = new KafkaError('CONNECTION', 'closed', true);

/** A coordinator by script: who leads, what is assigned at each join, what each heartbeat is answered. */
export class Coordinator implements GroupRequests {
  readonly claims: Claim[] = [];
  heartbeats = 0;
  assignments: readonly (readonly number[])[] = [[0, 1, 2, 3]];
  /** What else a part says, at each join. */
  parts: readonly Partial<Part>[] = [];
  joinError: KafkaError | undefined;
  onHeartbeat: (count: number) => KafkaError | undefined = () => undefined;
  leads = false;
  handedIn: ReadonlyMap<string, Uint8Array> = new Map();
  #joins = 0;

  async join({ memberId, metadata }: JoinRequest) {
    if (this.joinError !== undefined) throw this.joinError;
    if (memberId === '') return { memberId: `m${this.#joins}`, leader: false, members: [] };
    this.claims.push(decodeClaim({ memberId, metadata }));
    this.#joins += 1;
    const members = this.leads ? [{ memberId, metadata }] : [];
    return { memberId, generation: this.#joins, leader: this.leads, members };
  }

  async sync(_: MemberIdentity, handedIn: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
    this.handedIn = handedIn;
    const partitions = this.assignments[this.#joins - 1] ?? this.assignments.at(-1) ?? [];
    const calm = { standbys: [], awaiting: false, settling: false };
    return encodePart({ partitions, ...calm, ...this.parts[this.#joins - 1] }, counts);
  }

  async heartbeat(): Promise<void> {
    this.heartbeats += 1;
    const error = this.onHeartbeat(this.heartbeats);
    if (error !== undefined) throw error;
  }

  async leave(): Promise<void> {}
  async commit(): Promise<void> {}
  committed = () => Promise.resolve([]);
}

/** Time that passes as fast as it is waited for. */
class FastPace implements Pace {
  #nowMs = 0;
  nowMs(): number {
    return this.#nowMs;
  }
  /** Passes without anybody having waited, as for a process that was halted. */
  pass(ms: number): void {
    this.#nowMs += ms;
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted !== true) this.#nowMs += ms;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A member and all that it told. */
interface Membership {
  readonly member: GroupMember;
  readonly assigned: (readonly number[])[];
  readonly revoked: (readonly number[])[];
  readonly standbys: (readonly number[])[];
  readonly failures: PipelineError[];
  readonly ended: Promise<void>;
  readonly pace: FastPace;
}

/** Starts a member of the coordinator’s group. */
export function membership(
  coordinator: Coordinator,
  onRevoked: (partitions: readonly number[], member: GroupMember) => Promise<void> = async () => {},
  partitionsNow: ReadonlyMap<string, number> = counts,
): Membership {
  const client: Partial<KafkaClient> = {
    group: () => coordinator,
    partitionCounts: async () => partitionsNow,
  };
  const assigned: (readonly number[])[] = [];
  const revoked: (readonly number[])[] = [];
  const standbys: (readonly number[])[] = [];
  const failures: PipelineError[] = [];
  const pace = new FastPace();
  const member: GroupMember = new GroupMember(
    {
      group: 'g',
      counts,
      standby: true,
      sessionTimeoutMs: 1000,
      heartbeatMs: 100,
      revokeTimeoutMs: 5000,
      client: client as KafkaClient,
      pace,
    },
    {
      assigned: (partitions) => assigned.push(partitions),
      revoked: async (partitions) => {
        revoked.push(partitions);
        await onRevoked(partitions, member);
      },
      standby: (partitions) => standbys.push(partitions),
      fail: (error) => failures.push(error),
    },
  );
  return { member, assigned, revoked, standbys, failures, pace, ended: member.run() };
}

/** Resolves when the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
