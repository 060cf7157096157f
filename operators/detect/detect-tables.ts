import {
  type ColumnSpec,
  PagedTable,
  type PagedTableOptions,
} from '../../runtime/state/paged-table.ts';
import {
  detectColumns,
  episodeColumns,
  hourColumns,
  seasonColumns,
  watchColumns,
} from './state-columns.ts';

/** Where a detector keeps its state. */
export interface DetectTables {
  /** One row per series, allocated by the caller; may have other columns beside `detectColumns`. */
  readonly series: PagedTable;
  /** Rows are allocated in these by the detector; one of `seasons` and one of `hours` belong together by number. */
  readonly seasons: PagedTable;
  readonly hours: PagedTable;
  readonly episodes: PagedTable;
  /** Rows of series about which something is odd at present. */
  readonly watches: PagedTable;
}

/** Makes empty tables; `columns` go beside those of the detector in `series`. */
export function newDetectTables(
  size: PagedTableOptions = {},
  columns: readonly ColumnSpec[] = [],
): DetectTables {
  return {
    series: new PagedTable([...columns, ...detectColumns], size),
    seasons: new PagedTable(seasonColumns, size),
    hours: new PagedTable(hourColumns, size),
    episodes: new PagedTable(episodeColumns, size),
    watches: new PagedTable(watchColumns, size),
  };
}
