import { describe, expect, test } from 'vitest';
import { exampleIncident } from './incident.fixture.ts';
import { incidentBrief } from './incident-brief.ts';
import { admit, freshLimit, hold, limitDueMs, takeHeld } from './receiver-limit.ts';

const HOUR = 3_600_000;
const brief = (name: string, revision = 0) => incidentBrief(exampleIncident({ name, revision }));

describe('receiver limit', () => {
  test('admits as many as the limit within any hour', () => {
    const limit = freshLimit('acme', 'console');
    expect([0, 10, 20].map((ms) => admit(limit, ms, 2))).toEqual([true, true, false]);
    expect(admit(limit, HOUR - 1, 2)).toBe(false);
    expect(admit(limit, HOUR, 2)).toBe(true);
    expect(admit(limit, HOUR + 9, 2)).toBe(false);
    expect(admit(limit, HOUR + 10, 2)).toBe(true);
  });

  test('while anything is held nothing is admitted, although there is room', () => {
    const limit = freshLimit('acme', 'console');
    hold(limit, [brief('a')]);
    expect(admit(limit, 0, 2)).toBe(false);
  });

  test('the digest is due when there is room again, and counts itself', () => {
    const limit = freshLimit('acme', 'console');
    for (const ms of [0, 10]) admit(limit, ms, 2);
    hold(limit, [brief('a'), brief('b')]);
    hold(limit, [brief('a', 1)]);
    expect(limitDueMs(limit, 2)).toBe(HOUR);
    const { held, incidents } = takeHeld(limit, HOUR);
    expect(held).toBe(2);
    expect(incidents.map(({ id, revision }) => ({ id, revision }))).toEqual([
      { id: brief('a').id, revision: 1 },
      { id: brief('b').id, revision: 0 },
    ]);
    expect(limit).toMatchObject({ plannedMs: [10, HOUR], held: 0, incidents: [] });
    expect(limitDueMs(limit, 2)).toBe(2 * HOUR);
  });

  test('nothing is due of a fresh limit', () => {
    expect(limitDueMs(freshLimit('acme', 'console'), 2)).toBeUndefined();
  });

  test('what is held is bounded', () => {
    const limit = freshLimit('acme', 'console');
    for (let index = 0; index < 300; index++) hold(limit, [brief(`n${index}`)]);
    expect(limit.held).toBe(300);
    expect(limit.incidents).toHaveLength(100);
  });
});
