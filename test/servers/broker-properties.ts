import { join } from 'node:path';

/** The same for all nodes, since they are formatted apart: base64 of 16 bytes. */
export const clusterId = 'dmlnaWUtdGVzdC1rYWZrYQ';

/** The loopback ports of one node. */
export interface NodePorts {
  readonly client: number;
  readonly controller: number;
}

/**
 * Builds the `server.properties` of one combined broker and controller node.
 *
 * @param id 1-based; `layout[id - 1]` holds its ports. Three nodes get replication 3 and two in-sync replicas.
 *   Internal topics have few partitions and groups form without delay: both cost seconds at every start otherwise.
 *   A killed node may come back only when its former session has run out, hence the short one.
 */
export function brokerProperties(
  id: number,
  layout: readonly NodePorts[],
  folder: string,
): Readonly<Record<string, string>> {
  const own = layout[id - 1];
  if (own === undefined) throw new Error(`no ports for node ${id}`);
  const replicas = String(Math.min(3, layout.length));
  const inSync = layout.length >= 3 ? '2' : '1';
  const listeners = `CLIENT://127.0.0.1:${own.client},CONTROLLER://127.0.0.1:${own.controller}`;
  return {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    'controller.quorum.voters': layout
      .map((ports, index) => `${index + 1}@127.0.0.1:${ports.controller}`)
      .join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners,
    'advertised.listeners': listeners.split(',')[0] ?? '',
    'inter.broker.listener.name': 'CLIENT',
    'listener.security.protocol.map': 'CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(folder, 'log'),
    'num.partitions': '4',
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'log.cleaner.dedupe.buffer.size': '8388608',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'background.threads': '2',
    'num.recovery.threads.per.data.dir': '1',
  };
}
