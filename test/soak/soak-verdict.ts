import { sumKernelFigures } from '../../pipelines/observability/worker-metrics-figures.ts';
import type { StageFigures } from '../../pipelines/stage-stats.ts';
import type { SoakSent } from './soak-load.ts';

/** Most that memory may have grown from the middle third to the last, as a share. */
const MOST_GROWTH = 0.03;

/** A look at the worker. */
export interface SoakSample {
  readonly rssBytes: number;
  /** Active resources by type, as Node names them. */
  readonly handles: Readonly<Record<string, number>>;
  readonly figures: readonly StageFigures[];
}

/** What a soak found. */
export interface SoakVerdict {
  readonly ok: boolean;
  /** What is wrong, one sentence each. */
  readonly faults: readonly string[];
  readonly rssMiddleMiB: number;
  readonly rssLastMiB: number;
  readonly rssGrowth: number;
  readonly handlesMiddle: Readonly<Record<string, number>>;
  readonly handlesLast: Readonly<Record<string, number>>;
  readonly pointsIn: number;
  readonly pointsScored: number;
}

/**
 * Judges a soak: memory of the last third within 3 % of the middle one, no more handles, every point accounted for.
 *
 * The first third is warm-up. Memory is the mean of a third; memory that shrinks is no fault. A handle’s count is the
 * median of a third: a single look may meet a request under way. Fewer are no fault: brokers close what was idle for ten
 * minutes.
 *
 * @param samples at equal distances, oldest first, of the time under load.
 * @param last figures of the stages after everything was worked off, of a worker that ran all the time.
 */
export function soakVerdict(
  samples: readonly SoakSample[],
  sent: SoakSent,
  last: readonly StageFigures[],
): SoakVerdict {
  const third = Math.floor(samples.length / 3);
  const middle = samples.slice(third, 2 * third);
  const end = samples.slice(2 * third);
  const [rssMiddle, rssLast] = [meanRss(middle), meanRss(end)];
  const rssGrowth = rssLast / rssMiddle - 1;
  const [handlesMiddle, handlesLast] = [medianHandles(middle), medianHandles(end)];
  const faults = [
    ...(third < 10 ? [`only ${samples.length} looks at the worker`] : []),
    ...(rssGrowth <= MOST_GROWTH ? [] : [`memory grew by ${(100 * rssGrowth).toFixed(1)} %`]),
    ...handleFaults(handlesMiddle, handlesLast),
    ...lossFaults(sent, last),
  ];
  return {
    ok: faults.length === 0,
    faults,
    rssMiddleMiB: mebibytes(rssMiddle),
    rssLastMiB: mebibytes(rssLast),
    rssGrowth: Number(rssGrowth.toFixed(4)),
    handlesMiddle,
    handlesLast,
    pointsIn: counterOf(last, 'validate', 'points_in_total'),
    pointsScored: counterOf(last, 'detect', 'points_out_total'),
  };
}

function meanRss(samples: readonly SoakSample[]): number {
  return samples.reduce((sum, { rssBytes }) => sum + rssBytes, 0) / samples.length;
}

function mebibytes(bytes: number): number {
  return Number((bytes / 2 ** 20).toFixed(1));
}

function medianHandles(samples: readonly SoakSample[]): Record<string, number> {
  const names = new Set(samples.flatMap(({ handles }) => Object.keys(handles)));
  const medians: Record<string, number> = {};
  for (const name of [...names].sort()) {
    const counts = samples.map(({ handles }) => handles[name] ?? 0).sort((a, b) => a - b);
    const median = counts[Math.floor(counts.length / 2)] ?? 0;
    if (median > 0) medians[name] = median;
  }
  return medians;
}

function handleFaults(
  middle: Readonly<Record<string, number>>,
  end: Readonly<Record<string, number>>,
): string[] {
  const names = new Set([...Object.keys(middle), ...Object.keys(end)]);
  return [...names]
    .filter((name) => (end[name] ?? 0) > (middle[name] ?? 0))
    .map(
      (name) => `${name}: ${middle[name] ?? 0} handles in the middle, ${end[name] ?? 0} at the end`,
    );
}

function lossFaults(sent: SoakSent, last: readonly StageFigures[]): string[] {
  const of = (stage: string, name: string) => counterOf(last, stage, name);
  const equal: readonly (readonly [what: string, expected: number, found: number])[] = [
    ['points that validate took in, of those sent', sent.points, of('validate', 'points_in_total')],
    ['unreadable records', sent.unreadableRecords, of('validate', 'records_unreadable_total')],
    [
      'bad points',
      sent.badPoints,
      of('validate', 'points_dead_lettered_total{code="VALUE_NOT_FINITE"}'),
    ],
    [
      'points between validate and enrich',
      of('validate', 'points_out_total'),
      of('enrich', 'points_in_total'),
    ],
    [
      'points between enrich and detect',
      of('enrich', 'points_out_total'),
      of('detect', 'points_in_total'),
    ],
    ['points scored', of('detect', 'points_in_total'), of('detect', 'points_out_total')],
    ['good points scored', sent.points - sent.badPoints, of('detect', 'points_out_total')],
  ];
  const unequal = equal
    .filter(([, expected, found]) => expected !== found)
    .map(([what, expected, found]) => `${what}: ${found} instead of ${expected}`);
  const unaccounted = last
    .map(({ name, counters }) => ({ name, points: sumKernelFigures(counters).unaccounted }))
    .filter(({ points }) => points !== 0)
    .map(({ name, points }) => `${name}: ${points} points unaccounted for`);
  return [...unequal, ...unaccounted];
}

function counterOf(figures: readonly StageFigures[], stage: string, name: string): number {
  return figures.find((each) => each.name === stage)?.counters[name] ?? 0;
}
