import { describe, expect, it } from 'vitest';
import { defaultSettings } from './detect-input.ts';
import { mayOpen, sensitivityFactor } from './gates.ts';

const reading = {
  value: 130,
  expected: 100,
  span: 90,
  grain: 0.5,
  before: 1000,
  intervalMs: 60_000,
  flat: false,
};

describe('mayOpen', () => {
  it('takes a fifth of the expected value by default', () => {
    expect(mayOpen(defaultSettings, reading)).toBe(true);
    expect(mayOpen(defaultSettings, { ...reading, value: 119 })).toBe(false);
  });

  it('takes three tenths of the span where a share of the value says nothing', () => {
    const far = { ...reading, value: 1e12 + 12.5, expected: 1e12, span: 40 };
    expect(mayOpen(defaultSettings, far)).toBe(true);
    expect(mayOpen(defaultSettings, { ...far, value: 1e12 + 11.5 })).toBe(false);
  });

  it('is not opened by a single grain of a series of few values', () => {
    const load = { ...reading, value: 0.09, expected: 0.1, span: 0.01, grain: 0.01 };
    expect(mayOpen(defaultSettings, load)).toBe(false);
  });

  it('takes a minRel above the default as it stands', () => {
    expect(mayOpen({ ...defaultSettings, minRel: 0.5 }, reading)).toBe(false);
    expect(mayOpen({ ...defaultSettings, minRel: 0.25 }, reading)).toBe(true);
  });

  it('looks at direction, range and minAbs', () => {
    expect(mayOpen({ ...defaultSettings, direction: 'up' }, reading)).toBe(true);
    expect(mayOpen({ ...defaultSettings, direction: 'down' }, reading)).toBe(false);
    expect(mayOpen({ ...defaultSettings, dataMin: 0, dataMax: 130 }, reading)).toBe(true);
    expect(mayOpen({ ...defaultSettings, dataMax: 129 }, reading)).toBe(false);
    expect(mayOpen({ ...defaultSettings, dataMin: 131 }, reading)).toBe(false);
    expect(mayOpen({ ...defaultSettings, minAbs: 31 }, reading)).toBe(false);
  });
});

describe('sensitivityFactor', () => {
  it('is 1 at the owner’s threshold and rises with sensitivity', () => {
    expect(sensitivityFactor(0.85)).toBeCloseTo(1, 12);
    expect(sensitivityFactor(0.95)).toBeGreaterThan(1.5);
    expect(sensitivityFactor(0.5)).toBeLessThan(0.4);
  });
});
