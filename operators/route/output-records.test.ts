import { describe, expect, test } from 'vitest';
import { Codec, type SchemaIds } from '../../schemas/codec.ts';
import type { RecordName } from '../../schemas/generated/record-types.ts';
import { schemaTexts } from '../../schemas/generated/schema-texts.ts';
import { exampleAnomaly } from '../correlate/anomaly.fixture.ts';
import { asText, loneTask } from '../correlate/correlation-log.fixture.ts';
import { Correlator } from '../correlate/correlator.ts';
import { correlateOptions } from '../correlate/options.ts';
import { DeliveryLog } from './delivery.ts';
import { routeOptions } from './options.ts';
import { RouteLog } from './route-log.fixture.ts';
import { Router } from './router.ts';

const MINUTE = 60_000;
const names = Object.keys(schemaTexts) as RecordName[];
const ids = Object.fromEntries(names.map((name, index) => [name, index + 1])) as SchemaIds;
const codec = new Codec(ids);

/** Encodes and decodes a record and expects the same. */
function expectFits(name: RecordName, record: object): void {
  const decoded = codec.decode(codec.encode(name, record as never), [name]);
  expect(JSON.parse(asText(decoded.value))).toEqual(JSON.parse(asText(record)));
}

describe('records', () => {
  test('what correlate and route write fits the schemas and comes back the same', () => {
    const correlator = new Correlator(correlateOptions.parse({}), loneTask);
    const router = new Router(routeOptions.parse({ maxNotificationsPerHour: 2 }), loneTask);
    const critical = {
      tier: 'CRITICAL',
      burn: 14.4,
      businessImpact: 'orders',
      service: 'shop',
    } as const;
    for (const [index, tenant] of ['a', 'a', 'a', 'a', 'b'].entries()) {
      const labels = { host: `db-${index}` };
      correlator.anomaly(exampleAnomaly({ tenant, labels, startMs: MINUTE, ...critical }));
    }
    for (let index = 0; index < 5; index++) {
      const fields = { startMs: 2 * MINUTE, labels: { host: `web-${index}` }, metric: `m${index}` };
      correlator.anomaly(exampleAnomaly({ ...fields, tier: 'CRITICAL', expected: null }));
    }
    correlator.tick(0, 300 * MINUTE);
    const seen = { Alert: 0, Incident: 0, Decision: 0, Notification: 0 };
    const check = (name: keyof typeof seen, record: object) => {
      expectFits(name, record);
      seen[name]++;
    };
    correlator.drain({
      alert: (alert) => check('Alert', alert),
      incident: (incident) => {
        check('Incident', incident);
        router.incident(incident);
      },
      decision: (decision) => check('Decision', decision),
      tick: (watermarkMs) => router.tick(watermarkMs),
    });
    const log = new RouteLog();
    router.drain(log);
    const deliveries = new DeliveryLog({ maxAttempts: 2, retryMs: 1, maxAgeMs: 1 }, ['console']);
    for (const notification of log.notifications) {
      check('Notification', notification);
      const result = { state: 'SENT', code: null, canRetry: false } as const;
      check('Notification', deliveries.outcome(notification, 1, result, 5 * MINUTE));
    }
    for (const decision of log.decisions) check('Decision', decision);
    expect(new Set(log.notifications.map((each) => each.state))).toEqual(
      new Set(['PLANNED', 'HELD']),
    );
    expect(Object.values(seen).every((count) => count > 3)).toBe(true);
  });
});
