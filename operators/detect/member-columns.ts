import { MEMBERS } from './state-columns.ts';

/** What the members read and say at the points of a call: a column per member, one place per point. */
export class MemberColumns {
  /** Points of the series before each; the points of a run are consecutive. */
  ordinal = new Float64Array(0);
  /** Reading; NaN where the member has none yet. */
  readonly reading: Float64Array[] = columns(0);
  /** How unusual that is for the series: `[points × members]`. */
  surprise = new Float64Array(0);
  /** Weighted sum of the surprises. */
  sum = new Float64Array(0);
  /** What a forecast’s reading seldom passes, by what was known before the point: its mean and three deviations. */
  usual = new Float64Array(0);

  /** Makes room for so many points; what stood there is gone. */
  reserve(points: number): void {
    if (this.sum.length >= points) return;
    this.reading.splice(0, MEMBERS, ...columns(points));
    this.surprise = new Float64Array(points * MEMBERS);
    this.sum = new Float64Array(points);
    this.usual = new Float64Array(points);
  }
}

function columns(points: number): Float64Array[] {
  return Array.from({ length: MEMBERS }, () => new Float64Array(points));
}
