import type { Column, PagedTable } from '../../runtime/state/paged-table.ts';
import { readTime, readTimeMarks, writeTime } from '../packed-time.ts';
import type { Season } from './calendar.ts';
import type { DetectTables } from './detect-tables.ts';
import { LEAP_POINTS, LeapWatch } from './leap-watch.ts';
import { SeasonLink } from './season-link.ts';
import { SeasonProfile } from './season-profile.ts';
import { SeriesWatch } from './series-watch.ts';
import { CLASS_BIT } from './state-columns.ts';
import { defaultTuning } from './tuning.ts';
import { ValueRing } from './value-ring.ts';
import { WeekProfile } from './week-profile.ts';

const fround = Math.fround;
/** The time of the last point has room for so much of a class; a bit of the marks has the rest. */
const LAST_CLASS_MARK = 3;

/**
 * The state of one series as numbers: `load` takes it from a row, `store` puts it back.
 *
 * All values are relative to `base`. `round` after each point keeps every field at its stored width, so that the state
 * does not depend on how often it was stored in between.
 */
export class SeriesState {
  readonly #table: PagedTable;
  readonly #base: Column;
  readonly #last: Column;
  readonly #level: Column;
  readonly #ringColumn: Column;
  readonly #leap: Column;
  readonly #link: Column;
  readonly #mark: Column;
  readonly #still: Column;
  readonly #watch: SeriesWatch;
  readonly #hours: PagedTable;
  readonly #hourLevel: Column;
  readonly #hourSlot: Column;
  readonly profile: SeasonProfile;
  readonly week: WeekProfile;
  readonly #seasonLink: SeasonLink;
  readonly ring = new ValueRing();
  readonly leaps = new LeapWatch();

  /** Value that all others are relative to. */
  base = 0;
  lastMs = 0;
  /** Points taken so far. */
  count = 0;
  intervalMs = 0;
  previous = 0;
  middle = 0;
  slow = 0;
  middleDeviation = 0;
  slowDeviation = 0;
  slowStep = 0;
  /** How far the series has lain above its season profile of late. */
  seasonOffset = 0;
  seasonDeviation = 0;
  high = 0;
  low = 0;
  /** Mean signed step of late. */
  trend = 0;
  /** Least step other than none, or 0. */
  grain = 0;
  /** Second gap of the series, whole ms, until the third is known; its place is then that of `leaps`. */
  secondGapMs = 0;
  /** Points in a row that repeated the one before, and most of them that were followed by another value. */
  repeats = 0;
  mostRepeats = 0;
  /** Number of the inferred class: a place in `classNames`. */
  metricClass = 0;
  /** Sum, count and distances from the season of the values in the open slot. */
  slotSum = 0;
  slotCount = 0;
  slotSpread = 0;
  /** Season slot under way, plus 1. */
  openSlot = 0;
  /** Row of the season table, plus 1. */
  seasonRow = 0;
  /** Row of the week table, plus 1. */
  weekRow = 0;
  /** What the series’ definition lets be told apart. */
  allowed: Season = 'daily';
  /** Link to both, as it is kept. */
  #linked = 0;

  /** Times that a series found no room for a week. */
  weeksRefused = 0;
  readonly #weeks: PagedTable;
  readonly #mostWeeks: number;

  /** @param mostWeeks most series whose weekdays are told apart. */
  constructor(tables: Omit<DetectTables, 'episodes'>, mostWeeks = defaultTuning.weeklySeries) {
    const { series, seasons, hours, weeks } = tables;
    this.#table = series;
    this.#base = series.column('detect.base');
    this.#last = series.column('detect.last');
    this.#level = series.column('detect.level');
    this.#ringColumn = series.column('detect.ring');
    this.#leap = series.column('detect.leap');
    this.#link = series.column('detect.link');
    this.#mark = series.column('detect.mark');
    this.#still = series.column('detect.still');
    this.#watch = new SeriesWatch(tables);
    this.#hours = hours;
    this.#hourLevel = hours.column('hour.level');
    this.#hourSlot = hours.column('hour.slot');
    this.profile = new SeasonProfile(seasons);
    this.week = new WeekProfile(weeks);
    this.#weeks = weeks;
    this.#mostWeeks = mostWeeks;
    this.#seasonLink = new SeasonLink(weeks);
  }

  /** Gives the series a season profile. */
  beginSeason(): void {
    this.seasonRow = this.profile.allocate() + 1;
    this.#hours.allocate();
    this.profile.open(this.seasonRow - 1);
    this.#linked = this.seasonRow;
  }

  /** Lets the hours of the week be told apart, if there is room. */
  beginWeek(): void {
    if (this.#weeks.liveRows >= this.#mostWeeks) {
      this.weeksRefused += 1;
      return;
    }
    this.#linked = this.#seasonLink.beginWeek(this.seasonRow);
    this.weekRow = this.#seasonLink.week;
    this.week.open(this.weekRow - 1);
  }

  /** Rounds every field to the width it is stored in. */
  round(): void {
    this.intervalMs = fround(this.intervalMs);
    this.previous = fround(this.previous);
    this.middle = fround(this.middle);
    this.slow = fround(this.slow);
    this.middleDeviation = fround(this.middleDeviation);
    this.slowDeviation = fround(this.slowDeviation);
    this.slowStep = fround(this.slowStep);
    this.seasonOffset = fround(this.seasonOffset);
    this.seasonDeviation = fround(this.seasonDeviation);
    this.high = fround(this.high);
    this.low = fround(this.low);
    this.slotSum = fround(this.slotSum);
    this.slotCount = fround(this.slotCount);
    this.slotSpread = fround(this.slotSpread);
    this.trend = fround(this.trend);
    this.grain = fround(this.grain);
  }

  /** Takes up a row. @param allowed how far the series may rise; what it has beyond that is left alone. */
  load(row: number, allowed: Season = 'daily'): void {
    this.allowed = allowed;
    this.base = this.#base.view(row)[this.#base.index(row)] as number;
    this.lastMs = readTime(this.#last.view(row), this.#last.index(row));
    const classMark = readTimeMarks(this.#last.view(row), this.#last.index(row));
    this.metricClass = classFrom(
      this.#mark.view(row)[this.#mark.index(row) + 1] as number,
      classMark,
    );
    const level = this.#level.view(row);
    let at = this.#level.index(row);
    this.intervalMs = level[at++] as number;
    this.previous = level[at++] as number;
    this.middle = level[at++] as number;
    this.slow = level[at++] as number;
    this.middleDeviation = level[at++] as number;
    this.slowDeviation = level[at++] as number;
    this.slowStep = level[at++] as number;
    this.high = level[at++] as number;
    this.low = level[at++] as number;
    this.trend = level[at++] as number;
    this.grain = level[at] as number;
    this.#loadLinks(row);
  }

  #loadLinks(row: number): void {
    const link = this.#link.view(row);
    const linkAt = this.#link.index(row);
    this.count = link[linkAt] as number;
    const leap = this.#leap.view(row)[this.#leap.index(row)] as number;
    this.secondGapMs = this.count < LEAP_POINTS ? leap : 0;
    this.leaps.packed = this.count < LEAP_POINTS ? 0 : leap;
    const still = this.#still.view(row);
    const stillAt = this.#still.index(row);
    this.repeats = still[stillAt] as number;
    this.mostRepeats = still[stillAt + 1] as number;
    this.#linked = this.#watch.seasonOf(row);
    const mark = this.#mark.view(row);
    const markAt = this.#mark.index(row);
    this.ring.mark = mark[markAt] as number;
    this.ring.open(this.#ringColumn.view(row), this.#ringColumn.index(row));
    this.#loadSeason();
  }

  #loadSeason(): void {
    this.weekRow = 0;
    this.seasonRow = 0;
    if (this.#linked === 0 || this.allowed === 'none') return this.#noHour();
    this.#seasonLink.open(this.#linked);
    this.seasonRow = this.#seasonLink.season;
    this.profile.open(this.seasonRow - 1);
    this.#loadHour(this.seasonRow - 1);
    if (this.#seasonLink.week === 0 || this.allowed !== 'weekly') return;
    this.weekRow = this.#seasonLink.week;
    this.week.open(this.weekRow - 1);
  }

  #noHour(): void {
    this.seasonOffset = 0;
    this.seasonDeviation = 0;
    this.slotSum = 0;
    this.slotCount = 0;
    this.slotSpread = 0;
    this.openSlot = 0;
  }

  #loadHour(row: number): void {
    const level = this.#hourLevel.view(row);
    const at = this.#hourLevel.index(row);
    this.seasonOffset = level[at] as number;
    this.seasonDeviation = level[at + 1] as number;
    this.slotSum = level[at + 2] as number;
    this.slotCount = level[at + 3] as number;
    this.slotSpread = level[at + 4] as number;
    this.openSlot = this.#hourSlot.view(row)[this.#hourSlot.index(row)] as number;
  }

  /** Puts the row back and marks its page as changed. */
  store(row: number): void {
    this.#base.view(row)[this.#base.index(row)] = this.base;
    const classMark = this.metricClass & LAST_CLASS_MARK;
    writeTime(this.#last.view(row), this.#last.index(row), this.lastMs, classMark);
    const level = this.#level.view(row);
    let at = this.#level.index(row);
    level[at++] = this.intervalMs;
    level[at++] = this.previous;
    level[at++] = this.middle;
    level[at++] = this.slow;
    level[at++] = this.middleDeviation;
    level[at++] = this.slowDeviation;
    level[at++] = this.slowStep;
    level[at++] = this.high;
    level[at++] = this.low;
    level[at++] = this.trend;
    level[at] = this.grain;
    this.#storeLinks(row);
  }

  #storeLinks(row: number): void {
    const link = this.#link.view(row);
    const linkAt = this.#link.index(row);
    link[linkAt] = this.count;
    const young = this.count < LEAP_POINTS;
    this.#leap.view(row)[this.#leap.index(row)] = young ? this.secondGapMs : this.leaps.packed;
    const mark = this.#mark.view(row);
    const markAt = this.#mark.index(row);
    mark[markAt] = this.ring.mark;
    const others = (mark[markAt + 1] as number) & ~CLASS_BIT;
    mark[markAt + 1] = others | (this.metricClass > LAST_CLASS_MARK ? CLASS_BIT : 0);
    const still = this.#still.view(row);
    const stillAt = this.#still.index(row);
    still[stillAt] = this.repeats;
    still[stillAt + 1] = this.mostRepeats;
    this.#table.touch(row);
    if (this.seasonRow === 0) return;
    this.#watch.setSeason(row, this.#linked);
    this.#storeHour(this.seasonRow - 1);
  }

  #storeHour(row: number): void {
    const level = this.#hourLevel.view(row);
    const at = this.#hourLevel.index(row);
    level[at] = this.seasonOffset;
    level[at + 1] = this.seasonDeviation;
    level[at + 2] = this.slotSum;
    level[at + 3] = this.slotCount;
    level[at + 4] = this.slotSpread;
    this.#hourSlot.view(row)[this.#hourSlot.index(row)] = this.openSlot;
    this.#hours.touch(row);
  }
}

/** Returns the number of the class that was inferred for a row: a place in `classNames`, at most 7. */
export function inferredClass(series: PagedTable, row: number): number {
  const mark = series.column('detect.mark');
  const last = series.column('detect.last');
  const classMark = readTimeMarks(last.view(row), last.index(row));
  return classFrom(mark.view(row)[mark.index(row) + 1] as number, classMark);
}

function classFrom(marks: number, classMark: number): number {
  return (marks & CLASS_BIT) === 0 ? classMark : classMark + LAST_CLASS_MARK + 1;
}
