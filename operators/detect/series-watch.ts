import type { Column, PagedTable } from '../../runtime/state/paged-table.ts';
import { WATCHED } from './state-columns.ts';

const fround = Math.fround;
/** Longest time to come that is kept: 49 days. */
const MOST_LEFT_MS = 2 ** 32 - 1;
/** Cell of `detect.mark` for points outside the band. */
const OUTSIDE_CELL = 2;

/**
 * What a series has only while something is odd about it, in a row that it has only for so long: a refractory period, an
 * open episode, a broken number of points outside the band, points that it was told to ignore. A whole number stands in the series’ own row, for all series
 * are outside at first; so does the excursion under way, which many have half of the time.
 *
 * `load` takes the state of a series, `store` puts it back and takes or gives back the row. A series has one link: to its
 * season, or to its watch, which then keeps the link to the season.
 */
export class SeriesWatch {
  /** Whether an excursion is under way; when it ends if nothing more comes, and its peak. */
  inside = false;
  excursionEndMs = 0;
  peak = 0;
  /** No episode opens before. */
  refractoryEndMs = 0;
  /** Row of the open episode, plus 1. */
  episode = 0;
  /** Points in a row outside the band, as `OnsetPolicy` counts them; f32, up to 255. */
  outside = 0;
  /** Points in a row that could have opened an episode, where some are to be ignored; up to 255. */
  streak = 0;
  readonly #series: PagedTable;
  readonly #watches: PagedTable;
  readonly #link: Column;
  readonly #mark: Column;
  readonly #excursion: Column;
  readonly #peak: Column;
  readonly #left: Column;
  readonly #links: Column;
  readonly #outside: Column;
  readonly #streak: Column;

  /** @param tables `series` has `detectColumns`, `watches` has `watchColumns`. */
  constructor({ series, watches }: { readonly series: PagedTable; readonly watches: PagedTable }) {
    this.#series = series;
    this.#watches = watches;
    this.#link = series.column('detect.link');
    this.#mark = series.column('detect.mark');
    this.#excursion = series.column('detect.excursion');
    this.#peak = series.column('detect.peak');
    this.#left = watches.column('watch.left');
    this.#links = watches.column('watch.link');
    this.#outside = watches.column('watch.outside');
    this.#streak = watches.column('watch.streak');
  }

  /** Row of the season of a series, plus 1; 0 without. */
  seasonOf(row: number): number {
    const watch = this.#watchOf(row);
    if (watch < 0) return this.#link.view(row)[this.#link.index(row) + 1] as number;
    return this.#links.view(watch)[this.#links.index(watch)] as number;
  }

  /** Links a series to its season, by row plus 1. */
  setSeason(row: number, season: number): void {
    const watch = this.#watchOf(row);
    if (watch < 0) this.#link.view(row)[this.#link.index(row) + 1] = season;
    else {
      this.#links.view(watch)[this.#links.index(watch)] = season;
      this.#watches.touch(watch);
    }
  }

  /** @param lastMs time of the last point of the series, ms. */
  load(row: number, lastMs: number): void {
    this.peak = this.#peak.view(row)[this.#peak.index(row)] as number;
    this.inside = this.peak > 0;
    this.excursionEndMs =
      lastMs + (this.#excursion.view(row)[this.#excursion.index(row)] as number);
    const watch = this.#watchOf(row);
    if (watch < 0) {
      this.refractoryEndMs = 0;
      this.episode = 0;
      this.streak = 0;
      this.outside = this.#mark.view(row)[this.#mark.index(row) + OUTSIDE_CELL] as number;
      return;
    }
    this.refractoryEndMs = lastMs + (this.#left.view(watch)[this.#left.index(watch)] as number);
    this.episode = this.#links.view(watch)[this.#links.index(watch) + 1] as number;
    this.outside = this.#outside.view(watch)[this.#outside.index(watch)] as number;
    this.streak = this.#streak.view(watch)[this.#streak.index(watch)] as number;
  }

  store(row: number, lastMs: number): void {
    const excursionLeft = this.inside ? timeLeftMs(this.excursionEndMs, lastMs) : 0;
    this.#excursion.view(row)[this.#excursion.index(row)] = excursionLeft;
    this.#peak.view(row)[this.#peak.index(row)] = this.inside ? this.peak : 0;
    const refractoryLeft = timeLeftMs(this.refractoryEndMs, lastMs);
    const whole = Math.floor(this.outside) === this.outside;
    const odd = refractoryLeft > 0 || this.episode !== 0 || !whole || this.streak > 0;
    this.#mark.view(row)[this.#mark.index(row) + OUTSIDE_CELL] = odd ? 0 : this.outside;
    const watch = odd ? this.#begin(row) : this.#end(row);
    if (watch < 0) return;
    this.#left.view(watch)[this.#left.index(watch)] = refractoryLeft;
    this.#links.view(watch)[this.#links.index(watch) + 1] = this.episode;
    this.#outside.view(watch)[this.#outside.index(watch)] = this.outside;
    this.#streak.view(watch)[this.#streak.index(watch)] = this.streak;
    this.#watches.touch(watch);
  }

  /** Notes the height of an excursion, above 0 and as it is kept. */
  rise(height: number): void {
    this.peak = fround(this.inside ? Math.max(this.peak, height) : height);
    this.inside = true;
  }

  /** Gives back what `load` would find, before the series’ own row goes. */
  forget(row: number): void {
    this.#end(row);
  }

  /** Row of the watch of a series, or -1. */
  #watchOf(row: number): number {
    const marks = this.#mark.view(row)[this.#mark.index(row) + 1] as number;
    if ((marks & WATCHED) === 0) return -1;
    return (this.#link.view(row)[this.#link.index(row) + 1] as number) - 1;
  }

  #begin(row: number): number {
    const known = this.#watchOf(row);
    if (known >= 0) return known;
    const watch = this.#watches.allocate();
    this.#links.view(watch)[this.#links.index(watch)] = this.seasonOf(row);
    this.#turn(row, watch + 1, WATCHED);
    return watch;
  }

  /** Gives back the watch of a series, if it has one; returns -1. */
  #end(row: number): number {
    const watch = this.#watchOf(row);
    if (watch < 0) return -1;
    this.#turn(row, this.seasonOf(row), 0);
    this.#watches.release(watch);
    return -1;
  }

  #turn(row: number, link: number, watched: number): void {
    const mark = this.#mark.view(row);
    const markAt = this.#mark.index(row) + 1;
    this.#link.view(row)[this.#link.index(row) + 1] = link;
    mark[markAt] = ((mark[markAt] as number) & ~WATCHED) | watched;
    this.#series.touch(row);
  }
}

/** What is left of a time at the last point of a series: whole ms, for points come at such. */
function timeLeftMs(endMs: number, lastMs: number): number {
  return Math.min(MOST_LEFT_MS, Math.max(0, Math.ceil(endMs - lastMs)));
}
