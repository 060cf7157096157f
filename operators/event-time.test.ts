import { describe, expect, it } from 'vitest';
import { EventTime } from './event-time.ts';

const options = { allowedLatenessMs: 1000, tickIntervalMs: 5000 };

describe('EventTime', () => {
  it('tells nothing before the first point', () => {
    expect(new EventTime(options).takeTick()).toBeUndefined();
  });

  it('tells the watermark at first and then each time it has moved far enough', () => {
    const time = new EventTime(options);
    const told = [10_000, 12_000, 14_999, 15_000, 15_001, 40_000].map((ms) => {
      time.observe(ms);
      return time.takeTick();
    });
    expect(told).toEqual([9000, undefined, undefined, 14_000, undefined, 39_000]);
    expect(time.takeTick()).toBeUndefined();
  });

  it('never goes back for late points', () => {
    const time = new EventTime(options);
    time.observe(100_000);
    expect(time.takeTick()).toBe(99_000);
    time.observe(1);
    expect(time.takeTick()).toBeUndefined();
    time.observe(104_999);
    expect(time.takeTick()).toBeUndefined();
  });

  it('saves only changes and goes on from what was saved', () => {
    const time = new EventTime(options);
    expect(time.save()).toBeUndefined();
    time.observe(100_000);
    time.takeTick();
    const saved = time.save() ?? new Uint8Array(0);
    expect(time.save()).toBeUndefined();
    time.observe(100_000);
    expect(time.save()).toBeUndefined();
    const restored = new EventTime(options);
    restored.restore(saved);
    for (const each of [time, restored]) {
      each.observe(104_000);
      expect(each.takeTick()).toBeUndefined();
      each.observe(105_000);
      expect(each.takeTick()).toBe(104_000);
    }
  });
});
