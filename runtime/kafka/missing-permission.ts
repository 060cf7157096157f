import type { Asked } from './asked.ts';
import type { Permission } from './client.ts';

/** What each request needs to be allowed, by what it is asked of; Kafka’s words. */
const needed: Readonly<Record<string, Partial<Record<Permission['resource'], string>>>> = {
  Produce: { topic: 'Write' },
  Fetch: { topic: 'Read' },
  ListOffsets: { topic: 'Describe' },
  Metadata: { topic: 'Describe' },
  CreateTopics: { topic: 'Create', cluster: 'Create' },
  InitProducerId: { cluster: 'IdempotentWrite' },
  FindCoordinator: { group: 'Describe' },
  JoinGroup: { group: 'Read' },
  SyncGroup: { group: 'Read' },
  Heartbeat: { group: 'Read' },
  LeaveGroup: { group: 'Read' },
  OffsetCommit: { group: 'Read', topic: 'Read' },
  OffsetFetch: { group: 'Describe', topic: 'Describe' },
};

const resources: Readonly<Record<string, Permission['resource']>> = {
  TOPIC_AUTHORIZATION_FAILED: 'topic',
  GROUP_AUTHORIZATION_FAILED: 'group',
  CLUSTER_AUTHORIZATION_FAILED: 'cluster',
};
/** The one name that a cluster has as a resource. */
const clusterName = 'kafka-cluster';

/**
 * Says what a request lacked, when the brokers refused it for want of a permission.
 *
 * Brokers only say what kind of resource it was; which operation follows from the request.
 *
 * @param type Kafka’s own name of the error code.
 */
export function missingPermission(type: string, asked: Asked): Permission | undefined {
  const resource = resources[type];
  if (resource === undefined) return undefined;
  const operation = needed[asked.api]?.[resource];
  if (operation === undefined) return undefined;
  const names = { topic: asked.topic, group: asked.group, cluster: clusterName };
  return { operation, resource, name: names[resource] ?? '' };
}
