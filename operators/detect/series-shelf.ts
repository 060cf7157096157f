import { ByteArena } from '../../runtime/byte-arena.ts';
import { type Column, type ColumnSpec, PagedTable } from '../../runtime/paged-table.ts';
import { SeriesIndex } from '../../runtime/series-index.ts';
import { lifeCycles } from './detect-output.ts';
import { detectColumns, episodeColumns, seasonColumns } from './state-columns.ts';

/** Columns of a series beside what the detector keeps: its id, where its definition is, and its last life-cycle. */
const shelfColumns: readonly ColumnSpec[] = [
  { name: 'idLow', type: 'u32' },
  { name: 'idHigh', type: 'u32' },
  { name: 'definitionAt', type: 'f64' },
  { name: 'definitionBytes', type: 'u32' },
  { name: 'lifeCycle', type: 'u8' },
];

/**
 * Holds everything detect remembers of its series: the detector’s tables and each series’ definition, off the heap.
 *
 * A definition’s text is only read when an anomaly needs it.
 */
export class SeriesShelf {
  readonly series = new PagedTable([...shelfColumns, ...detectColumns]);
  readonly seasons = new PagedTable(seasonColumns);
  readonly episodes = new PagedTable(episodeColumns);
  readonly texts = new ByteArena();
  readonly #index = new SeriesIndex(this.series);
  readonly #definitionAt: Column = this.series.column('definitionAt');
  readonly #definitionBytes: Column = this.series.column('definitionBytes');
  readonly #lifeCycle: Column = this.series.column('lifeCycle');
  readonly #stages = new Uint32Array(lifeCycles.length);

  /** Returns the row of a series, or -1. */
  find(low: number, high: number): number {
    return this.#index.find(low, high);
  }

  /** Takes in a series with its encoded definition unless it is known. */
  define(low: number, high: number, definition: () => Uint8Array): void {
    if (this.#index.find(low, high) >= 0) return;
    const row = this.#index.insert(low, high);
    const bytes = definition();
    this.#definitionAt.view(row)[this.#definitionAt.index(row)] = this.texts.append(bytes);
    this.#definitionBytes.view(row)[this.#definitionBytes.index(row)] = bytes.length;
    this.#stages[0] = (this.#stages[0] ?? 0) + 1;
    this.series.touch(row);
  }

  /** Encoded definition of the series in a row. */
  definition(row: number): Buffer {
    const at = this.#definitionAt.view(row)[this.#definitionAt.index(row)] ?? 0;
    return this.texts.read(
      at,
      this.#definitionBytes.view(row)[this.#definitionBytes.index(row)] ?? 0,
    );
  }

  /** Notes how far a series has come, an index into `lifeCycles`. */
  setLifeCycle(row: number, lifeCycle: number): void {
    const view = this.#lifeCycle.view(row);
    const at = this.#lifeCycle.index(row);
    const before = view[at] ?? 0;
    if (before === lifeCycle) return;
    view[at] = lifeCycle;
    this.#stages[before] = (this.#stages[before] ?? 0) - 1;
    this.#stages[lifeCycle] = (this.#stages[lifeCycle] ?? 0) + 1;
  }

  /** How many series have come how far, by index into `lifeCycles`. */
  get stages(): Readonly<Uint32Array> {
    return this.#stages;
  }

  /** Rebuilds what is not saved, once all pages are back. */
  rebuild(): void {
    this.#index.rebuild();
    this.#stages.fill(0);
    for (let row = 0; row < this.series.rowCount; row++) {
      const stage = this.#lifeCycle.view(row)[this.#lifeCycle.index(row)] ?? 0;
      this.#stages[stage] = (this.#stages[stage] ?? 0) + 1;
    }
  }
}
