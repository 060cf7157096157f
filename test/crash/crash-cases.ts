import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailPointName } from '../../runtime/fail-point.ts';
import type { KafkaClientName } from '../integration/transport-clients.ts';
import { requireOwnBroker, requireRegistry } from '../servers/require-server.ts';
import { type Cluster, startCluster } from '../servers/servers.ts';
import { Comparison } from './comparison.ts';
import { killedAt, killedWhileRevoked, type Place } from './kills.ts';
import { frozen, rollingRestart, scaled } from './memberships.ts';
import { leadersKilled, partitionPaused, registryAway } from './outages.ts';

/** Stage and passage at which a worker ends, by fail point. */
const FAIL_POINTS = {
  unacknowledged: { validate: 5, enrich: 9, detect: 7 },
  'outputs-sent': { validate: 3, enrich: 6, detect: 4, correlate: 2 },
  'offsets-stored': { validate: 3, enrich: 6, detect: 4, correlate: 2 },
  'entries-missing': { enrich: 2, detect: 3, correlate: 2 },
  'stamp-missing': { validate: 2, enrich: 2, detect: 3, correlate: 2 },
  'parts-missing': { detect: 2 },
  restoring: { enrich: 1, detect: 3, correlate: 1 },
} as const;

/** Defines the suite for one client: an undisturbed run, and every disturbance compared with it. */
export function defineCrashCases(client: KafkaClientName): void {
  const possible = requireOwnBroker(`the crash suite, ${client}`);
  const withRegistry = requireRegistry(`the crash suite without its registry, ${client}`);

  describe.runIf(possible)(`the findings of an undisturbed run, by ${client},`, () => {
    let cluster: Cluster;
    let comparison: Comparison;

    beforeAll(async () => {
      cluster = await startCluster();
      comparison = await Comparison.open({ brokers: cluster.brokers, replication: 3, client });
    });
    afterAll(() => cluster?.stop());

    it('are enough to compare with', () => {
      expect(comparison.expected.episodes).toBeGreaterThanOrEqual(5000);
      expect(comparison.expected.incidentIds).toBeGreaterThanOrEqual(100);
    });

    for (const [name, passages] of Object.entries(FAIL_POINTS)) {
      const places = Object.entries(passages).map(
        ([stage, passage]): Place => [name as FailPointName, stage, passage],
      );
      it(`come from workers killed at ${name}`, () => killedAt(comparison, places));
    }

    it('come from workers killed while they hand over', () => killedWhileRevoked(comparison, 3));
    it('come through the death and return of partition leaders', () =>
      leadersKilled(comparison, cluster.nodes));
    it('come from three workers restarted one by one', () => rollingRestart(comparison));
    it('come from one worker that becomes three and one again', () => scaled(comparison, 3));
    it.runIf(withRegistry)('come through the absence of the schema registry', () =>
      registryAway(comparison),
    );
    it('come through a minute in which a partition is paused', () => partitionPaused(comparison));
    it('come from workers halted past their session', () => frozen(comparison, 2));
  });
}
