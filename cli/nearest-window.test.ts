import { describe, expect, it } from 'vitest';
import { movedTogether } from './moved-together.ts';
import { nearestWindow } from './nearest-window.ts';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const timeOf = (i: number): number => START_MS + i * MINUTE_MS;

function course(length: number, valueAt: (i: number) => number) {
  const places = Array.from({ length }, (_, i) => i);
  return { timestamps: places.map(timeOf), values: places.map(valueAt) };
}

describe('nearestWindow', () => {
  /** A wave that no window repeats, with the same hump twice. */
  const wave = (i: number) => 10 * Math.sin(i / 7.3) + 3 * Math.sin(i / 2.1) + i / 300;
  const hump = (i: number, at: number) => (i >= at && i < at + 5 ? 40 : 0);
  const twice = course(600, (i) => {
    const again = i >= 400 ? wave(i - 300) + 0.1 : wave(i);
    return again + hump(i, 205) + hump(i, 505);
  });

  it('finds when the series last was where it is, the way it is', () => {
    const found = nearestWindow(twice, { startMs: timeOf(505), peakMs: timeOf(509) });
    expect(found).toMatchObject({ to: 209, startMs: timeOf(178), endMs: timeOf(209) });
    expect(found?.distance).toBeGreaterThan(0);
    expect(found?.distance).toBeLessThan(0.1);
  });

  it('says how far it is in usual deviations: the unit of the series does not matter', () => {
    const large = { ...twice, values: twice.values.map((value) => 1000 * value + 5e6) };
    const time = { startMs: timeOf(505), peakMs: timeOf(509) };
    const [small, big] = [nearestWindow(twice, time), nearestWindow(large, time)];
    expect(big?.to).toBe(small?.to);
    expect(big?.distance).toBeCloseTo(small?.distance ?? -1, 6);
  });

  it('does not find the window just before, which shares its points', () => {
    const constant = course(200, () => 1);
    const found = nearestWindow(constant, { startMs: timeOf(150), peakMs: timeOf(150) });
    expect(found?.to).toBeLessThan(150 - 32);
    expect(found?.distance).toBe(0);
  });

  it('finds nothing where too little is known', () => {
    const time = { startMs: timeOf(40), peakMs: timeOf(41) };
    expect(nearestWindow(course(60, wave), time)).toBeUndefined();
    expect(nearestWindow(course(0, wave), time)).toBeUndefined();
    // The topic begins behind the anomaly.
    const before = { startMs: START_MS - 1000, peakMs: START_MS - 500 };
    expect(nearestWindow(course(600, wave), before)).toBeUndefined();
  });
});

describe('movedTogether', () => {
  const time = { startMs: timeOf(50), leadMs: 4 * MINUTE_MS, untilMs: timeOf(60) };
  const noise = (i: number) => 10 + Math.sin(i * 12.9) * 0.5;

  it('tells how far, from where, and how much earlier', () => {
    const moved = movedTogether(
      course(80, (i) => (i >= 48 && i < 55 ? 30 : noise(i))),
      time,
    );
    expect(moved).toMatchObject({ farthest: 30, lagMs: -2 * MINUTE_MS });
    expect(moved?.deviations).toBeGreaterThan(20);
    expect(moved?.before).toBeCloseTo(10, 0);
    const down = movedTogether(
      course(80, (i) => (i === 52 ? 1 : noise(i))),
      time,
    );
    expect(down?.deviations).toBeLessThan(-6);
    expect(down?.lagMs).toBe(2 * MINUTE_MS);
  });

  it('passes over what moved before or after, not at all, or is not known', () => {
    expect(movedTogether(course(80, noise), time)).toBeUndefined();
    expect(
      movedTogether(
        course(80, (i) => (i < 40 && i > 35 ? 30 : noise(i))),
        time,
      ),
    ).toBeUndefined();
    expect(
      movedTogether(
        course(80, (i) => (i > 60 ? 30 : noise(i))),
        time,
      ),
    ).toBeUndefined();
    expect(movedTogether(course(5, noise), time)).toBeUndefined();
    expect(movedTogether(course(0, noise), time)).toBeUndefined();
  });

  it('is bounded for a series that never moved before', () => {
    expect(
      movedTogether(
        course(80, (i) => (i === 51 ? 1 : 0)),
        time,
      )?.deviations,
    ).toBe(99);
  });
});
