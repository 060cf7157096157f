import { describe, expect, it } from 'vitest';
import { SlotPool } from './slot-pool.ts';

const MIB = 1024 ** 2;

describe('SlotPool', () => {
  it('lends what was given back, by powers of two', () => {
    const pool = new SlotPool();
    const buffer = pool.acquire(100_000);
    expect(buffer.byteLength).toBe(131_072);
    pool.release(buffer);
    expect(pool.acquire(200_000)).not.toBe(buffer);
    expect(pool.acquire(131_072)).toBe(buffer);
    expect(pool.acquire(131_072)).not.toBe(buffer);
    expect(pool.keptBytes).toBe(0);
  });

  it('keeps a few of each size, and a bounded number of bytes', () => {
    const pool = new SlotPool();
    const small = Array.from({ length: 20 }, () => pool.acquire(1));
    for (const buffer of small) pool.release(buffer);
    expect(pool.keptBytes).toBe(8 * 65_536);
    const large = Array.from({ length: 6 }, () => pool.acquire(64 * MIB));
    for (const buffer of large) pool.release(buffer);
    expect(pool.keptBytes).toBeLessThanOrEqual(256 * MIB);
    expect(pool.keptBytes).toBeGreaterThan(128 * MIB);
    pool.release(pool.acquire(512 * MIB));
    expect(pool.keptBytes).toBeLessThanOrEqual(256 * MIB);
  });
});
