import { describe, expect, it } from 'vitest';
import { eventTimeOptions } from './event-time-options.ts';
import { WatermarkRelay } from './watermark-relay.ts';

const options = eventTimeOptions.parse({ tickIntervalMs: 1000 });

function relay(sources: number, expectsAll = true): WatermarkRelay {
  return new WatermarkRelay({ ...options, sources, expectsAll });
}

describe('WatermarkRelay', () => {
  it('tells the least of its sources, once all were heard, as often as it may', () => {
    const two = relay(2);
    two.hear(0, { watermarkMs: 5000, idle: false });
    expect(two.takeTick()).toBeUndefined();
    two.hear(1, { watermarkMs: 7000, idle: false });
    expect(two.takeTick()).toBe(5000);
    two.hear(0, { watermarkMs: 5999, idle: false });
    expect(two.takeTick()).toBeUndefined();
    two.hear(0, { watermarkMs: 6000, idle: false });
    expect(two.takeTick()).toBe(6000);
  });

  it('lets a source that is silent hold nothing, and passes that on at once', () => {
    const two = relay(2);
    two.hear(0, { watermarkMs: 5000, idle: false });
    two.hear(1, { watermarkMs: 0, idle: true });
    expect(two.takeTick()).toBe(5000);
    two.hear(0, { watermarkMs: 5001, idle: true });
    expect(two.takeTick()).toBe(5001);
    two.hear(1, { watermarkMs: 5002, idle: false });
    expect(two.takeTick()).toBeUndefined();
  });

  it('waits for a source that a killed worker had, for a minute with default settings', () => {
    const two = relay(2);
    two.hear(0, { watermarkMs: 1000, idle: false });
    two.hear(1, { watermarkMs: 1000, idle: false });
    expect(two.takeTick()).toBe(1000);
    for (let second = 2; second <= 60; second++) {
      two.hear(0, { watermarkMs: second * 1000, idle: false });
      expect(two.takeTick()).toBeUndefined();
    }
    two.hear(1, { watermarkMs: 60_000, idle: false });
    expect(two.takeTick()).toBe(60_000);
  });

  it('says nothing as long as all it knows is that nothing was heard', () => {
    const two = relay(2);
    two.hear(0, { watermarkMs: 0, idle: true });
    two.hear(1, { watermarkMs: 0, idle: true });
    expect(two.takeTick()).toBeUndefined();
  });

  it('does not wait for sources that it does not expect', () => {
    const one = relay(4, false);
    one.hear(3, { watermarkMs: 5000, idle: false });
    expect(one.takeTick()).toBe(5000);
  });

  it.each([-1, 2, 0.5, Number.NaN, 1e9])('ignores a tick of source %d', (source) => {
    const two = relay(2, false);
    two.hear(source, { watermarkMs: 5000, idle: false });
    expect(two.takeTick()).toBeUndefined();
    expect(two.save()).toBeUndefined();
  });

  it.each([-1, 2.5, Number.NaN, 1e17])('ignores the time %d', (watermarkMs) => {
    const two = relay(2, false);
    two.hear(0, { watermarkMs, idle: false });
    expect(two.takeTick()).toBeUndefined();
  });

  it('goes on from what was saved', () => {
    const whole = relay(2);
    let restored = relay(2);
    for (let step = 1; step < 100; step++) {
      const source = (step * 7) % 2;
      const tick = { watermarkMs: step * 400 - (step % 3) * 700, idle: step % 11 === 0 };
      if (tick.watermarkMs < 0) continue;
      whole.hear(source, tick);
      restored.hear(source, tick);
      expect(restored.takeTick()).toBe(whole.takeTick());
      const saved = whole.save() ?? new Uint8Array(0);
      expect(whole.save()).toBeUndefined();
      restored = relay(2);
      restored.restore(saved);
    }
  });
});
