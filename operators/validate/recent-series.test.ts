import { describe, expect, it } from 'vitest';
import { createIdentity } from '../../schemas/identity.ts';
import { type KnownSeries, RecentSeries } from './recent-series.ts';

const identity = createIdentity().of('acme', 'up', []);
const series = (partition: number): KnownSeries => ({ identity, partition, definedMs: 0 });

describe('RecentSeries', () => {
  it('knows nothing at first, then what was put', () => {
    const recent = new RecentSeries(16);
    expect(recent.get('a')).toBeUndefined();
    const known = series(1);
    recent.put('a', known);
    expect(recent.get('a')).toBe(known);
  });

  it('forgets what was not used while twice its half came by, and keeps what was', () => {
    const recent = new RecentSeries(16);
    recent.put('used', series(1));
    recent.put('unused', series(2));
    for (let i = 0; i < 40; i++) {
      recent.put(`other${i}`, series(3));
      expect(recent.get('used')?.partition).toBe(1);
    }
    expect(recent.get('unused')).toBeUndefined();
  });

  it('remembers fewer of series with long texts', () => {
    const count = 1000;
    const remembered = (length: number) => {
      const recent = new RecentSeries(count);
      const texts = Array.from({ length: count / 2 }, (_, i) => `${i}`.padEnd(length, 'x'));
      for (const text of texts) recent.put(text, series(0));
      return texts.filter((text) => recent.get(text) !== undefined).length;
    };
    expect(remembered(100)).toBe(count / 2);
    expect(remembered(50_000)).toBeLessThan(20);
  });
});
