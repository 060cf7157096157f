import { describe, expect, it } from 'vitest';
import { HourSlot } from './hour-slot.ts';

const HOUR_MS = 3_600_000;
/** A Friday. */
const START_MS = Date.UTC(2024, 2, 1);

describe('HourSlot', () => {
  it('says the same whatever it was asked before', () => {
    const asked = new HourSlot();
    const holidays = new Set([START_MS / (24 * HOUR_MS) + 3]);
    for (let i = 0; i < 2000; i++) {
      // Steps of all sizes, back and forth over five days.
      const ms = START_MS + ((i * 7919 * (i % 3 === 0 ? 1000 : 10)) % (120 * HOUR_MS));
      const days = i % 5 === 0 ? holidays : null;
      expect(asked.at(ms, days)).toBe(new HourSlot().at(ms, days));
    }
  });

  it('knows working days, days off and holidays, to the millisecond', () => {
    const slot = new HourSlot();
    const saturday = START_MS + 24 * HOUR_MS;
    expect(slot.at(saturday - 1, null)).toBe(23);
    expect(slot.at(saturday, null)).toBe(24);
    const monday = saturday + 48 * HOUR_MS;
    expect(slot.at(monday - 1, null)).toBe(47);
    expect(slot.at(monday, null)).toBe(0);
    expect(slot.at(monday, new Set([monday / (24 * HOUR_MS)]))).toBe(24);
  });
});
