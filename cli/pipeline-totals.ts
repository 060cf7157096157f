import type { StageFigures } from '../pipelines/stage-stats.ts';
import type { LifeCycleCounts } from './live-state.ts';

/** What all stages of this worker have done so far. */
export interface PipelineTotals {
  /** Points that the first stage of this worker took in; later ones count the same points again. */
  readonly pointsIn: number;
  readonly lagRecords: number;
  /** Records that went to the dead-letter topic. */
  readonly deadLettered: number;
  /** Points left out, by error code. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly lifeCycle: LifeCycleCounts;
}

/** Points left out that nobody misses: the first value of a counter, which its rates begin from, and repeats. */
const EXPECTED_DROPS = ['COUNTER_BASE', 'RECORD_REPEATED'];

/** Tells whether points left out with this code are how things are meant to be. */
export function isExpectedDrop(code: string): boolean {
  return EXPECTED_DROPS.includes(code);
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
    pointsIn: total(sumByLabel(counters.slice(0, 1), 'points_in_total')),
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
