import {
  type ColumnSpec,
  PagedTable,
  type PagedTableOptions,
} from '../../runtime/state/paged-table.ts';
import { heardColumns } from '../stale-sweep.ts';

/** Readings of an entity's series are put together by slots of event time of this length. */
export const SLOT_MS = 10_000;
/** Metrics of an entity that count at a time: its score owes nothing to how many it has. */
export const LEADERS = 12;

/** Columns of an entity that something was noted of, 98 bytes a row. */
const entityColumns: readonly ColumnSpec[] = [
  { name: 'idLow', type: 'u32' },
  { name: 'idHigh', type: 'u32' },
  /** Slot judged last, end of the excursion under way, end of the refractory period: ms. */
  { name: 'entity.time', type: 'f64', length: 3 },
  /** Exposure in days, excursions, sum of their heights, height of the one under way or 0; mean sum, and of how many slots. */
  { name: 'entity.rate', type: 'f64', length: 6 },
  /** Newest reading + 1, episode + 1, place of its text. */
  { name: 'entity.link', type: 'u32', length: 3 },
  ...heardColumns,
];

/** Columns of a reading of one metric, 49 bytes a row; given back when it holds no more. */
const readingColumns: readonly ColumnSpec[] = [
  /** Slot it belongs to, and until when it holds: ms. */
  { name: 'reading.time', type: 'f64', length: 2 },
  { name: 'reading.excess', type: 'f64' },
  /** Interval of the series, ms. */
  { name: 'reading.interval', type: 'f64' },
  /** Id of the series: low, high. */
  { name: 'reading.series', type: 'u32', length: 2 },
  /** Entity, next reading of it + 1. */
  { name: 'reading.link', type: 'u32', length: 2 },
  /** 1 where it is back-fill. */
  { name: 'reading.mark', type: 'u8' },
];

/** Columns of an entity's open episode, 258 bytes a row. */
const entityEpisodeColumns: readonly ColumnSpec[] = [
  /** Start, last slot at or above the opening score, peak, last event told, interval: ms. */
  { name: 'episode.time', type: 'f64', length: 5 },
  /** Peak score, peak score told, confidence. */
  { name: 'episode.score', type: 'f64', length: 3 },
  /** Slots at or above the opening score, revision, entity. */
  { name: 'episode.count', type: 'u32', length: 3 },
  /** Ids of the series that weighed most at the peak: low, high; and their excess. */
  { name: 'episode.series', type: 'u32', length: 2 * LEADERS },
  { name: 'episode.excess', type: 'f32', length: LEADERS },
  /** Tier, how many series weighed, historical. */
  { name: 'episode.mark', type: 'u8', length: 3 },
];

/** Where the scores of entities keep their state. */
export interface EntityTables {
  readonly entities: PagedTable;
  readonly readings: PagedTable;
  readonly episodes: PagedTable;
}

/** Makes empty tables. */
export function newEntityTables(size: PagedTableOptions = {}): EntityTables {
  return {
    entities: new PagedTable(entityColumns, size),
    readings: new PagedTable(readingColumns, size),
    episodes: new PagedTable(entityEpisodeColumns, size),
  };
}
