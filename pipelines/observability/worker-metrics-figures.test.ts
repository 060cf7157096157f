import { describe, expect, it } from 'vitest';
import type { MetricLabels } from '../../runtime/metrics/metrics.ts';
import { sumKernelFigures, sumOf, writeKernelFigures } from './worker-metrics-figures.ts';

function written(
  stage: string,
  counters: Readonly<Record<string, number>>,
  gauges: Readonly<Record<string, number>> = {},
) {
  const lines: [string, number, MetricLabels][] = [];
  writeKernelFigures(stage, counters, gauges, (name, value, labels = {}) =>
    lines.push([name, value, labels]),
  );
  return lines;
}

describe('writeKernelFigures', () => {
  it('gives kernel counters their metrics, stage and label', () => {
    const lines = written(
      'detect',
      {
        points_in_total: 9,
        'points_dropped_total{code="SERIES_UNDEFINED"}': 2,
        'scored_total{member="forest"}': 7,
        'anomalies_total{phase="OPEN"}': 3,
        'inference_seconds{model="forest"}': 0.5,
      },
      { 'series{state="live"}': 4 },
    );
    expect(lines).toEqual([
      ['monitoring_points_in_total', 9, { stage: 'detect' }],
      ['monitoring_points_dropped_total', 2, { stage: 'detect', code: 'SERIES_UNDEFINED' }],
      ['monitoring_points_scored_total', 7, { member: 'forest' }],
      ['monitoring_anomaly_records_total', 3, { phase: 'OPEN' }],
      ['monitoring_series', 4, { state: 'live' }],
      ['monitoring_anomalies_detected_total', 3, {}],
    ]);
  });

  it('counts as ingested what validate read, and as registered what enrich holds', () => {
    expect(written('validate', { points_in_total: 5 })).toContainEqual([
      'monitoring_metrics_ingested_total',
      5,
      {},
    ]);
    expect(written('enrich', {}, { series: 8 })).toEqual([['monitoring_series_registered', 8, {}]]);
    expect(written('detect', { series_evicted_total: 2 })).toContainEqual([
      'monitoring_series_evicted_total',
      2,
      { stage: 'detect' },
    ]);
  });

  it('does not lose a figure that no metric is made for', () => {
    expect(written('enrich', { 'resets_total{code="X"}': 2 }, { depth: 1 })).toEqual([
      ['monitoring_kernel_events', 2, { stage: 'enrich', event: 'resets_total' }],
      ['monitoring_kernel_events', 1, { stage: 'enrich', event: 'depth' }],
    ]);
  });
});

describe('sumKernelFigures', () => {
  const counters = {
    points_in_total: 100,
    points_out_total: 80,
    'points_dropped_total{code="COUNTER_BASE"}': 5,
    'points_dropped_total{code="POINT_DUPLICATE"}': 7,
    'points_dead_lettered_total{code="VALUE_NOT_FINITE"}': 8,
    'records_dead_lettered_total{code="VALUE_NOT_FINITE"}': 2,
  };

  it('tells points of series without memory from other drops', () => {
    const more = { ...counters, 'points_dropped_total{code="SERIES_MEMORY"}': 5 };
    expect(sumKernelFigures(more)).toMatchObject({ dropped: 12, refused: 5 });
  });

  it('finds every point again', () => {
    expect(sumKernelFigures(counters)).toEqual({
      pointsIn: 100,
      unaccounted: 0,
      dropped: 7,
      refused: 0,
      deadLetters: 2,
    });
    expect(sumKernelFigures({ ...counters, points_out_total: 77 }).unaccounted).toBe(3);
    expect(sumKernelFigures({ ...counters, points_out_total: 81 }).unaccounted).toBe(-1);
  });

  it('asks nothing of stages without points', () => {
    expect(sumKernelFigures({ anomalies_in_total: 4 }).unaccounted).toBe(0);
  });

  it('sums over labels', () => {
    expect(sumOf(counters, 'points_dropped_total')).toBe(12);
  });
});
