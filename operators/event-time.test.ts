import { describe, expect, it } from 'vitest';
import { EventTime } from './event-time.ts';
import { eventTimeOptions } from './event-time-options.ts';

const options = eventTimeOptions.parse({ allowedLatenessMs: 1000, tickIntervalMs: 5000 });

/** Event time after records whose newest point and time stamp are the same. */
function timeAfter(...times: readonly number[]): EventTime {
  const time = new EventTime(options);
  for (const ms of times) time.hear({ newestMs: ms, recordMs: ms, live: true });
  return time;
}

describe('EventTime', () => {
  it('tells nothing before the first point', () => {
    const time = new EventTime(options);
    expect(time.takeTick()).toBeUndefined();
    expect(time.watermarkMs).toBe(Number.NEGATIVE_INFINITY);
  });

  it('tells the watermark at first and then each time it has moved far enough', () => {
    const time = new EventTime(options);
    const told = [10_000, 12_000, 14_999, 15_000, 15_001, 40_000].map((ms) => {
      time.hear({ newestMs: ms, recordMs: ms, live: true });
      return time.takeTick()?.watermarkMs;
    });
    expect(told).toEqual([9000, undefined, undefined, 14_000, undefined, 39_000]);
    expect(time.takeTick()).toBeUndefined();
  });

  it('never goes back for late points', () => {
    const time = timeAfter(100_000);
    expect(time.takeTick()).toEqual({ watermarkMs: 99_000, idle: false });
    time.hear({ newestMs: 1, recordMs: 200_000, live: true });
    expect(time.takeTick()).toBeUndefined();
    expect(time.watermarkMs).toBe(99_000);
  });

  it('goes no further than the record’s own time for points that lie ahead of it', () => {
    const time = new EventTime(options);
    time.hear({ newestMs: 700_000, recordMs: 100_000, live: true });
    expect(time.watermarkMs).toBe(99_000);
  });

  it('waits for nothing more in a silence, and goes on with the clock', () => {
    const time = timeAfter(100_000);
    time.takeTick();
    time.silent(100_500);
    expect(time.takeTick()).toEqual({ watermarkMs: 100_000, idle: true });
    time.silent(130_000);
    expect(time.takeTick()).toEqual({ watermarkMs: 129_000, idle: true });
    expect(time.takeTick()).toBeUndefined();
  });

  it('counts the clock from the record that brought the newest point', () => {
    const time = timeAfter(100_000);
    time.hear({ newestMs: 90_000, recordMs: 120_000, live: true });
    time.silent(130_000);
    expect(time.watermarkMs).toBe(129_000);
  });

  it('stays at the end of a back-fill, however long nothing comes', () => {
    const time = new EventTime(options);
    time.hear({ newestMs: 100_000, recordMs: 9_000_000, live: false });
    time.takeTick();
    time.silent(9_010_000);
    expect(time.takeTick()).toEqual({ watermarkMs: 100_000, idle: true });
    time.silent(9_990_000);
    expect(time.takeTick()).toBeUndefined();
  });

  it('never goes back when a clock was set back', () => {
    const time = timeAfter(100_000);
    time.silent(50_000);
    expect(time.watermarkMs).toBe(100_000);
  });

  it('tells of a silence of which nothing else is known once, and at once of its end', () => {
    const time = new EventTime(options);
    time.silent(50_000);
    expect(time.takeTick()).toEqual({ watermarkMs: 0, idle: true });
    time.silent(60_000);
    expect(time.takeTick()).toBeUndefined();
    time.hear({ newestMs: 61_000, recordMs: 61_000, live: true });
    expect(time.takeTick()).toEqual({ watermarkMs: 60_000, idle: false });
    time.silent(62_000);
    expect(time.takeTick()).toEqual({ watermarkMs: 61_000, idle: true });
    time.hear({ newestMs: 61_001, recordMs: 61_001, live: true });
    expect(time.takeTick()).toEqual({ watermarkMs: 61_000, idle: false });
  });

  it('saves only changes and goes on from what was saved', () => {
    const time = new EventTime(options);
    expect(time.save()).toBeUndefined();
    let restored = new EventTime(options);
    const steps: ((each: EventTime) => void)[] = [
      (each) => each.hear({ newestMs: 100_000, recordMs: 100_200, live: true }),
      (each) => each.silent(103_000),
      (each) => each.hear({ newestMs: 103_500, recordMs: 103_500, live: false }),
      (each) => each.silent(900_000),
      (each) => each.hear({ newestMs: 104_000, recordMs: 903_500, live: true }),
      (each) => each.silent(910_000),
    ];
    for (const step of steps) {
      step(time);
      step(restored);
      expect(restored.takeTick()).toEqual(time.takeTick());
      expect(restored.watermarkMs).toBe(time.watermarkMs);
      const saved = time.save() ?? new Uint8Array(0);
      expect(time.save()).toBeUndefined();
      restored = new EventTime(options);
      restored.restore(saved);
      expect(restored.save()).toBeUndefined();
    }
  });
});
