import { describe, expect, it } from 'vitest';
import { KafkaError } from './client.ts';
import {
  away,
  Coordinator,
  membership,
  rebalance,
  unknownMember,
  until,
} from './coordinator.fixture.ts';

describe('GroupMember', () => {
  it('asks for a member id, joins with it, and heartbeats', async () => {
    const coordinator = new Coordinator();
    const { member, assigned, ended } = membership(coordinator);
    await until(() => coordinator.heartbeats > 3);
    expect(assigned).toEqual([[0, 1, 2, 3]]);
    expect(member.identity).toEqual({ memberId: 'm0', generation: 1 });
    expect(member.close()).toBe('m0');
    await ended;
    expect(member.holds(0)).toBe(false);
  });

  it('holds nothing when it was halted for longer than its session, before any answer says so', async () => {
    const coordinator = new Coordinator();
    const { member, pace, ended } = membership(coordinator);
    await until(() => coordinator.heartbeats > 3);
    expect(member.holds(0)).toBe(true);
    pace.pass(1001);
    expect(member.holds(0)).toBe(false);
    await until(() => member.holds(0));
    member.close();
    await ended;
  });

  it('shares out the partitions when it leads', async () => {
    const coordinator = new Coordinator();
    coordinator.leads = true;
    const { member, ended } = membership(coordinator);
    await until(() => coordinator.heartbeats > 0);
    expect([...coordinator.handedIn.keys()]).toEqual(['m0']);
    member.close();
    await ended;
  });

  it('keeps what stays through a rebalance, and announces only what is new', async () => {
    const coordinator = new Coordinator();
    coordinator.assignments = [
      [0, 1],
      [0, 1, 2],
    ];
    coordinator.onHeartbeat = (count) => (count === 2 ? rebalance : undefined);
    const { member, assigned, revoked, ended } = membership(coordinator);
    await until(() => coordinator.heartbeats > 4);
    expect(coordinator.claims.map(({ owned }) => owned)).toEqual([[], [0, 1]]);
    expect(assigned).toEqual([[0, 1], [2]]);
    expect(revoked).toEqual([]);
    member.close();
    await ended;
  });

  it('is told once that nothing is its own, when nothing is to come', async () => {
    const coordinator = new Coordinator();
    coordinator.assignments = [[], [], [1]];
    coordinator.onHeartbeat = (count) => (count === 2 || count === 4 ? rebalance : undefined);
    const { member, assigned, ended } = membership(coordinator);
    await until(() => coordinator.heartbeats > 6);
    expect(assigned).toEqual([[], [1]]);
    member.close();
    await ended;
  });

  it('is not told that nothing is its own while its share is still on its way', async () => {
    const coordinator = new Coordinator();
    coordinator.assignments = [[], [1]];
    coordinator.parts = [{ awaiting: true, settling: true }];
    coordinator.onHeartbeat = (count) => (count === 2 ? rebalance : undefined);
    const { member, assigned, ended } = membership(coordinator);
    await until(() => coordinator.heartbeats > 4);
    expect(assigned).toEqual([[1]]);
    member.close();
    await ended;
  });

  it('heartbeats faster while partitions are on their way between members', async () => {
    const coordinator = new Coordinator();
    coordinator.parts = [{ settling: true }];
    const times: number[] = [];
    const { member, pace, ended } = membership(coordinator);
    coordinator.onHeartbeat = (count) => {
      times.push(pace.nowMs());
      return count === 3 ? rebalance : undefined;
    };
    await until(() => coordinator.heartbeats > 5);
    expect(times.slice(0, 5)).toEqual([50, 100, 150, 250, 350]);
    member.close();
    await ended;
  });

  it('is told what to stand by for when that changes, and claims it at the next join', async () => {
    const coordinator = new Coordinator();
    coordinator.assignments = [[0]];
    coordinator.parts = [{ standbys: [1, 2] }, { standbys: [1, 2] }, { standbys: [3] }];
    coordinator.onHeartbeat = (count) => (count === 2 || count === 4 ? rebalance : undefined);
    const { member, standbys, ended } = membership(coordinator);
    await until(() => coordinator.heartbeats > 6);
    expect(standbys).toEqual([[1, 2], [3]]);
    expect(coordinator.claims.map((claim) => claim.standbys)).toEqual([[], [1, 2], [1, 2]]);
    member.close();
    await ended;
  });

  it('finishes what moves, heartbeating all the while, and joins again without it', async () => {
    const coordinator = new Coordinator();
    coordinator.assignments = [[0, 1, 2], [0], [0]];
    coordinator.onHeartbeat = (count) => (count === 1 ? rebalance : undefined);
    let heldWhileReleasing = false;
    const { member, revoked, ended } = membership(coordinator, async (_, current) => {
      const before = coordinator.heartbeats;
      await until(() => coordinator.heartbeats > before + 5);
      heldWhileReleasing = current.holds(1) && current.holds(2);
    });
    await until(() => coordinator.claims.length === 3);
    expect(heldWhileReleasing).toBe(true);
    expect(revoked).toEqual([[1, 2]]);
    expect(coordinator.claims.map(({ owned }) => owned)).toEqual([[], [0, 1, 2], [0]]);
    expect([0, 1, 2].map((partition) => member.holds(partition))).toEqual([true, false, false]);
    member.close();
    await ended;
  });

  it.each([
    ['the coordinator does not know it', () => unknownMember],
    ['no heartbeat is answered for a session', (count: number) => (count < 30 ? away : undefined)],
  ])('gives up everything at once when %s', async (_, answer) => {
    const coordinator = new Coordinator();
    coordinator.onHeartbeat = (count) =>
      coordinator.claims.length < 2 ? answer(count) : undefined;
    let heldWhenRevoked = true;
    const { member, assigned, revoked, ended } = membership(coordinator, async (__, current) => {
      heldWhenRevoked = current.holds(0) || current.identity !== undefined;
    });
    await until(() => coordinator.claims.length === 2 && assigned.length === 2);
    expect(revoked).toEqual([[0, 1, 2, 3]]);
    expect(heldWhenRevoked).toBe(false);
    expect(coordinator.claims[1]?.owned).toEqual([]);
    member.close();
    await ended;
  });

  it('bears unanswered heartbeats within the session', async () => {
    const coordinator = new Coordinator();
    coordinator.onHeartbeat = (count) => (count % 3 === 0 ? undefined : away);
    const { member, revoked, ended } = membership(coordinator);
    await until(() => coordinator.heartbeats > 40);
    expect(revoked).toEqual([]);
    member.close();
    await ended;
  });

  it('fails when the group is refused, naming it', async () => {
    const coordinator = new Coordinator();
    coordinator.joinError = new KafkaError('GROUP_AUTHORIZATION_FAILED', 'no', false);
    const { failures, ended } = membership(coordinator);
    await ended;
    expect(failures.map(({ code }) => code)).toEqual(['TRANSPORT_REFUSED']);
    expect(failures[0]?.message).toContain('join group g');
  });

  it('fails as leader when a topic has another number of partitions than before', async () => {
    const coordinator = new Coordinator();
    coordinator.leads = true;
    const { failures, ended } = membership(coordinator, undefined, new Map([['t', 8]]));
    await ended;
    expect(failures.map(({ code }) => code)).toEqual(['PARTITIONS_CHANGED']);
  });
});
