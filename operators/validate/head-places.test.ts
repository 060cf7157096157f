import { describe, expect, it } from 'vitest';
import { HeadPlaces } from './head-places.ts';

const NOW_MS = Date.UTC(2026, 0, 5);

describe('HeadPlaces', () => {
  it('knows nothing at first, then who a series is and when it was defined', () => {
    const places = new HeadPlaces(3);
    expect([0, 1, 2].map((place) => places.isKnown(place))).toEqual([false, false, false]);
    places.setGood(1, 0xffff_fff0, 0x8000_0001, 4095);
    expect([places.isDue(1, NOW_MS), places.wasDue(1), places.isKept]).toEqual([
      true,
      false,
      false,
    ]);
    places.setDefined(1, NOW_MS);
    places.keep();
    expect([places.wasDue(1), places.isKept]).toEqual([true, true]);
    expect(
      [NOW_MS, NOW_MS + 3_599_999, NOW_MS + 3_600_000].map((ms) => places.isDue(1, ms)),
    ).toEqual([false, false, true]);
    expect([places.lowOf(1), places.highOf(1), places.partitionOf(1)]).toEqual([
      0xffff_fff0, 0x8000_0001, 4095,
    ]);
    expect([places.isKnown(0), places.faultOf(1), places.isKnown(2)]).toEqual([
      false,
      undefined,
      false,
    ]);
    places.setUndefined(1);
    expect([places.isDue(1, NOW_MS), places.partitionOf(1)]).toEqual([true, 4095]);
  });

  it('remembers faults, but not any number of them', () => {
    const places = new HeadPlaces(100);
    const fault = (detail: string) => ({ code: 'METRIC_NAME_INVALID', detail }) as const;
    for (let place = 0; place < 100; place++) places.setFault(place, fault(`${place}`));
    expect([0, 15].map((place) => places.faultOf(place)?.detail)).toEqual(['0', '15']);
    expect(Array.from({ length: 100 }, (_, p) => p).filter((p) => places.isKnown(p))).toHaveLength(
      16,
    );
  });
});
