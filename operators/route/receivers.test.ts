import { describe, expect, test } from 'vitest';
import { exampleIncident, resolved } from './incident.fixture.ts';
import { incidentBrief } from './incident-brief.ts';
import { type NotificationContent, renderNotification } from './receivers.ts';

const MINUTE = 60_000;

function content(fields: Partial<NotificationContent>): NotificationContent {
  return {
    reason: 'FIRST',
    tenant: 'acme',
    receiver: 'console',
    groupLabels: { host: 'web-1' },
    incidents: [incidentBrief(exampleIncident({ services: ['shop'] }))],
    held: 0,
    plannedMs: 30_000,
    ...fields,
  };
}
const many = Array.from({ length: 40 }, (_, index) =>
  incidentBrief(exampleIncident({ name: `host-${index}` })),
);

describe('console', () => {
  test('one incident: what, since when, how much, and its id', () => {
    const { text, truncated } = renderNotification('console', content({}), 65_536);
    expect(text.split('\n')).toEqual([
      '[CRITICAL] acme: web-1: cpu is above its expected band',
      '  since 1970-01-01T00:00:00.000Z',
      '  alerts 1, impact high',
      '  services shop',
      `  incident ${incidentBrief(exampleIncident({})).id}`,
    ]);
    expect(truncated).toBe(false);
  });

  test('the reason shows in the first line', () => {
    const first = (fields: Partial<NotificationContent>) =>
      renderNotification('console', content(fields), 65_536).text.split('\n')[0];
    expect(first({ reason: 'CHANGED' })).toMatch(/^\[CRITICAL\].*\(changed\)$/);
    expect(first({ reason: 'REPEAT' })).toMatch(/\(still open\)$/);
    const over = incidentBrief(resolved(exampleIncident({}), MINUTE));
    expect(first({ reason: 'RESOLVED', incidents: [over] })).toMatch(/^\[RESOLVED\] acme: web-1/);
    expect(first({ reason: 'DIGEST', held: 12, incidents: many })).toBe(
      '[DIGEST] acme: 12 notifications held, 40 incidents',
    );
  });

  test('many incidents are listed up to ten', () => {
    const { text, truncated } = renderNotification('console', content({ incidents: many }), 65_536);
    expect(text.split('\n')).toHaveLength(12);
    expect(text).toMatch(/ {2}and 30 more$/);
    expect(truncated).toBe(true);
  });

  test('text stays within its bytes, also when the title alone is longer', () => {
    const title = 'é'.repeat(4000);
    const long = incidentBrief(exampleIncident({ title }));
    const { text, truncated } = renderNotification('console', content({ incidents: [long] }), 1025);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1025);
    expect(text).not.toContain('\ufffd');
    expect(truncated).toBe(true);
  });
});

describe('file', () => {
  test('one line of JSON', () => {
    const { text } = renderNotification('file', content({}), 65_536);
    expect(text).not.toContain('\n');
    expect(JSON.parse(text)).toMatchObject({
      status: 'firing',
      reason: 'FIRST',
      receiver: 'console',
      groupLabels: { host: 'web-1' },
      truncatedIncidents: 0,
      incidents: [{ severity: 'critical', startsAt: '1970-01-01T00:00:00.000Z', endsAt: null }],
    });
  });

  test('incidents are left out until it fits, and it stays JSON', () => {
    const { text, truncated } = renderNotification('file', content({ incidents: many }), 4096);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
    const parsed = JSON.parse(text);
    expect(parsed.incidents.length + parsed.truncatedIncidents).toBe(40);
    expect(parsed.incidents.length).toBeGreaterThan(0);
    expect(truncated).toBe(true);
  });
});
