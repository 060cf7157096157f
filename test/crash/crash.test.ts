import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailPointName } from '../../runtime/fail-point.ts';
import { kafkaClients } from '../integration/transport-clients.ts';
import { requireOwnBroker } from '../servers/require-server.ts';
import { type Cluster, startCluster } from '../servers/servers.ts';
import { type Place, Scenarios } from './scenarios.ts';

const FAIL_POINTS = {
  'outputs-sent': { validate: 3, enrich: 6, detect: 4, correlate: 2 },
  'offsets-stored': { validate: 3, enrich: 6, detect: 4, correlate: 2 },
  'stamp-missing': { validate: 2, enrich: 2, detect: 3, correlate: 1 },
  restoring: { enrich: 1, detect: 3, correlate: 1 },
} as const;

const possible = requireOwnBroker('the crash suite');

describe.runIf(possible).for(kafkaClients)(
  'the anomalies of an undisturbed run, by %s,',
  (client) => {
    let cluster: Cluster;
    let scenarios: Scenarios;

    beforeAll(async () => {
      cluster = await startCluster();
      scenarios = await Scenarios.open({ brokers: cluster.brokers, replication: 3, client });
    });
    afterAll(() => cluster?.stop());

    it('are enough to compare with', () => {
      expect(scenarios.anomalies).toBeGreaterThan(500);
    });

    for (const [name, passages] of Object.entries(FAIL_POINTS)) {
      const places = Object.entries(passages).map(
        ([stage, passage]): Place => [name as FailPointName, stage, passage],
      );
      it(`come from workers killed at ${name}`, () => scenarios.killedAt(places));
    }

    it('come from workers killed while they hand over', () => scenarios.killedWhileRevoked(3));
    it('come through the death and return of partition leaders', () =>
      scenarios.brokersKilled(cluster.nodes));
    it('come from three workers restarted one by one', () => scenarios.rollingRestart());
    it('come from one worker that becomes three and one again', () => scenarios.scaled(3));
    it('come from workers halted past their session', () => scenarios.frozen(2));
  },
);
