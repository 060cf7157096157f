import { describe, expect, it } from 'vitest';
import { metricClasses } from '../metric-class.ts';
import { seededRandom } from '../seeded-random.ts';
import {
  deviationBefore,
  FAULT_DEVIATIONS,
  faultSeries,
  faultSizes,
  faultsOf,
  plantFault,
} from './fault-series.ts';
import { fleetSeries, joiningOf, resample } from './fleet-series.ts';

const HOUR_MS = 3_600_000;

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('fleetSeries', () => {
  it.each(metricClasses)(
    'gives the same %s for the same seed, another for another',
    (metricClass) => {
      const request = { seed: 4, metricClass, points: 3000, intervalMs: 15_000 };
      const one = fleetSeries(request);
      expect(fleetSeries(request)).toEqual(one);
      expect(one.values.every(Number.isFinite)).toBe(true);
      expect(fleetSeries({ ...request, seed: 5 }).values).not.toEqual(one.values);
    },
  );

  it.each(metricClasses)('has a %s with about the same mean at every interval', (metricClass) => {
    const days = 2;
    const levels = [15_000, 300_000].map((intervalMs) => {
      const points = (days * 24 * HOUR_MS) / intervalMs;
      const all = Array.from({ length: 12 }, (_, i) =>
        mean(fleetSeries({ seed: 60 + i, metricClass, points, intervalMs }).values),
      );
      // Counts add up over an interval, everything else is an average.
      return metricClass === 'sparse-counts' ? all.map((m) => m / intervalMs) : all;
    });
    for (const [i, fine] of (levels[0] ?? []).entries()) {
      const coarse = levels[1]?.[i] ?? 0;
      expect(Math.abs(Math.log(coarse / fine))).toBeLessThan(metricClass === 'steps' ? 2 : 0.5);
    }
  });

  it('puts points together by mean, sum or last', () => {
    const series = {
      timestamps: Float64Array.of(1, 2, 3, 4, 5),
      values: Float64Array.of(1, 3, 5, 7, 9),
    };
    expect(resample(series, 2, 'mean')).toEqual({
      timestamps: Float64Array.of(2, 4),
      values: Float64Array.of(2, 6),
    });
    expect(resample(series, 2, 'sum').values).toEqual(Float64Array.of(4, 12));
    expect(resample(series, 2, 'last').values).toEqual(Float64Array.of(3, 7));
    expect(joiningOf('sparse-counts')).toBe('sum');
  });
});

describe('faultSeries', () => {
  it.each(metricClasses)(
    'plants in %s what its class can have, apart, and nothing elsewhere',
    (metricClass) => {
      const request = { seed: 9, metricClass, points: 7200, intervalMs: 60_000, faults: 9 };
      const faulty = faultSeries(request);
      const normal = fleetSeries(request);
      expect(faultSeries(request)).toEqual(faulty);
      expect(faulty.faults.length).toBeGreaterThan(4);
      const touched = new Uint8Array(7200);
      let end = 2400;
      for (const { kind, from, to } of faulty.faults) {
        expect(faultsOf(metricClass, 60_000)).toContain(kind);
        expect(from).toBeGreaterThanOrEqual(end);
        end = to + 60;
        touched.fill(1, from, to);
      }
      for (let i = 0; i < 7200; i++) {
        if (touched[i] === 0) expect(faulty.values[i]).toBe(normal.values[i]);
      }
      expect(faulty.values).not.toEqual(normal.values);
    },
  );

  it.each(faultSizes)('moves a spike by its deviations (%s)', (size) => {
    const { values } = fleetSeries({
      seed: 2,
      metricClass: 'latency',
      points: 1000,
      intervalMs: 60_000,
    });
    const before = values.slice();
    const deviation = deviationBefore(values, 900);
    const plan = { kind: 'spike', size, from: 900, intervalMs: 60_000 } as const;
    const fault = plantFault(values, plan, seededRandom(1));
    expect(fault?.from).toBe(900);
    const moved = (values[900] as number) - (before[900] as number);
    expect(moved / deviation).toBeCloseTo(FAULT_DEVIATIONS[size], 9);
  });

  it('does not plant a drop that a bound at 0 takes away, and leaves the values as they were', () => {
    const { values } = fleetSeries({
      seed: 2,
      metricClass: 'sparse-counts',
      points: 1000,
      intervalMs: 60_000,
    });
    const before = values.slice();
    const plan = { kind: 'drop', size: 'large', from: 900, intervalMs: 60_000 } as const;
    expect(plantFault(values, plan, seededRandom(1))).toBeNull();
    expect(values).toEqual(before);
  });
});
