import { describe, expect, test } from 'vitest';
import type { Incident } from '../../schemas/generated/incident.ts';
import type { Notification } from '../../schemas/generated/notification.ts';
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

describe('limits', () => {
  const many = Array.from({ length: 30 }, (_, index) =>
    exampleIncident({ name: `n${index}`, startMs: index * SECOND }),
  );

  test('above maxNotificationsPerHour notifications are held and told in one digest', () => {
    const log = run(many, 2 * HOUR);
    const states = log.notifications.map((each) => each.state);
    expect(states.slice(0, 10).every((state) => state === 'PLANNED')).toBe(true);
    expect(states.slice(10, 30).every((state) => state === 'HELD')).toBe(true);
    const digests = log.notifications.filter((each) => each.reason === 'DIGEST');
    expect(digests).toHaveLength(1);
    expect(digests[0]).toMatchObject({
      plannedMs: 30 * SECOND + HOUR,
      state: 'PLANNED',
      eventType: 'digest',
      incidentId: null,
    });
    expect(digests[0]?.incidentIds).toHaveLength(20);
    expect(digests[0]?.payload).toContain('20 notifications held, 20 incidents');
    expect(log.count('NOTIFICATIONS_LIMIT')).toBe(20);
    expect(
      log.notifications
        .filter((each) => each.state === 'HELD')
        .every((each) => each.payload === null),
    ).toBe(true);
  });

  test('in no hour more than the limit is planned, whatever comes', () => {
    const storm: Incident[] = [];
    for (let index = 0; index < 600; index++) {
      const open = exampleIncident({ name: `s${index}`, startMs: index * MINUTE });
      storm.push(open, resolved(open, index * MINUTE + 10 * MINUTE));
    }
    storm.sort((a, b) => a.changedAtMs - b.changedAtMs);
    const log = run(storm, 30 * HOUR, { maxNotificationsPerHour: 10 });
    const planned = log.notifications.filter((each) => each.state === 'PLANNED');
    const times = planned.map((each) => each.plannedMs);
    for (const [index, time] of times.entries()) {
      const tenLater = times[index + 10];
      if (tenLater !== undefined) expect(tenLater - time).toBeGreaterThanOrEqual(HOUR);
    }
    expect(planned.length).toBeGreaterThan(90);
    const lastHeld = log.notifications.findLastIndex((each) => each.state === 'HELD');
    const lastDigest = log.notifications.findLastIndex((each) => each.reason === 'DIGEST');
    expect(lastDigest).toBeGreaterThan(lastHeld);
  });

  test('the limit is per tenant and receiver', () => {
    const others = many.map((each, index) => ({
      ...each,
      id: exampleIncident({ name: `o${index}` }).id,
      tenant: 'other',
    }));
    const log = run([...many.flatMap((each, index) => [each, others[index] ?? each])], MINUTE);
    expect(log.notifications.filter((each) => each.state === 'PLANNED')).toHaveLength(20);
  });

  test('incidents above the cap are not told and counted; resolved ones make room', () => {
    const log = run(many, 10 * MINUTE, { maxIncidents: 8, maxNotificationsPerHour: 100 });
    expect(log.notifications).toHaveLength(8);
    expect(log.count('INCIDENTS_LIMIT')).toBe(22);
    const turns = many.map((each, index) => ({
      ...each,
      startMs: index * HOUR,
      changedAtMs: index * HOUR,
    }));
    const ended = turns.flatMap((each) => [each, resolved(each, each.startMs + 20 * MINUTE)]);
    const again = run(ended, 100 * HOUR, { maxIncidents: 1 });
    expect(again.notifications.filter((each) => each.reason === 'FIRST')).toHaveLength(30);
  });
});

describe('outcomes', () => {
  const plannedOne = () => {
    const router = new Router(routeOptions.parse({}), { partition: 0 });
    const log = new RouteLog();
    router.incident(exampleIncident({ startMs: 0 }));
    router.tick(MINUTE);
    router.drain(log);
    const [planned] = log.notifications;
    if (planned === undefined) throw new Error('nothing was planned');
    return { router, log, planned };
  };
  const outcome = (planned: Notification, fields: Partial<Notification>): Notification => ({
    ...planned,
    payload: null,
    attempt: planned.attempt + 1,
    ...fields,
  });

  test('a final failure is planned again under the same id, with the attempts so far', () => {
    const { router, log, planned } = plannedOne();
    router.outcome(outcome(planned, { state: 'FAILED', code: 'EPIPE', attempt: 3 }));
    router.tick(HOUR);
    router.drain(log);
    const again = log.notifications[1];
    expect(again).toMatchObject({
      id: planned.id,
      state: 'PLANNED',
      attempt: 3,
      possibleRepeat: true,
      payload: planned.payload,
      idempotencyKey: planned.idempotencyKey,
    });
    expect(log.notifications).toHaveLength(2);
    expect(log.count('DELIVERY_FAILED')).toBe(1);
  });

  test('success, a failure the sink retries itself, and repeats of outcomes lead to nothing', () => {
    const { router, log, planned } = plannedOne();
    router.outcome(planned);
    router.outcome(outcome(planned, { state: 'FAILED', code: 'EPIPE', retryAtMs: 5 }));
    router.outcome(outcome(planned, { state: 'SENT', sentMs: 7 }));
    router.outcome(outcome(planned, { state: 'FAILED', code: 'EPIPE' }));
    router.tick(3 * HOUR);
    router.drain(log);
    expect(log.notifications).toHaveLength(1);
  });

  test('a repeat of the failure, after it was planned again, changes nothing', () => {
    const { router, log, planned } = plannedOne();
    const failure = outcome(planned, { state: 'FAILED', code: 'EPIPE', attempt: 3 });
    router.outcome(failure);
    router.tick(10 * MINUTE);
    router.outcome(failure);
    router.tick(HOUR);
    router.drain(log);
    expect(log.notifications).toHaveLength(2);
  });

  test('an outcome of an earlier notification of the group says nothing about the last one', () => {
    const { router, log, planned } = plannedOne();
    router.incident(resolved(exampleIncident({ startMs: 0 }), 2 * MINUTE));
    router.tick(10 * MINUTE);
    router.outcome(outcome(planned, { state: 'SENT', attempt: 9 }));
    router.drain(log);
    const end = log.notifications[1] ?? planned;
    router.outcome(outcome(end, { state: 'FAILED', code: 'EPIPE' }));
    router.tick(HOUR);
    router.drain(log);
    expect(log.notifications.map(({ reason, attempt }) => ({ reason, attempt }))).toEqual([
      { reason: 'FIRST', attempt: 0 },
      { reason: 'RESOLVED', attempt: 0 },
      { reason: 'RESOLVED', attempt: 1 },
    ]);
  });

  test('without success it is given up in the end', () => {
    const { router, log, planned } = plannedOne();
    router.incident(resolved(exampleIncident({ startMs: 0 }), MINUTE + 1));
    router.outcome(outcome(planned, { state: 'FAILED', code: 'EPIPE' }));
    router.tick(30 * HOUR);
    router.drain(log);
    // The end of the incident replaces the failed first notice, and is itself never answered.
    expect(log.notifications.map((each) => each.reason)).toEqual(['FIRST', 'RESOLVED']);
    expect(log.count('DELIVERY_SUPERSEDED')).toBe(1);
    expect(log.count('DELIVERY_GIVEN_UP')).toBe(1);
  });
});
