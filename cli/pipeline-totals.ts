import type { StageFigures } from '../pipelines/stage-stats.ts';
import type { LifeCycleCounts } from './live-state.ts';

/** What all stages of this worker have done so far. */
export interface PipelineTotals {
  /** Points that validate took in. */
  readonly pointsIn: number;
  readonly lagRecords: number;
  /** Records that went to the dead-letter topic. */
  readonly deadLettered: number;
  /** Points left out, by error code. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly lifeCycle: LifeCycleCounts;
}

const NAME = /^(\w+)(?:\{(?:code|state)="([^"]*)"\})?$/;

/** Sums up the figures of the stages. */
export function pipelineTotals(figures: readonly StageFigures[]): PipelineTotals {
  const counters = figures.map((each) => each.counters);
  const series = sumByLabel(
    figures.map(({ gauges }) => gauges),
    'series',
  );
  const state = (name: string) => series[name] ?? 0;
  return {
    pointsIn: total(sumByLabel(counters, 'points_in_total')),
    lagRecords: figures.reduce((sum, { lagRecords }) => sum + lagRecords, 0),
    deadLettered: total(sumByLabel(counters, 'records_dead_lettered_total')),
    dropped: sumByLabel(counters, 'points_dropped_total'),
    lifeCycle: {
      cold: state('cold'),
      warming: state('warming'),
      probation: state('probation'),
      live: state('live'),
      stale: state('stale'),
    },
  };
}

function sumByLabel(
  groups: readonly Readonly<Record<string, number>>[],
  metric: string,
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, value] of groups.flatMap((group) => Object.entries(group))) {
    const [, found, label = ''] = NAME.exec(name) ?? [];
    if (found === metric) sums[label] = (sums[label] ?? 0) + value;
  }
  return sums;
}

function total(sums: Readonly<Record<string, number>>): number {
  return Object.values(sums).reduce((sum, value) => sum + value, 0);
}
