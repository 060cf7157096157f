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
  weekColumns,
} from './state-columns.ts';

/** Where a detector keeps its state. */
export interface DetectTables {
  /** One row per series, allocated by the caller; may have other columns beside `detectColumns`. */
  readonly series: PagedTable;
  /** Rows are allocated in these by the detector; one of `seasons` and one of `hours` belong together by number. */
  readonly seasons: PagedTable;
  readonly hours: PagedTable;
  /** Rows of series whose weekdays are told apart. */
  readonly weeks: PagedTable;
  readonly episodes: PagedTable;
  /** Rows of series about which something is odd at present. */
  readonly watches: PagedTable;
}

/** Few rows change between two checkpoints, and they are long. */
const weekSize: PagedTableOptions = { rowsPerPage: 8 };

/** Makes empty tables; `columns` go beside those of the detector in `series`. */
export function newDetectTables(
  size: PagedTableOptions = {},
  columns: readonly ColumnSpec[] = [],
): DetectTables {
  return {
    series: new PagedTable([...columns, ...detectColumns], size),
    seasons: new PagedTable(seasonColumns, size),
    hours: new PagedTable(hourColumns, size),
    weeks: new PagedTable(weekColumns, { ...weekSize, ...size }),
    episodes: new PagedTable(episodeColumns, size),
    watches: new PagedTable(watchColumns, size),
  };
}
