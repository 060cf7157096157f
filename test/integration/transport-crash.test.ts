import { describe, it } from 'vitest';
import { requireOwnBroker } from '../servers/require-server.ts';
import { kafkaClients } from './transport-clients.ts';
import { expectBrokerSurvived, expectLeadersSurvived } from './transport-crash-cases.ts';

// The other client’s cluster dies in test/crash/: it takes longest.
describe.runIf(requireOwnBroker('broker crashes'))('a broker that is killed under load', () => {
  it.for(kafkaClients)(
    'and comes back has every acknowledged record once, and the stage behind it too, by %s',
    expectBrokerSurvived,
  );

  it('leaves its partitions to others of a cluster, with every acknowledged record once', () =>
    expectLeadersSurvived('kafkajs'));
});
