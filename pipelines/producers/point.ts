import type { SeriesKind } from '../../schemas/generated/series-kind.ts';

/** How a series' values are to be read; the rest of the pipeline turns counters into rates. */
export type PointKind = Exclude<SeriesKind, 'UNKNOWN'>;

/**
 * What a producer knows of a series. Parsers and samplers hand out one object per series and reuse it,
 * so that a reader may key its own tables by identity.
 */
export interface PointSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent where the source does not say. */
  readonly kind?: PointKind;
  /** UCUM, such as `By`, `s`, `1`; absent where the source does not say. */
  readonly unit?: string;
}

/** One value of a series. `timestampMs` is epoch milliseconds UTC; `value` may be NaN or infinite if the source said so. */
export interface Point {
  readonly series: PointSeries;
  readonly timestampMs: number;
  readonly value: number;
}

/** Why a line gave no point. `line` and `column` count from 1, columns in UTF-16 units. */
export interface PointFault {
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

/** What a piece of a text gave: at most a few thousand points, in the order of the text. */
export interface ParsedPoints {
  readonly points: readonly Point[];
  readonly faults: readonly PointFault[];
  /** Values left out without being faults: empty cells, text fields. */
  readonly skipped: number;
}
