import { describe, expect, it } from 'vitest';
import { KafkaError } from './client.ts';
import { ClusterNodes } from './cluster-nodes.ts';
import { fakeNodes } from './wire-node.fixture.ts';
import type { ClusterAnswer } from './wire-node.ts';

const away = new KafkaError('CONNECTION', 'refused', true);
const cluster: ClusterAnswer = {
  nodes: [
    { nodeId: 7, host: 'b', port: 1 },
    { nodeId: 8, host: 'b', port: 2 },
  ],
  controller: 8,
  topics: [],
};
const heartbeat = { code: 0 };
const member = { memberId: 'm', generation: 1 };

/** A cluster whose seed answers at port 9; the nodes it names answer a heartbeat. */
function nodesWith(faults: Record<number, KafkaError> = {}) {
  const { opened, open } = fakeNodes((port) => ({
    cluster: async () => {
      if (faults[port] !== undefined) throw faults[port];
      return cluster;
    },
    heartbeat: async () => {
      if (faults[port] !== undefined) throw faults[port];
      return heartbeat;
    },
  }));
  const nodes = new ClusterNodes(['a:8', 'a:9'], open);
  return { nodes, opened, faults, ports: () => opened.map(({ address }) => address.port) };
}

describe('the nodes of a cluster', () => {
  it('are asked in turn until one answers, and then known by number', async () => {
    const { nodes, ports } = nodesWith({ 8: away });
    expect(await nodes.cluster()).toBe(cluster);
    expect(await nodes.at(7, (node) => node.heartbeat('g', member))).toBe(heartbeat);
    await nodes.atController((node) => node.heartbeat('g', member));
    expect(ports()).toEqual([8, 9, 1, 2]);
  });

  it('are not asked in turn for what no other would answer differently', async () => {
    const refused = new KafkaError('AUTHENTICATION', 'no', false);
    const { nodes, ports } = nodesWith({ 8: refused });
    await expect(nodes.cluster()).rejects.toBe(refused);
    expect(ports()).toEqual([8]);
  });

  it('are connected anew after their connection was lost, and closed before that', async () => {
    const { nodes, opened, faults, ports } = nodesWith();
    await nodes.cluster();
    const ask = () => nodes.at(7, (node) => node.heartbeat('g', member));
    await ask();
    faults[1] = away;
    await expect(ask()).rejects.toBe(away);
    expect(opened.at(-1)?.closed).toBe(true);
    delete faults[1];
    await ask();
    expect(ports()).toEqual([8, 1, 1]);
  });

  it('are found where they have moved to', async () => {
    const { nodes, opened, ports } = nodesWith();
    await nodes.cluster();
    const ask = () => nodes.at(7, (node) => node.heartbeat('g', member));
    await ask();
    nodes.learn([{ nodeId: 7, host: 'b', port: 3 }]);
    expect(opened[1]?.closed).toBe(true);
    await ask();
    expect(ports()).toEqual([8, 1, 3]);
  });

  it('are retriably unknown until a broker names them, and closed for good', async () => {
    const { nodes, opened } = nodesWith();
    const ask = () => nodes.at(7, (node) => node.heartbeat('g', member));
    await expect(ask()).rejects.toMatchObject({ type: 'CONNECTION', retriable: true });
    await nodes.cluster();
    await ask();
    nodes.close();
    expect(opened.map(({ closed }) => closed)).toEqual([true, true]);
    await expect(nodes.cluster()).rejects.toMatchObject({ type: 'CLOSED', retriable: false });
  });
});
