import { describe, expect, it } from 'vitest';
import { exampleAnomaly } from './findings.fixture.ts';
import { pipelineTotals } from './pipeline-totals.ts';
import { RunFindings } from './run-findings.ts';
import { RunWatch } from './run-watch.ts';

const series = [
  { name: 'node_load1', labels: { host: 'a' }, kind: 'GAUGE', unit: '1' },
  { name: 'reads_total', labels: { host: 'a' }, kind: 'COUNTER', unit: 'By' },
] as const;

function figures(live: number, lagRecords = 0) {
  return [
    {
      name: 'validate',
      counters: { points_in_total: 7, 'records_dead_lettered_total{code="X"}': 2 },
      gauges: {},
      lagRecords,
    },
    {
      name: 'enrich',
      counters: {
        'points_dropped_total{code="POINT_DUPLICATE"}': 3,
        'points_dropped_total{code="SERIES_LIMIT"}': 1,
      },
      gauges: {},
      lagRecords: 0,
    },
    {
      name: 'detect',
      counters: {},
      gauges: { 'series{state="live"}': live, 'series{state="warming"}': 5 },
      lagRecords: 0,
    },
  ];
}

function watch(): { run: RunWatch; findings: RunFindings } {
  const findings = new RunFindings();
  const frame = {
    host: 'a',
    durationMs: undefined,
    resumed: false,
    pointsToOpen: 64,
    pointsToLive: 256,
    intervalMs: 1000,
  };
  return { run: new RunWatch(frame, findings), findings };
}

describe('pipelineTotals', () => {
  it('sums counters and gauges over stages', () => {
    expect(pipelineTotals(figures(4, 6))).toEqual({
      pointsIn: 7,
      lagRecords: 6,
      deadLettered: 2,
      dropped: { POINT_DUPLICATE: 3, SERIES_LIMIT: 1 },
      lifeCycle: { cold: 0, warming: 5, probation: 0, live: 4, stale: 0 },
    });
  });
});

describe('RunWatch', () => {
  it('tells rates, and how long until the first series is live', () => {
    const { run } = watch();
    run.sampled({ timestampMs: 1000, series, values: new Float64Array([1, 100]) });
    const moment = { points: 0, totals: pipelineTotals(figures(0)), stress: undefined };
    expect(run.state({ ...moment, elapsedMs: 1000 })).toMatchObject({
      opensInMs: 63_000,
      liveInMs: 255_000,
    });
    const later = run.state({ ...moment, elapsedMs: 3000, points: 300 });
    expect(later.pointsPerSecond).toBe(150);
    expect(later.rateHistory).toEqual([0, 150]);
    const live = run.state({ ...moment, elapsedMs: 4000, totals: pipelineTotals(figures(1)) });
    expect([live.opensInMs, live.liveInMs]).toEqual([undefined, undefined]);
  });

  it('counts lag from when nothing was left waiting', () => {
    const { run } = watch();
    const at = (elapsedMs: number, lag: number) =>
      run.state({
        elapsedMs,
        points: 0,
        totals: pipelineTotals(figures(0, lag)),
        stress: undefined,
      }).lagSeconds;
    expect(at(1000, 0)).toBe(0);
    expect(at(2000, 3)).toBe(1);
    expect(at(4000, 1)).toBe(3);
    expect(at(5000, 0)).toBe(0);
  });

  it('keeps the last minute of a series, counters as rates', () => {
    const { run, findings } = watch();
    for (let second = 0; second < 100; second++) {
      const values = new Float64Array([second, second * 50]);
      run.sampled({ timestampMs: second * 1000, series, values });
    }
    findings.takeAnomaly(exampleAnomaly(1));
    const state = run.state({
      elapsedMs: 1,
      points: 0,
      totals: pipelineTotals([]),
      stress: undefined,
    });
    expect(state.anomalies[0]?.history).toEqual(Array.from({ length: 60 }, (_, i) => 40 + i));
    expect(run.history.of('reads_total', { host: 'a' }).every((rate) => rate === 50)).toBe(true);
    expect(run.history.size).toBe(2);
  });
});
