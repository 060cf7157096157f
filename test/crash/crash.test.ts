import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailPointName } from '../../runtime/fail-point.ts';
import { requireOwnBroker } from '../servers/require-server.ts';
import { type Cluster, startCluster } from '../servers/servers.ts';
import { Scenarios } from './scenarios.ts';

const FAIL_POINTS: readonly (readonly [FailPointName, readonly number[]])[] = [
  ['outputs-sent', [1, 6, 20]],
  ['offsets-stored', [1, 6, 20]],
  ['stamp-missing', [1, 4, 9]],
  ['restoring', [1, 4, 9]],
];

describe.runIf(requireOwnBroker('the crash suite'))('the anomalies of an undisturbed run', () => {
  let cluster: Cluster;
  let scenarios: Scenarios;

  beforeAll(async () => {
    cluster = await startCluster();
    scenarios = await Scenarios.open({ brokers: cluster.brokers, replication: 3 });
  });
  afterAll(() => cluster?.stop());

  it('are enough to compare with', () => {
    expect(scenarios.anomalies).toBeGreaterThan(500);
  });

  for (const [name, passages] of FAIL_POINTS) {
    it(`come from a worker killed at ${name}`, () =>
      scenarios.killedAt(passages.map((passage) => [name, passage] as const)));
  }

  it('come from workers killed while they hand over', () => scenarios.killedWhileRevoked(3));
  it('come through the death and return of partition leaders', () =>
    scenarios.brokersKilled(cluster.nodes));
  it('come from three workers restarted one by one', () => scenarios.rollingRestart());
  it('come from one worker that becomes three and one again', () => scenarios.scaled(3));
  it('come from workers halted past their session', () => scenarios.frozen(2));
});
