import { afterAll, beforeAll, describe, it } from 'vitest';
import { Scenarios, SUITE_FLEET } from '../crash/scenarios.ts';
import { requireOwnBroker } from '../servers/require-server.ts';
import { type Broker, startBroker } from '../servers/servers.ts';

// The short form of test/crash/crash.test.ts, on one broker.
const possible = requireOwnBroker('workers on Kafka that are killed');

describe.runIf(possible)('workers on Kafka', () => {
  let broker: Broker;
  let scenarios: Scenarios;

  beforeAll(async () => {
    broker = await startBroker({ own: true });
    const where = { brokers: broker.brokers, replication: 1 };
    scenarios = await Scenarios.open(where, { ...SUITE_FLEET, series: 50, rounds: 450 });
  });
  afterAll(() => broker?.stop());

  it('give the same anomalies when killed between outputs and offsets, and before a stamp', () =>
    scenarios.killedAt([
      ['outputs-sent', 'enrich', 6],
      ['stamp-missing', 'detect', 2],
    ]));
  it('give the same anomalies when one becomes two and one again', () => scenarios.scaled(2));
});
