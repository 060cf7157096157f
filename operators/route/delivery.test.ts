import { describe, expect, test } from 'vitest';
import type { Notification } from '../../schemas/generated/notification.ts';
import { DeliveryLog } from './delivery.ts';
import { exampleIncident } from './incident.fixture.ts';
import { incidentBrief } from './incident-brief.ts';
import { draftNotification } from './notification-draft.ts';

const terms = { maxAttempts: 3, retryMs: 1000, maxAgeMs: 60_000 };
const receiver = {
  name: 'console',
  integration: 'console',
  sendResolved: true,
  timeoutMs: 10_000,
} as const;
const sent = { state: 'SENT', code: null, canRetry: true } as const;
const failed = { state: 'FAILED', code: 'EPIPE', canRetry: true } as const;

function planned(fields: Partial<Notification> = {}): Notification {
  const draft = {
    reason: 'FIRST',
    tenant: 'acme',
    groupKey: 'g',
    groupLabels: {},
    incidents: [incidentBrief(exampleIncident({ startMs: 500 }))],
    held: 0,
    plannedMs: 1000,
  } as const;
  return { ...draftNotification(draft, receiver, 'PLANNED', 65_536), ...fields };
}

describe('DeliveryLog', () => {
  test('a planned notification of its receivers is sent; held ones and those of others are not', () => {
    const log = new DeliveryLog(terms, ['console']);
    expect(log.take(planned())).toEqual(planned());
    expect(log.take(planned({ state: 'HELD' }))).toBeUndefined();
    expect(log.take(planned({ receiver: 'pager' }))).toBeUndefined();
  });

  test('read again after a crash it is sent again, after its outcome it is not', () => {
    const log = new DeliveryLog(terms, ['console']);
    const notification = planned();
    expect(log.take(notification)).toBeDefined();
    expect(log.take(notification)).toBeDefined();
    expect(log.take(log.outcome(notification, 1, sent, 2000))).toBeUndefined();
    expect(log.take(notification)).toBeUndefined();
  });

  test('planned again after a final failure it is sent again', () => {
    const log = new DeliveryLog(terms, ['console']);
    const notification = planned();
    const final = log.outcome(notification, 3, failed, 2000);
    expect(final).toMatchObject({ state: 'FAILED', attempt: 3, retryAtMs: null, code: 'EPIPE' });
    log.take(final);
    expect(log.take(notification)).toBeUndefined();
    expect(log.take(planned({ attempt: 3 }))).toBeDefined();
  });

  test('an outcome says when it was sent and how long after the onset, without the text', () => {
    const log = new DeliveryLog(terms, ['console']);
    expect(log.outcome(planned(), 1, sent, 2000)).toMatchObject({
      state: 'SENT',
      attempt: 1,
      sentMs: 2000,
      onsetDelayMs: 1500,
      payload: null,
      payloadSha256: planned().payloadSha256,
    });
  });

  test('a failure is tried again after a wait that doubles, unless that cannot help', () => {
    const log = new DeliveryLog(terms, ['console']);
    expect(log.outcome(planned(), 1, failed, 2000).retryAtMs).toBe(3000);
    expect(log.outcome(planned(), 2, failed, 4000).retryAtMs).toBe(6000);
    expect(log.outcome(planned(), 1, { ...failed, canRetry: false }, 2000).retryAtMs).toBeNull();
  });

  test('repeats and changes planned long ago are dropped, beginnings and ends never', () => {
    const log = new DeliveryLog(terms, ['console']);
    const drop = log.stale(planned({ reason: 'REPEAT' }), 100_000);
    expect(drop).toMatchObject({ state: 'DROPPED', code: 'STALE', attempt: 1 });
    expect(log.stale(planned({ reason: 'REPEAT' }), 61_000)).toBeUndefined();
    expect(log.stale(planned({ reason: 'FIRST' }), 1e9)).toBeUndefined();
    expect(log.stale(planned({ reason: 'RESOLVED' }), 1e9)).toBeUndefined();
  });

  test('what it remembers is bounded', () => {
    const log = new DeliveryLog(terms, ['console'], 1);
    const first = planned();
    const second = planned({ id: new Uint8Array(16) });
    log.take(log.outcome(first, 1, sent, 2000));
    log.take(log.outcome(second, 1, sent, 2000));
    expect(log.take(second)).toBeUndefined();
    expect(log.take(first)).toBeDefined();
  });
});
