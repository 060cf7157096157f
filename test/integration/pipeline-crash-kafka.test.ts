import { afterAll, beforeAll, describe, it } from 'vitest';
import { Comparison, SHORT_FLEET } from '../crash/comparison.ts';
import { killedAt } from '../crash/kills.ts';
import { scaled } from '../crash/memberships.ts';
import { requireOwnBroker } from '../servers/require-server.ts';
import { type Broker, startBroker } from '../servers/servers.ts';

// The short form of test/crash/crash.test.ts, on one broker.
const possible = requireOwnBroker('workers on Kafka that are killed');

describe.runIf(possible)('workers on Kafka', () => {
  let broker: Broker;
  let comparison: Comparison;

  beforeAll(async () => {
    broker = await startBroker({ own: true });
    comparison = await Comparison.open({ brokers: broker.brokers, replication: 1 }, SHORT_FLEET);
  });
  afterAll(() => broker?.stop());

  it('give the same when killed before and behind their offsets, before a stamp, and in a checkpoint', () =>
    killedAt(comparison, [
      // The first write is of the backlog: much is written again, and must leave no trace.
      ['outputs-sent', 'enrich', 1],
      ['offsets-stored', 'detect', 4],
      ['stamp-missing', 'detect', 2],
      ['parts-missing', 'detect', 3],
    ]));
  it('give the same when one becomes two and one again', () => scaled(comparison, 2));
});
