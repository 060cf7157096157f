import { describe, expect, it } from 'vitest';
import { HeadRepeats } from './head-repeats.ts';

describe('HeadRepeats', () => {
  it('samples one series of 64', () => {
    const repeats = new HeadRepeats();
    let sampled = 0;
    for (let i = 0; i < 6400; i++) {
      if (repeats.isSampled(Math.imul(i, 0x9e37_79b1) >>> 0)) sampled += 1;
    }
    expect(sampled).toBeGreaterThan(80);
    expect(sampled).toBeLessThan(120);
  });

  it('holds that heads come again until an eighth of what came under new ones had been sent', () => {
    const repeats = new HeadRepeats();
    const note = (sent: boolean, times: number): boolean => {
      for (let i = 0; i < times; i++) repeats.note(sent);
      return repeats.hold;
    };
    expect([note(true, 800), note(false, 99), note(false, 1), note(true, 8)]).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });

  it('makes nothing of a few', () => {
    const repeats = new HeadRepeats();
    for (let i = 0; i < 15; i++) repeats.note(false);
    expect(repeats.hold).toBe(true);
    repeats.note(false);
    expect(repeats.hold).toBe(false);
  });
});
