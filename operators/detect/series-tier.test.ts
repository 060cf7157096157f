import { describe, expect, it } from 'vitest';
import { allowedSeason, earnedTier, type TierReading } from './series-tier.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const grown: TierReading = { allowed: 'weekly', count: 1440, intervalMs: MINUTE_MS, grain: 0.1 };

describe('the tier that a series has earned', () => {
  it('is T1 after an hour and 24 points, T2 after a day', () => {
    expect(earnedTier({ ...grown, count: 59 })).toBe(0);
    expect(earnedTier({ ...grown, count: 60 })).toBe(1);
    expect(earnedTier({ ...grown, count: 23, intervalMs: HOUR_MS })).toBe(0);
    expect(earnedTier({ ...grown, count: 1439 })).toBe(1);
    expect(earnedTier(grown)).toBe(2);
  });

  it('is never above what its definition allows', () => {
    expect(earnedTier({ ...grown, allowed: 'daily' })).toBe(1);
    expect(earnedTier({ ...grown, allowed: 'none' })).toBe(0);
  });

  it('is T0 without hours to tell apart: a value that never changed, a point every three hours', () => {
    expect(earnedTier({ ...grown, grain: 0 })).toBe(0);
    expect(earnedTier({ ...grown, intervalMs: 3 * HOUR_MS })).toBe(0);
  });
});

describe('what a definition allows', () => {
  it('is what it says, else the top for business figures and service indicators', () => {
    const of = (
      season: Parameters<typeof allowedSeason>[0]['season'],
      metricType: Parameters<typeof allowedSeason>[0]['metricType'],
    ) => allowedSeason({ season, metricType }, 'none');
    expect([of('UNKNOWN', 'BUSINESS_KPI'), of('UNKNOWN', 'SLI')]).toEqual(['weekly', 'weekly']);
    expect([of('UNKNOWN', 'INFRASTRUCTURE'), of('UNKNOWN', 'UNKNOWN')]).toEqual(['none', 'none']);
    expect([of('NONE', 'SLI'), of('DAILY', 'SLI'), of('WEEKLY', 'ML')]).toEqual([
      'none',
      'daily',
      'weekly',
    ]);
  });
});
