import type { Column, PagedTable } from '../../runtime/state/paged-table.ts';

/** Set in the link of a series that has a week: the rest is the row of that, which has the link to the season. */
const WEEKLY = 2 ** 31;

/** Reads the link of a series to its season: straight, or by way of its week. */
export class SeasonLink {
  readonly #weeks: PagedTable;
  readonly #season: Column;
  /** Rows of the season and of the week, plus 1 each; 0 without. */
  season = 0;
  week = 0;

  /** @param weeks has `weekColumns`. */
  constructor(weeks: PagedTable) {
    this.#weeks = weeks;
    this.#season = weeks.column('week.season');
  }

  /** Turns to the link of a series, as `SeriesWatch` keeps it. */
  open(link: number): void {
    if (link < WEEKLY) {
      this.season = link;
      this.week = 0;
      return;
    }
    this.week = link - WEEKLY;
    this.season = this.#season.view(this.week - 1)[this.#season.index(this.week - 1)] as number;
  }

  /** Takes a week for a season, and returns the link to both. @param season row of it, plus 1. */
  beginWeek(season: number): number {
    const row = this.#weeks.allocate();
    this.#season.view(row)[this.#season.index(row)] = season;
    this.season = season;
    this.week = row + 1;
    return WEEKLY + this.week;
  }
}
