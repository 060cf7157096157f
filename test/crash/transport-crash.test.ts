import { describe, it } from 'vitest';
import { kafkaClients } from '../integration/transport-clients.ts';
import { expectLeadersSurvived } from '../integration/transport-crash-cases.ts';
import { requireOwnBroker } from '../servers/require-server.ts';

describe.runIf(requireOwnBroker('broker crashes'))('a leader that is killed under load', () => {
  it.for(kafkaClients)(
    'leaves its partitions to others, with every acknowledged record once, by %s',
    expectLeadersSurvived,
  );
});
