import { tmpdir } from 'node:os';
import { shelfColumns } from '../operators/detect/series-shelf.ts';
import {
  detectColumns,
  hourColumns,
  seasonColumns,
  watchColumns,
} from '../operators/detect/state-columns.ts';
import type { RegisterLimits } from '../operators/enrich/series-register.ts';
import { registerColumns } from '../operators/enrich/series-register.ts';
import { type ColumnSpec, PagedTable } from '../runtime/state/paged-table.ts';
import type { Config } from './config.ts';

/** Bytes that an index takes for a row, at most. */
const INDEX_BYTES = 6;

/** What kernels are told of series: the options with every default worked out. */
export interface SeriesSettings extends RegisterLimits {
  readonly definitionMemoryBytes: number;
  readonly scratchDir: string;
}

/** Memory that a series takes in enrich and detect together once its season is known and while something is odd, bytes. */
export const seriesBytes = Math.ceil(
  rowBytes(registerColumns) +
    rowBytes([...shelfColumns, ...detectColumns]) +
    rowBytes([...seasonColumns, ...hourColumns]) +
    rowBytes(watchColumns) +
    2 * INDEX_BYTES,
);

/** Works out what kernels are told of series; `maxSeries` is that of one partition. */
export function seriesSettings({ series, topics, transport }: Config): SeriesSettings {
  const { ttlMs, memoryBytes, definitionMemoryBytes, scratchDir } = series;
  const share = (memoryBytes ?? Number.POSITIVE_INFINITY) / topics.partitions;
  const maxSeries = Math.max(1, Math.floor(share / seriesBytes));
  const usual = transport.kind === 'embedded' ? transport.embedded.dir : tmpdir();
  return { ttlMs, maxSeries, definitionMemoryBytes, scratchDir: scratchDir ?? usual };
}

function rowBytes(columns: readonly ColumnSpec[]): number {
  const { pageBytes, rowsPerPage } = new PagedTable(columns);
  return pageBytes / rowsPerPage;
}
