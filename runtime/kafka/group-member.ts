import { PipelineError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { GroupRequests, JoinAnswer, KafkaClient, MemberIdentity } from './client.ts';
import { assignCoPartitions } from './co-partition-assignor.ts';
import {
  decodeClaim,
  decodePart,
  encodeClaim,
  encodePart,
  groupProtocol,
} from './group-protocol.ts';
import type { Part } from './group-share.ts';
import { asKafkaError, backoffMs, mayPass, toPipelineError } from './kafka-fault.ts';
import type { Pace } from './pace.ts';

/** The coordinator has let this member go, or the group has moved on without it. */
const membershipLost: ReadonlySet<string> = new Set([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'FENCED_INSTANCE_ID',
]);
const rebalancing = 'REBALANCE_IN_PROGRESS';
/** Between heartbeats while partitions are on their way: the next rebalance is near, and who waits for it works on nothing. */
const settlingHeartbeatMs = 50;

/** How a member belongs to its group. `counts`: partitions of each topic, as they were when it subscribed. */
export interface MembershipOptions {
  readonly group: string;
  readonly counts: ReadonlyMap<string, number>;
  /** Whether it stands by for partitions of others when the leader says so. */
  readonly standby: boolean;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  /** How long the release of partitions may take. */
  readonly revokeTimeoutMs: number;
  /** For join, sync and heartbeat: a join holds its connection until all members have come. */
  readonly client: KafkaClient;
  readonly pace: Pace;
  readonly log?: Log | undefined;
}

/** What a member tells its subscription. */
export interface MembershipPorts {
  /** Partitions gained; none when the group has told for the first time that nothing is ours. */
  readonly assigned: (partitions: readonly number[]) => void;
  /** Gives partitions up; resolves when they are released or the time for that is over. */
  readonly revoked: (partitions: readonly number[]) => Promise<void>;
  /** Partitions to stand by for from now on; told when they change. */
  readonly standby: (partitions: readonly number[]) => void;
  /** Called once, with fate `stop`, when the membership cannot go on. */
  readonly fail: (error: PipelineError) => void;
}

/**
 * One member of a consumer group: joins, keeps its session alive and hands partitions over.
 *
 * Rebalancing is cooperative: partitions that stay are never interrupted, and one that moves is released here before
 * anybody else gets it (see `assignCoPartitions`). Heartbeats go on whatever the stage does. When the session is lost,
 * all partitions are, at once.
 */
export class GroupMember {
  readonly #options: MembershipOptions;
  readonly #ports: MembershipPorts;
  readonly #requests: GroupRequests;
  readonly #closing = new AbortController();
  #memberId = '';
  #identity: MemberIdentity | undefined;
  #held: readonly number[] = [];
  #standbys: readonly number[] = [];
  #releasing: Promise<void> | undefined;
  #aliveMs = 0;
  #joining = false;
  #settling = false;
  /** Whether the subscription knows its part. */
  #told = false;
  readonly #leave = new AbortController();
  readonly #drained = new AbortController();

  constructor(options: MembershipOptions, ports: MembershipPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#requests = options.client.group(options.group);
  }

  /** Who we are to the coordinator; absent before the first join and after a lost session. */
  get identity(): MemberIdentity | undefined {
    return this.#identity;
  }

  /**
   * Whether a partition is ours to write for: from its assignment until it is released, while the session lasts.
   *
   * A process that was halted learns of its lost session only with the next answer, but its clock went on. A pending
   * join keeps a session alive without heartbeats.
   */
  holds(partition: number): boolean {
    return this.#held.includes(partition) && (this.#joining || !this.#expired);
  }

  /** Belongs to the group until `close`; never rejects. */
  async run(): Promise<void> {
    let failures = 0;
    while (!this.#closed && !this.#hasDrained) {
      try {
        this.#joining = true;
        await this.#join();
        this.#joining = false;
        failures = 0;
        await this.#stay();
      } catch (error) {
        this.#joining = false;
        failures += 1;
        await this.#recover(error, failures);
      }
    }
  }

  /**
   * Has the group take everything away in order, as at any rebalance: the others learn of it while we still work.
   * Resolves when it is released, or after `limitMs`; then only `close` makes sense.
   */
  async drain(limitMs: number): Promise<void> {
    if (this.#identity === undefined || this.#held.length === 0) return;
    this.#leave.abort();
    const { pace } = this.#options;
    await pace.sleep(limitMs, AbortSignal.any([this.#closing.signal, this.#drained.signal]));
  }

  /** Ends the membership; the id to leave the group with, when there is one. */
  close(): string | undefined {
    this.#closing.abort();
    this.#identity = undefined;
    this.#held = [];
    return this.#memberId === '' ? undefined : this.#memberId;
  }

  get #leaving(): boolean {
    return this.#leave.signal.aborted;
  }

  get #hasDrained(): boolean {
    const hasDrained = this.#leaving && this.#held.length === 0;
    if (hasDrained) this.#drained.abort();
    return hasDrained;
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Joins, shares out the partitions if we lead, and takes on what is assigned. */
  async #join(): Promise<void> {
    const { counts, pace } = this.#options;
    const generation = this.#identity?.generation ?? -1;
    const standbys = this.#options.standby ? this.#standbys : undefined;
    const claim = { owned: this.#held, generation, standbys, leaving: this.#leaving };
    const metadata = encodeClaim([...counts.keys()], claim);
    let answer = await this.#requestJoin(metadata);
    if (answer.generation === undefined) {
      this.#memberId = answer.memberId;
      answer = await this.#requestJoin(metadata);
    }
    if (this.#closed || answer.generation === undefined) return;
    this.#memberId = answer.memberId;
    const identity = { memberId: answer.memberId, generation: answer.generation };
    const assignment = answer.leader ? await this.#assign(answer) : new Map<string, Uint8Array>();
    const part = await this.#requests.sync(identity, assignment);
    if (this.#closed) return;
    this.#identity = identity;
    this.#aliveMs = pace.nowMs();
    this.#adopt(decodePart(part));
  }

  async #requestJoin(metadata: Uint8Array): Promise<JoinAnswer> {
    const { sessionTimeoutMs, revokeTimeoutMs } = this.#options;
    return await this.#requests.join({
      memberId: this.#memberId,
      sessionTimeoutMs,
      // Somebody else may ask for a rebalance while we still release.
      rebalanceTimeoutMs: sessionTimeoutMs + revokeTimeoutMs,
      protocol: groupProtocol,
      metadata,
    });
  }

  async #assign({ members }: JoinAnswer): Promise<ReadonlyMap<string, Uint8Array>> {
    const { counts, client } = this.#options;
    const now = await client.partitionCounts([...counts.keys()]);
    for (const [topic, count] of counts) {
      const found = now.get(topic);
      if (found === undefined || found === count) continue;
      throw new PipelineError('PARTITIONS_CHANGED', `${topic} had ${count}, now has ${found}`);
    }
    const shares = assignCoPartitions(members.map(decodeClaim), Math.max(...counts.values()));
    return new Map([...shares].map(([memberId, part]) => [memberId, encodePart(part, counts)]));
  }

  /** Compares a part with what we hold: the new is announced, the missing is released and then joined without. */
  #adopt({ partitions, standbys, awaiting, settling }: Part): void {
    const gained = partitions.filter((partition) => !this.#held.includes(partition));
    const gone = this.#held.filter((partition) => !partitions.includes(partition));
    const { group, log } = this.#options;
    const { generation } = this.#identity ?? {};
    log?.info({ group, generation, gained, gone, partitions, standbys }, 'group joined');
    this.#settling = settling;
    if (gone.length > 0) this.#releasing = this.#release(gone);
    // A member that is to get nothing is told so once; one that still waits for its share is not.
    if (gained.length > 0 || !(this.#told || awaiting)) {
      this.#told = true;
      this.#held = [...this.#held, ...gained].sort((a, b) => a - b);
      this.#ports.assigned(gained);
    }
    // After what was gained: a standby may be among it.
    if (standbys.join() !== this.#standbys.join()) this.#ports.standby(standbys);
    this.#standbys = standbys;
  }

  async #release(partitions: readonly number[]): Promise<void> {
    await this.#ports.revoked(partitions);
    this.#held = this.#held.filter((partition) => !partitions.includes(partition));
  }

  /** Heartbeats until the group wants us to join again; what is being released is finished before that. */
  async #stay(): Promise<void> {
    const { pace } = this.#options;
    const heartbeatMs = this.#settling
      ? Math.min(settlingHeartbeatMs, this.#options.heartbeatMs)
      : this.#options.heartbeatMs;
    let again = this.#releasing !== undefined || this.#leaving;
    const released = new AbortController();
    void this.#releasing?.finally(() => {
      this.#releasing = undefined;
      released.abort();
    });
    const ends = [this.#closing.signal, released.signal];
    // Already leaving, it would end every wait at once.
    const wake = AbortSignal.any(this.#leaving ? ends : [...ends, this.#leave.signal]);
    while (!this.#closed && !(again && this.#releasing === undefined)) {
      await pace.sleep(heartbeatMs, wake);
      again ||= this.#leaving;
      if (this.#closed || (again && this.#releasing === undefined)) return;
      if (await this.#heartbeat()) again = true;
    }
  }

  /** Sends one heartbeat; true when the group is rebalancing. A missing answer is borne until the session is over. */
  async #heartbeat(): Promise<boolean> {
    const { pace } = this.#options;
    if (this.#identity === undefined) return true;
    try {
      await this.#requests.heartbeat(this.#identity);
      this.#aliveMs = pace.nowMs();
      return false;
    } catch (thrown) {
      const error = asKafkaError(thrown);
      if (error.type === rebalancing) {
        this.#aliveMs = pace.nowMs();
        return true;
      }
      if (!error.retriable || this.#expired) throw error;
      return false;
    }
  }

  get #expired(): boolean {
    return this.#options.pace.nowMs() - this.#aliveMs > this.#options.sessionTimeoutMs;
  }

  async #recover(thrown: unknown, failures: number): Promise<void> {
    if (this.#closed) return;
    const { group, pace, client } = this.#options;
    if (thrown instanceof PipelineError) return this.#fail(thrown);
    const error = asKafkaError(thrown);
    const lost = membershipLost.has(error.type);
    const passing = lost || error.type === rebalancing || mayPass(error, 0);
    if (!passing)
      return this.#fail(toPipelineError(error, `join group ${group}`, client.principal));
    if (error.type === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
    if (lost || (this.#identity !== undefined && this.#expired)) await this.#lose();
    if (!lost) await pace.sleep(backoffMs(failures), this.#closing.signal);
  }

  /** Others may work on our partitions already: nothing of them may be committed any more. */
  async #lose(): Promise<void> {
    const lost = this.#held;
    const { group, log } = this.#options;
    log?.warn({ group, partitions: lost }, 'group session lost; joining again');
    this.#identity = undefined;
    this.#held = [];
    this.#told = false;
    await this.#releasing;
    this.#releasing = undefined;
    if (lost.length > 0) await this.#ports.revoked(lost);
  }

  #fail(error: PipelineError): void {
    this.close();
    this.#ports.fail(error);
  }
}
