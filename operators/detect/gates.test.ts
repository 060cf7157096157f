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
  leap: 0,
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

describe('mayOpen on values that stand still', () => {
  const still = { ...reading, value: 100, expected: 100, flat: true };

  it('asks for no distance, but for the range', () => {
    expect(mayOpen(defaultSettings, still)).toBe(true);
    expect(mayOpen({ ...defaultSettings, minAbs: 31, minRel: 0.5 }, still)).toBe(true);
    expect(mayOpen({ ...defaultSettings, dataMax: 99 }, still)).toBe(false);
    expect(mayOpen({ ...defaultSettings, dataMin: 101 }, still)).toBe(false);
  });

  it('opens nothing where one direction was asked for', () => {
    expect(mayOpen({ ...defaultSettings, direction: 'up' }, still)).toBe(false);
    expect(mayOpen({ ...defaultSettings, direction: 'down' }, still)).toBe(false);
  });
});

describe('mayOpen on a series that never moved', () => {
  const constant = { ...reading, value: 7, expected: 8, span: 0, grain: 0 };

  it('takes any change after 200 points over an hour, and none before', () => {
    expect(mayOpen(defaultSettings, constant)).toBe(true);
    expect(mayOpen(defaultSettings, { ...constant, before: 199 })).toBe(false);
    expect(mayOpen(defaultSettings, { ...constant, intervalMs: 1000 })).toBe(false);
    expect(mayOpen(defaultSettings, { ...constant, value: 80, before: 199 })).toBe(false);
  });

  it('takes a minRel above the default as it stands', () => {
    expect(mayOpen({ ...defaultSettings, minRel: 0.5 }, constant)).toBe(false);
    expect(mayOpen({ ...defaultSettings, minRel: 0.5 }, { ...constant, value: 3 })).toBe(true);
  });
});

describe('sensitivityFactor', () => {
  it('is 1 at the owner’s threshold and rises with sensitivity', () => {
    expect(sensitivityFactor(0.85)).toBeCloseTo(1, 12);
    expect(sensitivityFactor(0.95)).toBeGreaterThan(1.5);
    expect(sensitivityFactor(0.5)).toBeLessThan(0.4);
  });
});
