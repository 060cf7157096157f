import { describe, expect, test } from 'vitest';
import type { Anomaly } from '../../schemas/generated/anomaly.ts';
import { idHex } from '../stable-id.ts';
import { closing, exampleAnomaly } from './anomaly.fixture.ts';
import { CorrelationLog, loneTask } from './correlation-log.fixture.ts';
import { Correlator } from './correlator.ts';
import { type CorrelateOptions, correlateOptions } from './options.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const critical = { tier: 'CRITICAL', peakScore: 2.5, grade: 0.99 } as const;

function run(
  anomalies: readonly Anomaly[],
  untilMs: number,
  options: Partial<CorrelateOptions> = {},
): CorrelationLog {
  const correlator = new Correlator(correlateOptions.parse(options), loneTask);
  const log = new CorrelationLog();
  for (const anomaly of anomalies) correlator.anomaly(anomaly);
  correlator.tick(0, untilMs);
  correlator.drain(log);
  return log;
}

const idsOf = (log: CorrelationLog) => [...new Set(log.incidents.map(({ id }) => idHex(id)))];

describe('incidents', () => {
  test('a critical alert opens one; it is resolved when its alert has been so for the window', () => {
    const open = exampleAnomaly({ startMs: HOUR, ...critical });
    const log = run([open, closing(open, HOUR + MINUTE)], 2 * HOUR);
    expect(log.incidents.map((incident) => incident.state)).toEqual(['OPEN', 'RESOLVED']);
    expect(log.incidents[0]).toMatchObject({
      revision: 0,
      title: 'web-1: cpu is above its expected band',
      severity: 'CRITICAL',
      startMs: HOUR,
      endMs: null,
      alertCount: 1,
      historical: false,
      impact: { tier: 'HIGH' },
    });
    expect(log.incidents[1]).toMatchObject({
      revision: 1,
      endMs: HOUR + MINUTE,
      changedAtMs: HOUR + MINUTE + MINUTE + 5 * MINUTE,
    });
    expect(log.alerts[0]?.incidentId).toEqual(log.incidents[0]?.id);
    expect(log.count('INCIDENT_OPENED')).toBe(1);
    expect(log.count('INCIDENT_RESOLVED')).toBe(1);
  });

  test('warnings of fewer than minMembers series open none', () => {
    const log = run(
      [exampleAnomaly({ metric: 'a' }), exampleAnomaly({ metric: 'b', startMs: MINUTE })],
      HOUR,
    );
    expect(log.incidents).toEqual([]);
    expect(log.count('WARNING_ALONE')).toBe(2);
  });

  test('warnings of minMembers series within the window open one that holds them all', () => {
    const metrics = ['a', 'b', 'c'];
    const log = run(
      metrics.map((metric, index) => exampleAnomaly({ metric, startMs: index * MINUTE })),
      10 * MINUTE,
    );
    expect(log.incidents).toHaveLength(1);
    expect(log.incidents[0]).toMatchObject({ severity: 'WARNING', alertCount: 3, startMs: 0 });
    expect(log.incidents[0]?.labels).toEqual({
      alertname: 'MetricAnomaly',
      host: 'web-1',
      tenant: 'acme',
    });
    const grouped = log.alerts.filter((alert) => alert.change.kind === 'GROUPED');
    expect(grouped.map((alert) => alert.labels.metric)).toEqual(['a', 'b']);
    expect(grouped.every((alert) => alert.incidentId !== null)).toBe(true);
  });

  test('the same series flapping does not count as several', () => {
    const anomalies: Anomaly[] = [];
    for (let index = 0; index < 4; index++) {
      const open = exampleAnomaly({ startMs: index * MINUTE });
      anomalies.push(open, closing(open, index * MINUTE + 30 * SECOND));
    }
    expect(run(anomalies, HOUR).incidents).toEqual([]);
  });

  test('warnings spread over more than the window open none', () => {
    const anomalies = ['a', 'b', 'c', 'd'].map((metric, index) =>
      exampleAnomaly({ metric, startMs: index * 4 * MINUTE }),
    );
    expect(run(anomalies, 30 * MINUTE).incidents).toEqual([]);
  });

  test('tenants, and hosts without a service in common, stay apart; a service joins its hosts', () => {
    const host = (name: string) => ({ labels: { host: name }, ...critical });
    const apart = run(
      [
        exampleAnomaly({ ...host('web-1') }),
        exampleAnomaly({ ...host('web-2') }),
        exampleAnomaly({ ...host('web-1'), tenant: 'other', episode: 'other' }),
      ],
      MINUTE,
    );
    expect(idsOf(apart)).toHaveLength(3);
    const service = 'shop';
    const together = run(
      [
        exampleAnomaly({ ...host('web-1'), service }),
        exampleAnomaly({ ...host('web-2'), service }),
      ],
      MINUTE,
    );
    expect(idsOf(together)).toHaveLength(1);
    expect(together.incidents.at(-1)).toMatchObject({ services: ['shop'], alertCount: 2 });
  });

  test('without any of the labels the metric groups', () => {
    const log = run(
      ['x', 'y'].map((zone) => exampleAnomaly({ labels: { zone }, ...critical })),
      MINUTE,
    );
    expect(idsOf(log)).toHaveLength(1);
    expect(log.incidents.at(-1)?.title).toBe('cpu is above its expected band, and 1 more alert');
  });

  test('what only grows is written at most once an update interval; a rise in severity at once', () => {
    const anomalies = [exampleAnomaly({ metric: 'first', kind: 'BREACH', startMs: 0 })];
    for (let second = 1; second <= 20; second++) {
      anomalies.push(exampleAnomaly({ metric: `m${second}`, startMs: second * SECOND }));
    }
    anomalies.push(exampleAnomaly({ metric: 'worst', startMs: 20 * SECOND, ...critical }));
    anomalies.push(exampleAnomaly({ metric: 'z', startMs: 22 * SECOND }));
    const log = run(anomalies, 5 * MINUTE);
    expect(
      log.incidents.map(({ changedAtMs, alertCount, severity }) => ({
        changedAtMs,
        alertCount,
        severity,
      })),
    ).toEqual([
      { changedAtMs: 0, alertCount: 1, severity: 'WARNING' },
      { changedAtMs: 20 * SECOND, alertCount: 22, severity: 'CRITICAL' },
      { changedAtMs: 52 * SECOND, alertCount: 23, severity: 'CRITICAL' },
    ]);
    expect(log.incidents.map((incident) => incident.revision)).toEqual([0, 1, 2]);
  });

  test('an alert that fires again before the window is over keeps the incident open', () => {
    const first = exampleAnomaly({ startMs: 0, ...critical });
    const again = exampleAnomaly({ startMs: 6 * MINUTE, ...critical });
    const log = run([first, closing(first, MINUTE), again, closing(again, 7 * MINUTE)], HOUR);
    expect(idsOf(log)).toHaveLength(1);
    expect(log.incidents.at(-1)).toMatchObject({ state: 'RESOLVED', endMs: 7 * MINUTE });
    expect(log.incidents.filter((incident) => incident.state === 'RESOLVED')).toHaveLength(1);
  });

  test('an alert after the window is another incident', () => {
    const first = exampleAnomaly({ startMs: 0, ...critical });
    const later = exampleAnomaly({ startMs: HOUR, ...critical });
    const log = run([first, closing(first, MINUTE), later], HOUR + MINUTE);
    expect(idsOf(log)).toHaveLength(2);
  });

  test('an alert that comes late from long before an open incident does not join it', () => {
    const correlator = new Correlator(correlateOptions.parse({}), loneTask);
    const log = new CorrelationLog();
    correlator.anomaly(exampleAnomaly({ startMs: 10 * HOUR, ...critical }));
    correlator.tick(0, 10 * HOUR);
    correlator.anomaly(exampleAnomaly({ metric: 'old', startMs: HOUR, ...critical }));
    correlator.drain(log);
    expect(log.incidents.map((incident) => incident.startMs)).toEqual([10 * HOUR, HOUR]);
    expect(idsOf(log)).toHaveLength(2);
  });

  test('back-fill is grouped and marked; live alerts take the mark away only if they would open it themselves', () => {
    const historical = { historical: true, ...critical };
    const marked = run([exampleAnomaly({ metric: 'a', ...historical })], MINUTE);
    expect(marked.alerts[0]?.historical).toBe(true);
    expect(marked.incidents[0]?.historical).toBe(true);
    const warned = run(
      [exampleAnomaly({ metric: 'a', ...historical }), exampleAnomaly({ metric: 'b', startMs: 1 })],
      MINUTE,
    );
    expect(warned.incidents.at(-1)).toMatchObject({ historical: true, alertCount: 2 });
    const live = run(
      [
        exampleAnomaly({ metric: 'a', ...historical }),
        exampleAnomaly({ metric: 'b', startMs: 1, ...critical }),
      ],
      MINUTE,
    );
    expect(live.incidents.map((incident) => incident.historical)).toEqual([true, false]);
  });
});

describe('bounds', () => {
  test('a storm of 10,000 series is one incident, with few records and short ones', () => {
    const anomalies: Anomaly[] = [];
    for (let index = 0; index < 10_000; index++) {
      const labels = { host: 'web-1', core: String(index) };
      anomalies.push(exampleAnomaly({ labels, startMs: index * 6, ...critical }));
    }
    const log = run(anomalies, 2 * MINUTE);
    expect(idsOf(log)).toHaveLength(1);
    expect(log.incidents.length).toBeLessThanOrEqual(4);
    expect(log.incidents.at(-1)?.alertCount).toBe(10_000);
    expect(log.incidents.at(-1)?.alertIds).toHaveLength(100);
    expect(log.alerts).toHaveLength(10_000);
    expect(log.decisions.length).toBeLessThan(10);
  });

  test('a storm over 100 hosts is one incident per host', () => {
    const anomalies: Anomaly[] = [];
    for (let index = 0; index < 10_000; index++) {
      const labels = { host: `web-${index % 100}`, core: String(index) };
      anomalies.push(exampleAnomaly({ labels, startMs: index * 6 }));
    }
    expect(idsOf(run(anomalies, 2 * MINUTE))).toHaveLength(100);
  });

  test('alerts above the cap are given up, ended ones first, and counted', () => {
    const anomalies: Anomaly[] = [];
    const ended = exampleAnomaly({ metric: 'ended', startMs: 5 });
    anomalies.push(ended, closing(ended, 6));
    for (let index = 0; index < 40; index++) {
      const labels = { host: `web-${index}` };
      anomalies.push(exampleAnomaly({ labels, startMs: 10 * SECOND + index, ...critical }));
    }
    const options = correlateOptions.parse({ maxAlerts: 32, resolveDelayMs: 0 });
    const correlator = new Correlator(options, loneTask);
    const log = new CorrelationLog();
    for (const anomaly of anomalies) correlator.anomaly(anomaly);
    correlator.tick(0, MINUTE);
    correlator.drain(log);
    const entries = [...correlator.entries()];
    const held = entries.filter(([key, value]) => key.startsWith('alert/') && value !== null);
    expect(held.length).toBeLessThanOrEqual(32);
    expect(log.count('ALERTS_LIMIT')).toBeGreaterThanOrEqual(9);
    const expired = log.alerts.filter((alert) => alert.resolvedReason === 'EXPIRED');
    expect(expired.every((alert) => alert.labels.host !== 'web-39')).toBe(true);
    const ends = log.alerts.filter((alert) => alert.change.kind === 'RESOLVED');
    expect(ends[0]).toMatchObject({ resolvedReason: 'RECOVERED', labels: { metric: 'ended' } });
  });

  test('groups above the cap end early, and their incidents with them', () => {
    const anomalies = Array.from({ length: 200 }, (_, index) =>
      exampleAnomaly({ labels: { host: `web-${index}` }, startMs: index, ...critical }),
    );
    const options = correlateOptions.parse({ maxAlerts: 16 });
    const correlator = new Correlator(options, loneTask);
    const log = new CorrelationLog();
    for (const anomaly of anomalies) correlator.anomaly(anomaly);
    correlator.tick(0, SECOND);
    correlator.drain(log);
    const groups = [...correlator.entries()].filter(
      ([key, value]) => key.startsWith('group/') && value !== null,
    );
    expect(groups.length).toBeLessThanOrEqual(16);
    expect(idsOf(log)).toHaveLength(200);
    const ended = log.incidents.filter((incident) => incident.state === 'RESOLVED');
    expect(ended.length).toBe(200 - groups.length);
    correlator.tick(0, HOUR);
    correlator.drain(log);
    expect(log.count('GROUPS_LIMIT')).toBe(ended.length);
  });

  test('signals above the cap are taken early, oldest first, and counted', () => {
    const correlator = new Correlator(correlateOptions.parse({ maxBufferedSignals: 10 }), loneTask);
    const log = new CorrelationLog();
    for (let index = 0; index < 25; index++) {
      correlator.anomaly(exampleAnomaly({ startMs: index * SECOND, metric: `m${index}` }));
    }
    correlator.drain(log);
    const fired = log.alerts.filter((alert) => alert.change.kind === 'FIRED');
    expect(fired.map((alert) => alert.firedAtMs)).toEqual(
      Array.from({ length: 15 }, (_, index) => index * SECOND),
    );
    correlator.tick(0, HOUR);
    correlator.drain(log);
    expect(log.count('SIGNALS_LIMIT')).toBe(15);
  });

  test('episodes above the cap are forgotten', () => {
    const options = correlateOptions.parse({ maxEpisodes: 32 });
    const correlator = new Correlator(options, loneTask);
    for (let index = 0; index < 500; index++) {
      correlator.anomaly(exampleAnomaly({ startMs: index, metric: `m${index % 5}` }));
    }
    correlator.tick(0, MINUTE);
    const held = [...correlator.entries()].filter(([key]) => key.startsWith('episode/'));
    expect(held.filter(([, value]) => value !== null).length).toBeLessThanOrEqual(32);
  });
});
