import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Anomaly } from '../../schemas/generated/anomaly.ts';
import { closing, exampleAnomaly } from '../correlate/anomaly.fixture.ts';
import { loneTask } from '../correlate/correlation-log.fixture.ts';
import { Correlator } from '../correlate/correlator.ts';
import { correlateOptions } from '../correlate/options.ts';
import { routeOptions } from './options.ts';
import { RouteLog } from './route-log.fixture.ts';
import { Router } from './router.ts';

const SECOND = 1000;
const END_MS = 20_000 * SECOND;

const episode = fc.record({
  startSeconds: fc.integer({ min: 1, max: 5000 }),
  lengthSeconds: fc.integer({ min: 1, max: 900 }),
  host: fc.constantFrom('web-1', 'web-2', 'web-3'),
  metric: fc.constantFrom('cpu', 'memory', 'disk', 'load'),
  isCritical: fc.boolean(),
});

/** Correlates and routes, with event time going on by `stepMs` at a time; returns what was told. */
function told(anomalies: readonly Anomaly[], stepMs: number): readonly string[] {
  const correlator = new Correlator(correlateOptions.parse({}), loneTask);
  const router = new Router(routeOptions.parse({ maxNotificationsPerHour: 4 }), loneTask);
  const log = new RouteLog();
  const waiting = anomalies.toSorted((a, b) => a.lastMs - b.lastMs);
  for (let nowMs = stepMs; ; nowMs += stepMs) {
    const atMs = Math.min(nowMs, END_MS);
    while (waiting[0] !== undefined && waiting[0].lastMs <= atMs) {
      correlator.anomaly(waiting.shift() as Anomaly);
    }
    correlator.tick(0, atMs);
    correlator.drain({
      alert: () => {},
      decision: () => {},
      incident: (incident) => router.incident(incident),
      tick: (watermarkMs) => router.tick(watermarkMs),
    });
    router.drain(log);
    if (atMs === END_MS) return log.lines;
  }
}

describe('correlate and route', { timeout: 60_000 }, () => {
  test('from episodes to notifications nothing depends on how often event time is told', () => {
    fc.assert(
      fc.property(fc.array(episode, { minLength: 1, maxLength: 25 }), (drawn) => {
        const anomalies = drawn.flatMap((each) => {
          const startMs = each.startSeconds * SECOND;
          const { metric, host } = each;
          const tier = each.isCritical ? 'CRITICAL' : 'WARNING';
          const open = exampleAnomaly({ startMs, metric, labels: { host }, tier });
          return [open, closing(open, startMs + each.lengthSeconds * SECOND)];
        });
        const fine = told(anomalies, 50 * SECOND);
        expect(told(anomalies, 1234 * SECOND)).toEqual(fine);
        expect(told(anomalies, END_MS)).toEqual(fine);
      }),
      { numRuns: 100 },
    );
  });
});
