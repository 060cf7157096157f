import { describe, expect, test } from 'vitest';
import type { Anomaly } from '../../schemas/generated/anomaly.ts';
import { idHex } from '../stable-id.ts';
import { closing, exampleAnomaly } from './anomaly.fixture.ts';
import { CorrelationLog, loneTask } from './correlation-log.fixture.ts';
import { Correlator } from './correlator.ts';
import { fingerprint } from './fingerprint.ts';
import { type CorrelateOptions, correlateOptions } from './options.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Gives the anomalies, then lets event time run to `untilMs`, and returns what came out. */
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

const states = (log: CorrelationLog) => log.alerts.map((alert) => alert.state);
const critical = { tier: 'CRITICAL', peakScore: 2.5, grade: 0.99 } as const;

describe('alerts', () => {
  test('never: nothing comes of nothing', () => {
    const correlator = new Correlator(correlateOptions.parse({}), loneTask);
    const log = new CorrelationLog();
    correlator.drain(log);
    expect(log.lines).toEqual([]);
    expect([...correlator.entries()]).toEqual([]);
  });

  test('empty: ticks alone give ticks', () => {
    const log = run([], HOUR);
    expect(log.lines).toEqual([]);
    expect(log.ticks).toEqual([HOUR]);
  });

  test('signals wait for the watermark', () => {
    const correlator = new Correlator(correlateOptions.parse({}), loneTask);
    const log = new CorrelationLog();
    correlator.anomaly(exampleAnomaly({ startMs: 10 * SECOND }));
    correlator.tick(0, 10 * SECOND - 1);
    correlator.drain(log);
    expect(log.alerts).toEqual([]);
    correlator.tick(0, 10 * SECOND);
    correlator.drain(log);
    expect(states(log)).toEqual(['FIRING']);
  });

  test('one episode: fires at its onset, resolves a delay after its end, then is forgotten', () => {
    const open = exampleAnomaly({ startMs: HOUR });
    const log = run([open, closing(open, HOUR + 90 * SECOND)], HOUR + 20 * MINUTE);
    expect(states(log)).toEqual(['FIRING', 'FIRING', 'RESOLVED']);
    const last = log.alerts[2];
    expect(last).toMatchObject({
      revision: 2,
      firedAtMs: HOUR,
      endedAtMs: HOUR + 90 * SECOND,
      changedAtMs: HOUR + 150 * SECOND,
      resolvedReason: 'RECOVERED',
      flapCount: 0,
      anomalyCount: 1,
      severity: 'WARNING',
    });
    expect(new Set(log.alerts.map((alert) => idHex(alert.id))).size).toBe(1);
  });

  test('labels carry metric, service and tenant, and the fingerprint is Alertmanager’s of them', () => {
    const labels = { host: 'web-1', tenant: 'other', empty: '' };
    const [alert] = run([exampleAnomaly({ service: 'shop', labels })], MINUTE).alerts;
    expect(alert?.labels).toEqual({
      alertname: 'MetricAnomaly',
      metric: 'cpu',
      tenant: 'acme',
      service: 'shop',
      host: 'web-1',
      exported_tenant: 'other',
    });
    expect(idHex(alert?.fingerprint ?? new Uint8Array())).toBe(fingerprint(alert?.labels ?? {}));
    expect(alert?.annotations).toEqual({
      summary: 'cpu on shop is above its expected band',
      description: 'value 97.25 %, expected 40 %, band 30 to 50 %, score 1.2',
    });
  });

  test('a rule gives its own name, and its breach needs no second alert', () => {
    const breach = exampleAnomaly({ kind: 'BREACH', ruleId: 'DiskFull', ruleVersion: 3 });
    const log = run([breach], MINUTE);
    expect(log.alerts[0]).toMatchObject({ name: 'DiskFull', ruleId: 'DiskFull', ruleVersion: 3 });
    expect(log.incidents).toHaveLength(1);
  });

  test('pending: fires when it lasts, ends unfired when it does not', () => {
    const short = exampleAnomaly({ metric: 'short' });
    const long = exampleAnomaly({ metric: 'long' });
    const log = run([short, long, closing(short, 10 * SECOND)], MINUTE, {
      pendingForMs: 30 * SECOND,
    });
    const of = (metric: string) => log.alerts.filter((each) => each.labels.metric === metric);
    expect(of('short').map((each) => each.state)).toEqual(['PENDING', 'RESOLVED']);
    expect(of('short')[1]?.firedAtMs).toBeNull();
    expect(of('long').map((each) => each.state)).toEqual(['PENDING', 'FIRING']);
    expect(of('long')[1]?.firedAtMs).toBe(30 * SECOND);
  });

  test('an episode that climbs stays the same alert with a higher severity', () => {
    const open = exampleAnomaly({ startMs: 1 });
    const climb: Anomaly = { ...open, ...critical, phase: 'UPDATE', revision: 1, lastMs: MINUTE };
    const log = run([open, climb], 2 * MINUTE);
    expect(log.alerts.map((alert) => alert.severity)).toEqual(['WARNING', 'CRITICAL']);
    expect(log.incidents).toHaveLength(1);
    expect(log.alerts[1]?.incidentId).toEqual(log.incidents[0]?.id);
  });

  test('an episode without a close expires', () => {
    const log = run([exampleAnomaly({ startMs: 5 })], 2 * HOUR);
    expect(log.alerts.at(-1)).toMatchObject({
      state: 'RESOLVED',
      resolvedReason: 'EXPIRED',
      changedAtMs: HOUR + 5,
      endedAtMs: 5,
    });
  });

  test('a second episode within the delay or window continues the alert; after it a new one begins', () => {
    const first = exampleAnomaly({ startMs: 0 });
    const within = exampleAnomaly({ startMs: 30 * SECOND });
    const after = exampleAnomaly({ startMs: 6 * MINUTE });
    const later = exampleAnomaly({ startMs: HOUR });
    const log = run(
      [
        ...[first, closing(first, 10 * SECOND), within, closing(within, 40 * SECOND)],
        ...[after, closing(after, 6 * MINUTE + SECOND), later],
      ],
      HOUR + MINUTE,
    );
    const ids = [...new Set(log.alerts.map((alert) => idHex(alert.id)))];
    expect(ids).toHaveLength(2);
    const kept = log.alerts.filter((alert) => idHex(alert.id) === ids[0]);
    expect(kept.at(-1)).toMatchObject({ flapCount: 2, anomalyCount: 3, state: 'RESOLVED' });
    expect(log.alerts.at(-1)).toMatchObject({ flapCount: 0, anomalyCount: 1, firedAtMs: HOUR });
  });

  test('flapping doubles the resolve delay up to its limit, so that a flapping series stays one firing alert', () => {
    const anomalies: Anomaly[] = [];
    for (let index = 0; index < 40; index++) {
      const open = exampleAnomaly({ startMs: index * 50 * SECOND });
      anomalies.push(open, closing(open, index * 50 * SECOND + 10 * SECOND));
    }
    const log = run(anomalies, 3 * HOUR, { maxResolveDelayMs: 10 * MINUTE });
    expect(log.alerts.filter((alert) => alert.state === 'RESOLVED')).toHaveLength(1);
    const last = log.alerts.at(-1);
    expect(last).toMatchObject({ state: 'RESOLVED', flapCount: 39, anomalyCount: 40 });
    expect(last?.changedAtMs).toBe(39 * 50 * SECOND + 10 * SECOND + 10 * MINUTE);
  });

  test('a signal at the very time an alert is due to be resolved comes first', () => {
    const first = exampleAnomaly({ startMs: 0 });
    const again = exampleAnomaly({ startMs: 70 * SECOND });
    const log = run([first, closing(first, 10 * SECOND), again], 2 * MINUTE);
    expect(states(log)).toEqual(['FIRING', 'FIRING', 'FIRING']);
    expect(log.alerts.at(-1)).toMatchObject({ flapCount: 1, firedAtMs: 0 });
  });

  test('an alert that began as back-fill is live once a live signal comes', () => {
    const open = exampleAnomaly({ startMs: 1, historical: true });
    const live: Anomaly = { ...open, historical: false, phase: 'UPDATE', revision: 1, lastMs: 9 };
    const log = run([open, live], MINUTE);
    expect(log.alerts.map((alert) => alert.historical)).toEqual([true, false]);
  });

  test('an older episode of the series that comes late does not disturb the one that is open', () => {
    const correlator = new Correlator(correlateOptions.parse({}), loneTask);
    const log = new CorrelationLog();
    const open = exampleAnomaly({ startMs: 10 * MINUTE });
    correlator.anomaly(open);
    correlator.tick(0, 10 * MINUTE);
    correlator.anomaly(exampleAnomaly({ startMs: 9 * MINUTE }));
    correlator.anomaly(closing(open, 11 * MINUTE));
    correlator.tick(0, 20 * MINUTE);
    correlator.drain(log);
    expect(log.count('SIGNAL_OUTDATED')).toBe(1);
    expect(log.alerts.at(-1)).toMatchObject({ state: 'RESOLVED', changedAtMs: 12 * MINUTE });
  });

  test('duplicates in the buffer and after it are ignored and counted', () => {
    const open = exampleAnomaly({ startMs: MINUTE });
    const correlator = new Correlator(correlateOptions.parse({}), loneTask);
    const log = new CorrelationLog();
    correlator.anomaly(open);
    correlator.anomaly(open);
    correlator.tick(0, MINUTE);
    correlator.anomaly(open);
    correlator.tick(0, 10 * MINUTE);
    correlator.drain(log);
    expect(states(log)).toEqual(['FIRING']);
    const repeated = log.decisions.filter((decision) => decision.code === 'SIGNAL_REPEATED');
    expect(repeated).toMatchObject([{ count: 2, examples: [idHex(open.id)] }]);
  });

  test('times that are none are rejected and counted, ticks of none ignored', () => {
    const correlator = new Correlator(correlateOptions.parse({}), loneTask);
    const log = new CorrelationLog();
    correlator.anomaly(exampleAnomaly({ startMs: 9e18 }));
    correlator.anomaly(exampleAnomaly({ startMs: -1 }));
    correlator.anomaly(exampleAnomaly({ startMs: 1, phase: 'CLOSE', endMs: Number.NaN }));
    for (const watermarkMs of [9e18, -1, Number.NaN]) correlator.tick(0, watermarkMs);
    correlator.tick(0, HOUR);
    correlator.drain(log);
    expect(log.alerts).toEqual([]);
    expect(log.ticks).toEqual([HOUR]);
    expect(log.count('SIGNAL_INVALID')).toBe(3);
  });

  test('an earlier revision that comes after a later one is ignored', () => {
    const open = exampleAnomaly({ startMs: MINUTE });
    const correlator = new Correlator(correlateOptions.parse({}), loneTask);
    const log = new CorrelationLog();
    correlator.anomaly(open);
    correlator.anomaly(closing(open, 2 * MINUTE, 2));
    correlator.tick(0, 2 * MINUTE);
    correlator.anomaly({ ...open, phase: 'UPDATE', revision: 1, lastMs: 90 * SECOND });
    correlator.tick(0, 10 * MINUTE);
    correlator.drain(log);
    expect(log.alerts.at(-1)).toMatchObject({ state: 'RESOLVED', anomalyCount: 1, flapCount: 0 });
    expect(log.count('SIGNAL_REPEATED')).toBe(1);
  });

  test('decisions of a minute are one record with examples, a single one names its subject', () => {
    const metrics = ['a', 'b', 'c', 'd', 'e'];
    const log = run(
      metrics.map((metric) => exampleAnomaly({ metric, labels: { host: metric } })),
      HOUR / 2,
    );
    const fired = log.decisions.filter((decision) => decision.code === 'ALERT_FIRED');
    expect(fired).toMatchObject([
      { id: 'correlate/0/1', count: 5, alertId: null, atMs: 0, toMs: 1 },
    ]);
    expect(fired[0]?.examples).toHaveLength(3);
    expect(log.alerts.every((alert) => alert.change.decisionId === 'correlate/0/1')).toBe(true);
    const one = run([exampleAnomaly({})], HOUR / 2);
    const single = one.decisions.find((decision) => decision.code === 'ALERT_FIRED');
    expect(single).toMatchObject({ count: 1, examples: [], alertId: one.alerts[0]?.id });
  });

  test('a close of an episode that is not held is dropped and counted', () => {
    const log = run([closing(exampleAnomaly({}), MINUTE)], HOUR);
    expect(log.alerts).toEqual([]);
    expect(log.count('CLOSE_WITHOUT_EPISODE')).toBe(1);
  });

  test('late signals are taken at once, with their own times, and counted', () => {
    const correlator = new Correlator(correlateOptions.parse({}), loneTask);
    const log = new CorrelationLog();
    correlator.tick(0, HOUR);
    const open = exampleAnomaly({ startMs: 10 * MINUTE });
    correlator.anomaly(open);
    correlator.drain(log);
    expect(log.alerts[0]).toMatchObject({ state: 'FIRING', firedAtMs: 10 * MINUTE });
    correlator.anomaly(closing(open, 11 * MINUTE));
    correlator.tick(0, 2 * HOUR);
    correlator.drain(log);
    expect(log.alerts.at(-1)).toMatchObject({ state: 'RESOLVED', changedAtMs: 12 * MINUTE });
    expect(log.count('SIGNAL_LATE')).toBe(2);
  });

  test('late episodes far apart are alerts and incidents of their own', () => {
    const correlator = new Correlator(correlateOptions.parse({}), loneTask);
    const log = new CorrelationLog();
    correlator.tick(0, 100 * HOUR);
    for (const startMs of [HOUR, 5 * HOUR, 50 * HOUR]) {
      const open = exampleAnomaly({ startMs, historical: true, ...critical });
      correlator.anomaly(open);
      correlator.anomaly(closing(open, startMs + MINUTE));
    }
    correlator.tick(0, 101 * HOUR);
    correlator.drain(log);
    expect(new Set(log.alerts.map((alert) => idHex(alert.id))).size).toBe(3);
    const ended = log.incidents.filter((incident) => incident.state === 'RESOLVED');
    expect(ended.map((incident) => incident.endMs)).toEqual([
      HOUR + MINUTE,
      5 * HOUR + MINUTE,
      50 * HOUR + MINUTE,
    ]);
    expect(log.incidents.every((incident) => incident.historical)).toBe(true);
  });
});
