import { describe, expect, it } from 'vitest';
import { WINDOW } from './state-columns.ts';
import { ValueRing } from './value-ring.ts';

function ringAt(offset = 0): { ring: ValueRing; bytes: Uint8Array<SharedArrayBuffer> } {
  const bytes = new Uint8Array(new SharedArrayBuffer(200)).fill(0xaa);
  const ring = new ValueRing();
  ring.open(bytes.fill(0, offset, offset + (3 * WINDOW) / 2), offset);
  return { ring, bytes };
}

describe('ValueRing', () => {
  it('reads back what was put, within half a step, and touches no other bytes', () => {
    const { ring, bytes } = ringAt(7);
    const values = Array.from({ length: 50 }, (_, i) => 20 * Math.sin(i * 1.7));
    for (const [i, value] of values.entries()) ring.push(i, value, 1);
    const window = new Float64Array(WINDOW);
    ring.read(50, window);
    for (let i = 0; i < WINDOW; i++)
      expect(Math.abs((window[i] as number) - (values[18 + i] as number))).toBeLessThan(
        1 / 64 + 1e-9,
      );
    expect(ring.at(49)).toBe(window[WINDOW - 1]);
    expect(ring.at(-1)).toBe(0);
    expect(
      [...bytes.subarray(0, 7), ...bytes.subarray(7 + 48)].every((byte) => byte === 0xaa),
    ).toBe(true);
  });

  it('holds what is too far at the limit, on both sides', () => {
    const { ring } = ringAt();
    for (let i = 0; i < WINDOW; i++) ring.push(i, i % 2 === 0 ? 1e9 : -1e9, 1);
    expect([ring.at(0), ring.at(1)]).toEqual([2047 * ring.step, -2047 * ring.step]);
  });

  it('moves every value by whole steps, and takes a coarser step when the scale grows', () => {
    const { ring } = ringAt();
    for (let i = 0; i < WINDOW; i++) ring.push(i, i, 1);
    ring.shift(10 / ring.step);
    expect([0, 1, 31].map((i) => ring.at(i))).toEqual([-10, -9, 21]);
    const { step } = ring;
    ring.push(32, 5, 16);
    expect(ring.step).toBe(16 * step);
    for (const i of [1, 2, 31])
      expect(Math.abs(ring.at(i) - (i - 10))).toBeLessThanOrEqual(ring.step / 2);
  });
});
