import type { Column, PagedTable } from '../../runtime/state/paged-table.ts';
import { LEADERS } from './entity-columns.ts';

/** A point that says something of its entity. */
export interface EntityReading {
  /** Id of the series. */
  low: number;
  high: number;
  /** Event time and usual interval of its points, ms. */
  ms: number;
  intervalMs: number;
  /** How much it says: `metricExcess`, > 0. */
  excess: number;
  /** Not 0 where it is back-fill. */
  historical: number;
}

/** What holds of an entity at the end of a slot. */
export interface EntitySum {
  /** Sum of the largest excesses. */
  sum: number;
  /** Longest interval of the series that weigh, ms. */
  intervalMs: number;
  historical: boolean;
  /** Series that weigh, the most first; of `LEADERS` places so many are filled. */
  leaders: number;
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  readonly excess: Float64Array;
}

/** Makes an empty sum. */
export function newEntitySum(): EntitySum {
  return {
    sum: 0,
    intervalMs: 0,
    historical: false,
    leaders: 0,
    low: new Uint32Array(LEADERS),
    high: new Uint32Array(LEADERS),
    excess: new Float64Array(LEADERS),
  };
}

/**
 * Keeps what the points of an entity's series say until it no longer holds: a reading holds to the end of its slot,
 * and on until the next point of its series is due.
 *
 * Readings may come in any order: what is summed up of a slot depends on which they are, not on how they came.
 */
export class EntityReadings {
  readonly #table: PagedTable;
  readonly #head: Column;
  readonly #time: Column;
  readonly #excess: Column;
  readonly #interval: Column;
  readonly #series: Column;
  readonly #link: Column;
  readonly #mark: Column;
  /** Newest reading of each series that holds, the heaviest first, and what those of its slot come to. */
  readonly #found: number[] = [];
  readonly #totals: number[] = [];

  constructor(entities: PagedTable, readings: PagedTable) {
    this.#table = readings;
    this.#head = entities.column('entity.link');
    this.#time = readings.column('reading.time');
    this.#excess = readings.column('reading.excess');
    this.#interval = readings.column('reading.interval');
    this.#series = readings.column('reading.series');
    this.#link = readings.column('reading.link');
    this.#mark = readings.column('reading.mark');
  }

  /** Adds a reading of a slot to an entity; `excess` is its share of the slot. */
  add(entity: number, slotMs: number, reading: EntityReading, excess: number): void {
    const row = this.#table.allocate();
    const time = this.#time.view(row);
    time[this.#time.index(row)] = slotMs;
    time[this.#time.index(row) + 1] = reading.ms + reading.intervalMs;
    this.#excess.view(row)[this.#excess.index(row)] = excess;
    this.#interval.view(row)[this.#interval.index(row)] = reading.intervalMs;
    const series = this.#series.view(row);
    series[this.#series.index(row)] = reading.low;
    series[this.#series.index(row) + 1] = reading.high;
    this.#mark.view(row)[this.#mark.index(row)] = reading.historical === 0 ? 0 : 1;
    const head = this.#head.view(entity);
    const link = this.#link.view(row);
    link[this.#link.index(row)] = entity;
    link[this.#link.index(row) + 1] = head[this.#head.index(entity)] as number;
    head[this.#head.index(entity)] = row + 1;
  }

  /** Sums up what holds of an entity at the end of a slot, and gives back what will not hold after it. */
  sum(entity: number, slotMs: number, into: EntitySum): void {
    this.#find(entity, slotMs);
    into.sum = 0;
    into.intervalMs = 0;
    into.historical = false;
    into.leaders = Math.min(LEADERS, this.#found.length);
    for (let i = 0; i < into.leaders; i++) {
      const row = this.#found[i] as number;
      const excess = this.#totals[i] as number;
      into.sum += excess;
      into.intervalMs = Math.max(into.intervalMs, this.#intervalOf(row));
      into.historical ||= this.#mark.view(row)[this.#mark.index(row)] === 1;
      into.low[i] = this.#idOf(row, 0);
      into.high[i] = this.#idOf(row, 1);
      into.excess[i] = excess;
    }
    this.#drop(entity, slotMs);
  }

  /** Gives back all readings of an entity. */
  forget(entity: number): void {
    this.#drop(entity, Number.POSITIVE_INFINITY);
  }

  /** Hands the entity and the slot of every reading held to `take`. */
  each(take: (entity: number, slotMs: number) => void): void {
    for (let row = 0; row < this.#table.rowCount; row++) {
      if (!this.#table.isLive(row)) continue;
      take(this.#link.view(row)[this.#link.index(row)] as number, this.#slotOf(row));
    }
  }

  /** Finds the newest reading of each series up to a slot that still holds, the largest first. */
  #find(entity: number, slotMs: number): void {
    const found = this.#found;
    found.length = 0;
    let link = this.#head.view(entity)[this.#head.index(entity)] as number;
    while (link !== 0) {
      const row = link - 1;
      if (this.#slotOf(row) <= slotMs) found.push(row);
      link = this.#link.view(row)[this.#link.index(row) + 1] as number;
    }
    found.sort((a, b) => this.#bySeries(a, b));
    const series = this.#bySlot(slotMs);
    series.sort((a, b) => b.total - a.total || this.#bySeries(a.row, b.row));
    for (const [i, { row, total }] of series.entries()) {
      found[i] = row;
      this.#totals[i] = total;
    }
    found.length = series.length;
  }

  /** Adds up the readings of each series' newest slot, as far as they hold; `found` must be sorted. */
  #bySlot(slotMs: number): { readonly row: number; total: number }[] {
    const series: { readonly row: number; total: number }[] = [];
    let newest = -1;
    let last: { readonly row: number; total: number } | undefined;
    for (const row of this.#found) {
      if (newest >= 0 && this.#isSameSeries(row, newest)) {
        const isOfSlot = this.#slotOf(row) === this.#slotOf(newest);
        if (isOfSlot && last !== undefined) last.total += this.#excessOf(row);
        continue;
      }
      newest = row;
      const holds = this.#slotOf(row) === slotMs || this.#untilOf(row) > slotMs;
      last = holds ? { row, total: this.#excessOf(row) } : undefined;
      if (last !== undefined) series.push(last);
    }
    return series;
  }

  #isSameSeries(a: number, b: number): boolean {
    return this.#idOf(a, 0) === this.#idOf(b, 0) && this.#idOf(a, 1) === this.#idOf(b, 1);
  }

  #drop(entity: number, slotMs: number): void {
    const head = this.#head.view(entity);
    const headAt = this.#head.index(entity);
    let link = head[headAt] as number;
    head[headAt] = 0;
    while (link !== 0) {
      const row = link - 1;
      const next = this.#link.view(row);
      const nextAt = this.#link.index(row) + 1;
      link = next[nextAt] as number;
      if (this.#slotOf(row) <= slotMs && this.#untilOf(row) <= slotMs) this.#table.release(row);
      else {
        // Turns the chain round, which means nothing: readings are sorted before they are looked at.
        next[nextAt] = head[headAt] as number;
        head[headAt] = row + 1;
        this.#table.touch(row);
      }
    }
  }

  /** By series, of each the newest slot first, of that the largest excess. */
  #bySeries(a: number, b: number): number {
    return (
      this.#idOf(a, 1) - this.#idOf(b, 1) ||
      this.#idOf(a, 0) - this.#idOf(b, 0) ||
      this.#slotOf(b) - this.#slotOf(a) ||
      this.#excessOf(b) - this.#excessOf(a)
    );
  }

  #slotOf(row: number): number {
    return this.#time.view(row)[this.#time.index(row)] as number;
  }

  #untilOf(row: number): number {
    return this.#time.view(row)[this.#time.index(row) + 1] as number;
  }

  #excessOf(row: number): number {
    return this.#excess.view(row)[this.#excess.index(row)] as number;
  }

  #intervalOf(row: number): number {
    return this.#interval.view(row)[this.#interval.index(row)] as number;
  }

  #idOf(row: number, half: number): number {
    return this.#series.view(row)[this.#series.index(row) + half] as number;
  }
}
