import { describe, expect, it } from 'vitest';
import { defaultSettings } from './detect-input.ts';
import { courseExcess, metricExcess } from './metric-excess.ts';

describe('courseExcess', () => {
  it('is none up to three usual distances or steps, then the log of how many times that it is', () => {
    expect(courseExcess(3, 3)).toBe(0);
    expect(courseExcess(-2.9, 0)).toBe(0);
    expect(courseExcess(0, 3 * Math.E)).toBeCloseTo(1, 12);
    expect(courseExcess(-3 * Math.E, 0)).toBeCloseTo(1.5, 12);
    expect(courseExcess(3 * Math.E, 3 * Math.E ** 2)).toBeCloseTo(2.5, 12);
  });
});

describe('metricExcess', () => {
  const point = {
    value: 9,
    expected: 5,
    score: 0,
    confidence: 1,
    before: 500,
    intervalMs: 60_000,
    gap: false,
  };

  it('adds half the score above 0.2, never more than 8, and as much less as less is known', () => {
    expect(metricExcess(defaultSettings, { ...point, score: 0.2 }, 0)).toBe(0);
    expect(metricExcess(defaultSettings, { ...point, score: 1.2 }, 1)).toBeCloseTo(1.5, 12);
    expect(metricExcess(defaultSettings, { ...point, score: 30 }, 20)).toBe(8);
    expect(metricExcess(defaultSettings, { ...point, confidence: 0.25 }, 20)).toBe(2);
  });

  it('says nothing of a young series, after a gap, or on the side that the definition leaves out', () => {
    expect(metricExcess(defaultSettings, { ...point, before: 31 }, 5)).toBe(0);
    expect(metricExcess(defaultSettings, { ...point, intervalMs: 600 }, 5)).toBe(2.5);
    expect(metricExcess(defaultSettings, { ...point, gap: true }, 5)).toBe(0);
    expect(metricExcess({ ...defaultSettings, direction: 'down' }, point, 5)).toBe(0);
    expect(metricExcess({ ...defaultSettings, dataMax: 8 }, point, 5)).toBe(0);
    expect(metricExcess({ ...defaultSettings, direction: 'up' }, point, 5)).toBe(5);
  });
});
