import { describe, expect, test } from 'vitest';
import type { Incident } from '../../schemas/generated/incident.ts';
import { idHex } from '../stable-id.ts';
import { exampleIncident, resolved } from './incident.fixture.ts';
import { routeOptions } from './options.ts';
import { RouteLog } from './route-log.fixture.ts';
import { Router } from './router.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

type Given = Parameters<typeof routeOptions.parse>[0];

/**
 * Gives incidents by their times, with a tick to the time after each, and returns what came out.
 */
function run(incidents: readonly Incident[], untilMs: number, given: Given = {}): RouteLog {
  const router = new Router(routeOptions.parse(given), { partition: 0 });
  const log = new RouteLog();
  for (const incident of incidents) router.incident(incident);
  router.tick(untilMs);
  router.drain(log);
  return log;
}

describe('timing', () => {
  test('never and empty: nothing comes of nothing', () => {
    const router = new Router(routeOptions.parse({}), { partition: 0 });
    expect([...router.entries()]).toEqual([]);
    const log = run([], HOUR);
    expect(log.lines).toEqual([]);
  });

  test('one incident: told after group_wait, repeated every repeat_interval, told when it is over', () => {
    const open = exampleIncident({ startMs: 0 });
    const log = run([open, resolved(open, 9 * HOUR)], 24 * HOUR);
    expect(log.summary).toEqual([
      '30s console FIRST PLANNED',
      '14430s console REPEAT PLANNED',
      '28830s console REPEAT PLANNED',
      '32430s console RESOLVED PLANNED',
    ]);
    const ids = log.notifications.map((each) => idHex(each.id));
    expect(new Set(ids).size).toBe(4);
    expect(log.notifications[0]).toMatchObject({
      incidentId: open.id,
      alertIds: open.alertIds,
      eventType: 'critical_alert',
      attempt: 0,
      idempotencyKey: `vigie-${ids[0]}`,
      startMs: 0,
      sentMs: null,
    });
    expect(log.notifications[3]?.eventType).toBe('resolved');
  });

  test('an incident over before group_wait is not told', () => {
    const open = exampleIncident({ startMs: 0 });
    expect(run([open, resolved(open, 20 * SECOND)], HOUR).notifications).toEqual([]);
  });

  test('one that started longer ago than group_wait is told at once', () => {
    const open = exampleIncident({ startMs: 0, changedAtMs: 2 * MINUTE });
    expect(run([open], 2 * MINUTE).summary).toEqual(['120s console FIRST PLANNED']);
  });

  test('a change waits for group_interval, and only one that matters is told', () => {
    const open = exampleIncident({ startMs: 0, severity: 'WARNING', alertCount: 4 });
    const change = (revision: number, atMs: number, fields: Partial<Incident>) => ({
      ...open,
      ...fields,
      revision,
      changedAtMs: atMs,
    });
    const log = run(
      [
        open,
        change(1, MINUTE, { alertCount: 5 }),
        change(2, 6 * MINUTE, { alertCount: 8 }),
        change(3, 11 * MINUTE, { alertCount: 8, severity: 'CRITICAL' }),
        change(4, 16 * MINUTE, { alertCount: 8, severity: 'CRITICAL', services: ['shop'] }),
      ],
      HOUR,
    );
    expect(log.summary).toEqual([
      '30s console FIRST PLANNED',
      '630s console CHANGED PLANNED',
      '930s console CHANGED PLANNED',
      '1230s console CHANGED PLANNED',
    ]);
  });

  test('repeated and earlier revisions are ignored', () => {
    const open = exampleIncident({ startMs: 0, revision: 5 });
    const log = run([open, open, { ...open, revision: 4, severity: 'WARNING' }], HOUR);
    expect(log.summary).toEqual(['30s console FIRST PLANNED']);
    expect(log.notifications[0]?.eventType).toBe('critical_alert');
    const over = resolved(open, HOUR);
    expect(run([open, over, over, open], 3 * HOUR).summary).toHaveLength(2);
  });

  test('times that are none are rejected and counted, ticks of none ignored', () => {
    const router = new Router(routeOptions.parse({}), { partition: 0 });
    const log = new RouteLog();
    router.incident(exampleIncident({ startMs: 9e18 }));
    router.incident(exampleIncident({ changedAtMs: -5 }));
    router.tick(9e18);
    router.tick(HOUR);
    router.drain(log);
    expect(log.notifications).toEqual([]);
    expect(log.count('INCIDENT_INVALID')).toBe(2);
  });

  test('historical is never told, until it is no longer so', () => {
    const past = exampleIncident({ startMs: 0, historical: true });
    const log = run([past], HOUR);
    expect(log.notifications).toEqual([]);
    expect(log.count('HISTORICAL')).toBe(1);
    const live = { ...past, historical: false, revision: 1, changedAtMs: MINUTE };
    expect(run([past, live], HOUR).summary).toEqual(['60s console FIRST PLANNED']);
  });

  test('the end of an incident that was told is told, whatever its mark', () => {
    const open = exampleIncident({ startMs: 0 });
    const over = { ...resolved(open, HOUR), historical: true };
    expect(run([open, over], 10 * HOUR).summary).toEqual([
      '30s console FIRST PLANNED',
      '3630s console RESOLVED PLANNED',
    ]);
  });

  test('an acknowledged incident is not repeated while the acknowledgement holds', () => {
    const open = exampleIncident({ startMs: 0 });
    const ack = { by: 'p1', atMs: HOUR, untilMs: 10 * HOUR, comment: null };
    const log = run([open, { ...open, ack, revision: 1, changedAtMs: HOUR }], 11 * HOUR);
    expect(log.summary).toEqual(['30s console FIRST PLANNED', '36030s console REPEAT PLANNED']);
    expect(log.count('ACKNOWLEDGED')).toBeGreaterThan(0);
  });

  test('sendResolved false: the end is not told', () => {
    const receivers = [{ name: 'console', integration: 'console' as const, sendResolved: false }];
    const open = exampleIncident({ startMs: 0 });
    const log = run([open, resolved(open, HOUR)], 5 * HOUR, { receivers });
    expect(log.summary).toEqual(['30s console FIRST PLANNED']);
  });
});

describe('routes and groups', () => {
  const receivers = [
    { name: 'all', integration: 'console' as const },
    { name: 'pager', integration: 'file' as const, path: 'pager.ndjson' },
  ];

  test('a climb to critical is told to the route that takes only those, too', () => {
    const route = {
      receiver: 'all',
      routes: [{ receiver: 'pager', matchers: ['severity="critical"'] }],
    };
    const open = exampleIncident({ startMs: 0, severity: 'WARNING' });
    const climbed: Incident = { ...open, severity: 'CRITICAL', revision: 1, changedAtMs: MINUTE };
    const log = run([open, climbed, resolved(climbed, 20 * MINUTE)], HOUR, { receivers, route });
    expect(log.summary).toEqual([
      '30s all FIRST PLANNED',
      '60s pager FIRST PLANNED',
      '330s all CHANGED PLANNED',
      '1230s all RESOLVED PLANNED',
      '1260s pager RESOLVED PLANNED',
    ]);
    expect(log.notifications[1]).toMatchObject({ integration: 'file', target: 'pager.ndjson' });
  });

  test('groupBy holds incidents of one value together; each end is a change, the last one resolves', () => {
    const route = { receiver: 'all', groupBy: ['host'] };
    const one = exampleIncident({ name: 'one', startMs: 0 });
    const two = exampleIncident({ name: 'two', startMs: 10 * SECOND });
    const late = exampleIncident({ name: 'late', startMs: 2 * MINUTE });
    const other = exampleIncident({ name: 'other', startMs: 3 * MINUTE, labels: { host: 'db-1' } });
    const log = run(
      [
        ...[one, two, late, other],
        resolved(one, 8 * MINUTE),
        resolved(two, 12 * MINUTE),
        resolved(late, 13 * MINUTE),
      ],
      30 * MINUTE,
      { receivers, route },
    );
    expect(log.summary).toEqual([
      '30s all FIRST PLANNED',
      '210s all FIRST PLANNED',
      '330s all CHANGED PLANNED',
      '630s all CHANGED PLANNED',
      '930s all RESOLVED PLANNED',
    ]);
    const told = log.notifications.map((each) => each.incidentIds.map(idHex));
    const [oneId, twoId, lateId] = [one, two, late].map(({ id }) => idHex(id));
    expect(told[0]).toEqual([oneId, twoId]);
    expect(told[2]).toEqual([oneId, twoId, lateId]);
    expect(told[4]).toEqual([twoId, lateId]);
  });

  test('an incident that loses the label it was grouped by stays in its group', () => {
    const route = { receiver: 'all', groupBy: ['metric'] };
    const open = exampleIncident({ startMs: 0 });
    const wider = { ...open, labels: { host: 'web-1' }, revision: 1, changedAtMs: MINUTE };
    const log = run([open, wider, resolved(wider, 2 * MINUTE)], HOUR, { receivers, route });
    expect(log.summary).toEqual(['30s all FIRST PLANNED', '330s all RESOLVED PLANNED']);
  });

  test('tenants never share a group', () => {
    const route = { receiver: 'all', groupBy: ['host'] };
    const mine = exampleIncident({ name: 'mine' });
    const theirs = exampleIncident({ name: 'theirs', tenant: 'other' });
    const log = run([mine, theirs], MINUTE, { receivers, route });
    expect(log.notifications.map((each) => each.tenant).sort()).toEqual(['acme', 'other']);
  });

  test('a group of a route that is gone ends and is counted', () => {
    const before = new Router(
      routeOptions.parse({
        receivers,
        route: { receiver: 'all', routes: [{ receiver: 'pager' }] },
      }),
      { partition: 0 },
    );
    before.incident(exampleIncident({ startMs: 0 }));
    const after = new Router(routeOptions.parse({ receivers, route: { receiver: 'all' } }), {
      partition: 0,
    });
    for (const [key, value] of before.entries()) after.restore(key, value);
    const log = new RouteLog();
    after.tick(HOUR);
    after.drain(log);
    expect(log.notifications).toEqual([]);
    expect(log.count('ROUTE_GONE')).toBe(1);
  });
});
