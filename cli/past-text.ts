import type { Covariate } from './anomaly-history.ts';
import type { AnomalyView } from './anomaly-view.ts';
import { formatSeries } from './format-series.ts';
import { formatNumber, formatSpan } from './number-format.ts';

/** Mean distance, in usual deviations, from which on an earlier window is no likeness. */
const UNLIKE = 3;

/** Says when the series last was as it is, and how near that was: two lines. */
export function nearestText({ nearest }: AnomalyView): readonly [when: string, howNear: string] {
  if (nearest === undefined) return ['too little is known of its past', ''];
  const { startMs, endMs, distance } = nearest;
  const when = `${stamp(startMs)} to ${stamp(endMs).slice(11)} UTC`;
  const near = `${distance.toFixed(2)} usual deviations away on the mean`;
  return [when, distance < UNLIKE ? near : `${near}: not much alike`];
}

/** Says how another series moved. */
export function covariateText({
  name,
  labels,
  deviations,
  before,
  farthest,
  lagMs,
}: Covariate): string {
  const way = deviations > 0 ? 'up' : 'down';
  const values = `${formatNumber(before)} → ${formatNumber(farthest)}`;
  return `${formatSeries(name, labels)} ${way} ${values}, ${lagText(lagMs)}`;
}

function lagText(lagMs: number): string {
  if (lagMs === 0) return 'at once';
  return `${formatSpan(Math.abs(lagMs))} ${lagMs < 0 ? 'before' : 'after'}`;
}

function stamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}
