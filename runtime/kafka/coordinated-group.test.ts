import { describe, expect, it } from 'vitest';
import { ClusterNodes } from './cluster-nodes.ts';
import { CoordinatedGroup } from './coordinated-group.ts';
import { fakeNodes } from './wire-node.fixture.ts';
import type { WireNode } from './wire-node.ts';

const member = { memberId: 'm', generation: 1 };
const request = {
  memberId: '',
  sessionTimeoutMs: 1000,
  rebalanceTimeoutMs: 1000,
  protocol: 'p',
  metadata: Buffer.alloc(0),
};

/** A group whose coordinator is the node at the given port, which may change. */
function groupWith(answers: (port: number) => Partial<WireNode>) {
  const at = { port: 1, lookedUp: 0 };
  const { open } = fakeNodes((port) => ({
    coordinator: async () => {
      at.lookedUp += 1;
      return { code: 0, nodeId: at.port, host: 'h', port: at.port };
    },
    ...answers(port),
  }));
  return { at, group: new CoordinatedGroup(new ClusterNodes(['seed:9'], open), 'g') };
}

describe('a group', () => {
  it('looks its coordinator up once, and again when it has moved', async () => {
    const asked: number[] = [];
    const codes: Record<number, number> = { 1: 0, 2: 0 };
    const { at, group } = groupWith((port) => ({
      heartbeat: async () => {
        asked.push(port);
        return { code: codes[port] ?? 0 };
      },
    }));
    await group.heartbeat(member);
    await group.heartbeat(member);
    expect([asked, at.lookedUp]).toEqual([[1, 1], 1]);
    codes[1] = 16;
    at.port = 2;
    await expect(group.heartbeat(member)).rejects.toMatchObject({ type: 'NOT_COORDINATOR' });
    await group.heartbeat(member);
    expect([asked, at.lookedUp]).toEqual([[1, 1, 1, 2], 2]);
  });

  it('keeps its coordinator through an error that says nothing of it', async () => {
    const { at, group } = groupWith(() => ({ heartbeat: async () => ({ code: 27 }) }));
    for (const _ of [1, 2]) {
      await expect(group.heartbeat(member)).rejects.toMatchObject({
        type: 'REBALANCE_IN_PROGRESS',
      });
    }
    expect(at.lookedUp).toBe(1);
  });

  it('takes a member id to join again with for an answer, and knows whether it leads', async () => {
    const { group } = groupWith(() => ({
      join: async (_, { memberId }) => {
        const members = [{ memberId: 'm1', metadata: Buffer.from('x') }];
        if (memberId === '')
          return { code: 79, memberId: 'm1', leader: '', generation: -1, members: [] };
        return { code: 0, memberId, leader: 'm1', generation: 4, members };
      },
    }));
    const first = await group.join(request);
    expect(first).toEqual({ memberId: 'm1', leader: false, members: [] });
    const joined = await group.join({ ...request, memberId: first.memberId });
    expect(joined).toMatchObject({ generation: 4, leader: true, members: [{ memberId: 'm1' }] });
  });

  it('leaves out partitions without a committed offset, and throws the error of one part', async () => {
    const parts = [
      { topic: 't', partition: 0, offset: 5, code: 0 },
      { topic: 't', partition: 1, offset: -1, code: 0 },
    ];
    const { group } = groupWith(() => ({
      committed: async () => ({ code: 0, offsets: parts }),
      commit: async () => [parts[0] as never, { topic: 't', partition: 1, code: 22 }],
    }));
    expect(await group.committed([])).toEqual([{ topic: 't', partition: 0, offset: 5 }]);
    await expect(group.commit(member, [])).rejects.toMatchObject({ type: 'ILLEGAL_GENERATION' });
  });
});
