import type { ChunkCacheOptions } from '../../runtime/state/chunk-cache.ts';
import type { Column, ColumnSpec, PagedTable } from '../../runtime/state/paged-table.ts';
import { SeriesIndex } from '../../runtime/state/series-index.ts';
import { TextStore } from '../../runtime/state/text-store.ts';
import { heardColumns, StaleSweep } from '../stale-sweep.ts';
import { lifeCycles } from './detect-output.ts';
import { type DetectTables, newDetectTables } from './detect-tables.ts';
import { STALE_INTERVALS } from './state-columns.ts';

/** Columns of a series beside what the detector keeps: its id, where its definition is, and its last life-cycle. */
export const shelfColumns: readonly ColumnSpec[] = [
  { name: 'idLow', type: 'u32' },
  { name: 'idHigh', type: 'u32' },
  { name: 'definition', type: 'u32' },
  { name: 'lifeCycle', type: 'u8' },
  ...heardColumns,
];
const STALE = lifeCycles.indexOf('stale');

/**
 * Holds everything detect remembers of its series: the detector’s tables and each series’ definition, off the heap.
 *
 * A definition’s text is only read when an anomaly needs it. A series that was silent for too long is not found any
 * more, whether its row has been given up yet or not.
 */
export class SeriesShelf implements DetectTables {
  readonly series: PagedTable;
  readonly seasons: PagedTable;
  readonly hours: PagedTable;
  readonly episodes: PagedTable;
  readonly texts: TextStore;
  readonly sweep: StaleSweep;
  readonly #index: SeriesIndex;
  readonly #definition: Column;
  readonly #lifeCycle: Column;
  readonly #level: Column;
  readonly #link: Column;
  readonly #stages = new Uint32Array(lifeCycles.length);

  /**
   * @param ttlMs after so long a series that is not heard of is given up.
   * @param texts how much of the definitions lies in memory, and where the rest does; by default all.
   */
  constructor(ttlMs: number, texts: ChunkCacheOptions = {}) {
    const { series, seasons, hours, episodes } = newDetectTables({}, shelfColumns);
    this.series = series;
    this.seasons = seasons;
    this.hours = hours;
    this.episodes = episodes;
    this.#index = new SeriesIndex(series);
    this.#definition = series.column('definition');
    this.#lifeCycle = series.column('lifeCycle');
    this.#level = series.column('detect.level');
    this.#link = series.column('detect.link');
    this.sweep = new StaleSweep(series, ttlMs);
    this.texts = new TextStore(texts);
  }

  /** Returns the row of a series, or -1. */
  find(low: number, high: number): number {
    const row = this.#index.find(low, high);
    return row >= 0 && this.sweep.isStale(row) ? -1 : row;
  }

  /**
   * Takes in a series with its encoded definition unless it is known.
   *
   * @param giveUp called with the row of one that is known and was silent for too long; must `evict` it.
   */
  define(
    low: number,
    high: number,
    definition: () => Uint8Array,
    giveUp: (row: number) => void,
  ): void {
    const known = this.#index.find(low, high);
    if (known >= 0 && !this.sweep.isStale(known)) return;
    if (known >= 0) giveUp(known);
    const row = this.#index.insert(low, high);
    this.#definition.view(row)[this.#definition.index(row)] = this.texts.add(definition());
    this.#count(0, 1);
    this.sweep.hear(row);
  }

  /** Gives up a row with all that hangs on it but an open episode, which must be closed before. */
  evict(row: number): void {
    const season = this.#link.view(row)[this.#link.index(row) + 1] ?? 0;
    if (season !== 0) {
      this.seasons.release(season - 1);
      this.hours.release(season - 1);
    }
    this.texts.remove(this.#definition.view(row)[this.#definition.index(row)] ?? 0);
    this.#count(this.#lifeCycle.view(row)[this.#lifeCycle.index(row)] ?? 0, -1);
    this.#index.remove(row);
  }

  /** Encoded definition of the series in a row. */
  definition(row: number): Buffer {
    return this.texts.get(this.#definition.view(row)[this.#definition.index(row)] ?? 0);
  }

  /** Counts a series as stale that was silent for many of its intervals; ms. */
  noteSilence(row: number, silentMs: number): void {
    const intervalMs = this.#level.view(row)[this.#level.index(row)] ?? 0;
    if (intervalMs > 0 && silentMs > STALE_INTERVALS * intervalMs) this.setLifeCycle(row, STALE);
  }

  /** Notes how far a series has come, an index into `lifeCycles`. */
  setLifeCycle(row: number, lifeCycle: number): void {
    const view = this.#lifeCycle.view(row);
    const at = this.#lifeCycle.index(row);
    const before = view[at] ?? 0;
    if (before === lifeCycle) return;
    view[at] = lifeCycle;
    this.series.touch(row);
    this.#count(before, -1);
    this.#count(lifeCycle, 1);
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
      if (this.series.isLive(row))
        this.#count(this.#lifeCycle.view(row)[this.#lifeCycle.index(row)] ?? 0, 1);
    }
  }

  #count(stage: number, by: number): void {
    this.#stages[stage] = (this.#stages[stage] ?? 0) + by;
  }
}
