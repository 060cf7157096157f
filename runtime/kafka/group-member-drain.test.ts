import { describe, expect, it } from 'vitest';
import { away, Coordinator, membership, until } from './coordinator.fixture.ts';

describe('a member that is to go', () => {
  it('gives up in order what it holds, heartbeating until it is released', async () => {
    const coordinator = new Coordinator();
    coordinator.assignments = [[0, 1], []];
    const { member, revoked, ended } = membership(coordinator, async () => {
      const before = coordinator.heartbeats;
      await until(() => coordinator.heartbeats > before + 5);
    });
    await until(() => coordinator.heartbeats > 2);
    await member.drain(0);
    await ended;
    expect(coordinator.claims.map(({ owned, leaving }) => [owned, leaving])).toEqual([
      [[], undefined],
      [[0, 1], true],
    ]);
    expect(revoked).toEqual([[0, 1]]);
    expect([0, 1].some((partition) => member.holds(partition))).toBe(false);
    expect(member.close()).toBe('m0');
  });

  it('waits no longer than its limit for the group to take things away', async () => {
    const coordinator = new Coordinator();
    coordinator.onHeartbeat = (count) => {
      if (count === 2) coordinator.joinError = away;
      return undefined;
    };
    const { member, ended } = membership(coordinator);
    await until(() => coordinator.heartbeats > 2);
    await member.drain(1000);
    member.close();
    await ended;
  });
});
