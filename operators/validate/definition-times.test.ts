import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../test/support/random.ts';
import { DefinitionTimes } from './definition-times.ts';

const NOW_MS = Date.UTC(2026, 0, 5);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Ids are hashes; every third shares its low word with another, so that ways overlap. */
function idOf(series: number): readonly [low: number, high: number] {
  const low = series % 3 === 0 ? series + 1 : series;
  return [Math.imul(low, 2_654_435_761) >>> 0, Math.imul(series + 7, 0x85ebca6b) >>> 0];
}

describe('DefinitionTimes', () => {
  it('asks for a definition once, and again an hour later', () => {
    const times = new DefinitionTimes(1000);
    const asked = [0, 1, HOUR_MS - 1, HOUR_MS, HOUR_MS + 1, 3 * HOUR_MS, 2.5 * HOUR_MS];
    expect(asked.map((ms) => times.take(5, 6, NOW_MS + ms))).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
      false,
    ]);
  });

  it.each([7, 100, 200, 300, 400])('asks again after %d days of silence', (days) => {
    const times = new DefinitionTimes(1000);
    times.take(5, 6, NOW_MS);
    expect(times.take(5, 6, NOW_MS + days * DAY_MS)).toBe(true);
  });

  it('tells series apart that share a word, and knows all of them while it grows', () => {
    const times = new DefinitionTimes(1_000_000);
    for (let series = 0; series < 30_000; series++)
      expect(times.take(...idOf(series), NOW_MS)).toBe(true);
    for (let series = 0; series < 30_000; series++)
      expect(times.take(...idOf(series), NOW_MS + 1)).toBe(false);
    expect(times.size).toBe(30_000);
  });

  it('forgets what would be sent again anyway before it grows, and everything at its limit', () => {
    const times = new DefinitionTimes(4000);
    for (let series = 0; series < 1_000_000; series += 100) {
      times.take(...idOf(series), NOW_MS + series * 1000);
      expect(times.size).toBeLessThan(1000);
    }
    for (let series = 0; series < 20_000; series++) {
      times.take(...idOf(series), NOW_MS + 365 * DAY_MS);
      expect(times.size).toBeLessThanOrEqual(4000);
    }
  });

  it('remembers no series that is not to be kept, but the time of one that is known', () => {
    const times = new DefinitionTimes(1000);
    expect([times.take(5, 6, NOW_MS, false), times.take(5, 6, NOW_MS, false), times.size]).toEqual([
      true,
      true,
      0,
    ]);
    times.take(5, 6, NOW_MS);
    expect(times.take(5, 6, NOW_MS + HOUR_MS, false)).toBe(true);
    expect(times.take(5, 6, NOW_MS + HOUR_MS + 1, false)).toBe(false);
  });

  it('forgets single series and no other', () => {
    const times = new DefinitionTimes(4000);
    const random = randomFrom(11);
    const known = new Set<number>();
    for (let step = 0; step < 20_000; step++) {
      const series = Math.floor(random() * 900);
      if (random() < 0.5) {
        times.forget(...idOf(series));
        known.delete(series);
      } else {
        expect(times.take(...idOf(series), NOW_MS)).toBe(!known.has(series));
        known.add(series);
      }
    }
    expect(times.size).toBe(known.size);
  });
});
