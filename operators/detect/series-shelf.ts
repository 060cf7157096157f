import type { ChunkCacheOptions } from '../../runtime/state/chunk-cache.ts';
import type { Column, ColumnSpec, PagedTable } from '../../runtime/state/paged-table.ts';
import { SeriesIndex } from '../../runtime/state/series-index.ts';
import { numbered, type StateEntry } from '../../runtime/state/state-entries.ts';
import { TextStore } from '../../runtime/state/text-store.ts';
import { heardColumns, StaleSweep } from '../stale-sweep.ts';
import { lifeCycles } from './detect-output.ts';
import { type DetectTables, newDetectTables } from './detect-tables.ts';
import { SeasonLink } from './season-link.ts';
import { SeriesWatch } from './series-watch.ts';
import { LIFE_CYCLE_BITS, LIFE_CYCLE_SHIFT, STALE_INTERVALS } from './state-columns.ts';

/** Columns of a series beside what the detector keeps: its id, and where its definition is. */
export const shelfColumns: readonly ColumnSpec[] = [
  { name: 'idLow', type: 'u32' },
  { name: 'idHigh', type: 'u32' },
  { name: 'definition', type: 'u32' },
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
  readonly weeks: PagedTable;
  readonly episodes: PagedTable;
  readonly watches: PagedTable;
  readonly texts: TextStore;
  readonly sweep: StaleSweep;
  /** By the names that their pages are saved under. */
  readonly #tables: ReadonlyMap<string, PagedTable>;
  readonly #index: SeriesIndex;
  readonly #definition: Column;
  readonly #level: Column;
  readonly #mark: Column;
  readonly #watch: SeriesWatch;
  readonly #seasonLink: SeasonLink;
  readonly #stages = new Uint32Array(lifeCycles.length);

  /**
   * @param ttlMs after so long a series that is not heard of is given up.
   * @param texts how much of the definitions lies in memory, and where the rest does; by default all.
   */
  constructor(ttlMs: number, texts: ChunkCacheOptions = {}) {
    const { series, seasons, hours, weeks, episodes, watches } = newDetectTables({}, shelfColumns);
    this.series = series;
    this.seasons = seasons;
    this.hours = hours;
    this.weeks = weeks;
    this.#seasonLink = new SeasonLink(weeks);
    this.episodes = episodes;
    this.watches = watches;
    this.#tables = new Map([
      ['series', series],
      ['season', seasons],
      ['hour', hours],
      ['week', weeks],
      ['episode', episodes],
      ['watch', watches],
    ]);
    this.#index = new SeriesIndex(series);
    this.#definition = series.column('definition');
    this.#level = series.column('detect.level');
    this.#mark = series.column('detect.mark');
    this.#watch = new SeriesWatch(this);
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
    this.#seasonLink.open(this.#watch.seasonOf(row));
    const { season, week } = this.#seasonLink;
    if (season !== 0) {
      this.seasons.release(season - 1);
      this.hours.release(season - 1);
    }
    if (week !== 0) this.weeks.release(week - 1);
    this.#watch.forget(row);
    this.texts.remove(this.#definition.view(row)[this.#definition.index(row)] ?? 0);
    this.#count(this.#lifeCycleOf(row), -1);
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
    const before = this.#lifeCycleOf(row);
    if (before === lifeCycle) return;
    const mark = this.#mark.view(row);
    const at = this.#mark.index(row) + 1;
    mark[at] = ((mark[at] as number) & ~LIFE_CYCLE_BITS) | (lifeCycle << LIFE_CYCLE_SHIFT);
    this.series.touch(row);
    this.#count(before, -1);
    this.#count(lifeCycle, 1);
  }

  /** How many series have come how far, by index into `lifeCycles`. */
  get stages(): Readonly<Uint32Array> {
    return this.#stages;
  }

  /** How many series are in each of `seriesTiers`. */
  get tiers(): readonly number[] {
    const daily = this.seasons.liveRows;
    const weekly = this.weeks.liveRows;
    return [this.series.liveRows - daily, daily - weekly, weekly];
  }

  /** What changed since the last checkpoint, but for the sweep. */
  *entries(): Generator<StateEntry> {
    for (const [name, table] of this.#tables) yield* numbered(name, table.takeDirty());
    yield* numbered('text', this.texts.takeDirty());
  }

  /** Puts an entry back; returns false for the name of another’s. */
  restore(name: string, number: number, value: Uint8Array | null): boolean {
    const table = this.#tables.get(name);
    if (table !== undefined) table.readPage(number, value);
    else if (name === 'text') this.texts.readChunk(number, value);
    else return false;
    return true;
  }

  /** Rebuilds what is not saved, once all pages are back. */
  rebuild(): void {
    this.#index.rebuild();
    this.#stages.fill(0);
    for (let row = 0; row < this.series.rowCount; row++) {
      if (this.series.isLive(row)) this.#count(this.#lifeCycleOf(row), 1);
    }
  }

  #lifeCycleOf(row: number): number {
    const marks = this.#mark.view(row)[this.#mark.index(row) + 1] as number;
    return (marks & LIFE_CYCLE_BITS) >> LIFE_CYCLE_SHIFT;
  }

  #count(stage: number, by: number): void {
    this.#stages[stage] = (this.#stages[stage] ?? 0) + by;
  }
}
