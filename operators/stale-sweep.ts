import type { Column, ColumnSpec, PagedTable } from '../runtime/state/paged-table.ts';
import type { PackedBatch } from '../schemas/read-packed-batch.ts';

/** Column that a table needs for its series to go stale, 2 bytes a row. */
export const heardColumns: readonly ColumnSpec[] = [{ name: 'heardHour', type: 'u16' }];

const HOUR_MS = 3_600_000;
/** Bit of a run’s flags: its points are back-fill or too late to act on. */
const HISTORICAL = 1;
/** Hours are counted modulo this; half of it is 3.7 years. */
const HOURS = 65_536;
/** Most rows looked at, and most of these given up, after one record: a table of any size never holds up a batch. */
const MOST_ROWS = 4096;
const MOST_STALE = 256;

/** Event time of a batch’s points, back-fill aside, ms. */
export interface LiveSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Tells which series of a task have not been heard of for a time, by the task’s own event time.
 *
 * That time is told by the points handed to `observe`, which must leave out back-fill: loading last year’s points of
 * one series must not make another one old. A series is as old as the hour in which it was heard of last, so it goes
 * stale up to an hour late and never early. What a batch holds is held against its beginning, so that a batch that
 * spans hours, as after an outage, makes none of its own series stale. All of it is a function of the input, record by
 * record.
 */
export class StaleSweep {
  readonly #table: PagedTable;
  readonly #heard: Column;
  readonly #ttlHours: number;
  /** Hour that counts as 0: that of the first point. What was heard of before it counts as heard then. */
  #firstHour = -1;
  /** Hour by which series are stale, and hour in which they are heard of: beginning and end of the newest batch. */
  #hour = 0;
  #hearingHour = 0;
  /** Rows before this one have been looked at since the hour began. */
  #cursor = 0;
  #dirty = false;

  /** @param ttlMs time after which a series is stale, two hours or more; part of an hour counts as one. */
  constructor(table: PagedTable, ttlMs: number) {
    this.#table = table;
    this.#heard = table.column('heardHour');
    this.#ttlHours = Math.ceil(ttlMs / HOUR_MS);
  }

  /** Whether a batch begins in another hour, so that series may go stale by it. */
  isLater({ fromMs }: LiveSpan): boolean {
    return this.#firstHour >= 0 && this.#hoursOf(fromMs) > this.#hour;
  }

  /** Takes in the event time of a batch, before what it holds. */
  observe(span: LiveSpan): void {
    if (this.#firstHour < 0) this.#firstHour = Math.floor(span.fromMs / HOUR_MS);
    if (this.isLater(span)) {
      this.#hour = this.#hoursOf(span.fromMs);
      this.#cursor = 0;
      this.#dirty = true;
    }
    const hearing = this.#hoursOf(span.toMs);
    if (hearing <= this.#hearingHour) return;
    this.#hearingHour = hearing;
    this.#dirty = true;
  }

  /** Notes that the series of a row was heard of. */
  hear(row: number): void {
    const view = this.#heard.view(row);
    const at = this.#heard.index(row);
    const hour = this.#hearingHour % HOURS;
    if (view[at] === hour) return;
    view[at] = hour;
    this.#table.touch(row);
  }

  /** Whether the series of a row has not been heard of for so long that it counts as gone. */
  isStale(row: number): boolean {
    return this.#silentHours(row) >= this.#ttlHours;
  }

  /**
   * Goes on through the table, a bounded way; to be called once for each record, after `observe`.
   *
   * @param silent told of each row in use and for how long, ms, it has not been heard of at least.
   * @param stale told of each row that is to be given up.
   */
  step(silent: (row: number, silentMs: number) => void, stale: (row: number) => void): void {
    const from = this.#cursor;
    let found = 0;
    for (; this.#cursor < this.#table.rowCount; this.#cursor++) {
      if (this.#cursor - from >= MOST_ROWS || found >= MOST_STALE) break;
      if (!this.#table.isLive(this.#cursor)) continue;
      const hours = this.#silentHours(this.#cursor);
      if (hours === 0) continue;
      if (hours < this.#ttlHours) {
        silent(this.#cursor, (hours - 1) * HOUR_MS);
        continue;
      }
      found += 1;
      stale(this.#cursor);
    }
    if (this.#cursor !== from) this.#dirty = true;
  }

  /** The state to save if it changed since the last call; what rows hold is saved with them. */
  save(): Uint8Array | undefined {
    if (!this.#dirty) return undefined;
    this.#dirty = false;
    const cells = [this.#firstHour, this.#hour, this.#hearingHour, this.#cursor];
    return new Uint8Array(Float64Array.from(cells).buffer);
  }

  restore(bytes: Uint8Array): void {
    const cells = new Float64Array(Uint8Array.from(bytes).buffer);
    const [firstHour = -1, hour = 0, hearingHour = 0, cursor = 0] = cells;
    this.#firstHour = firstHour;
    this.#hour = hour;
    this.#hearingHour = hearingHour;
    this.#cursor = cursor;
  }

  #hoursOf(ms: number): number {
    return Math.floor(ms / HOUR_MS) - this.#firstHour;
  }

  #silentHours(row: number): number {
    const heard = this.#heard.view(row)[this.#heard.index(row)] as number;
    const hours = (this.#hour - heard + HOURS) % HOURS;
    // Heard of in the batch that is taken in: its end lies ahead of its beginning.
    return hours > HOURS / 2 ? 0 : hours;
  }
}

/** Event time of a batch’s runs, back-fill aside; undefined without any. */
export function liveSpan(batch: PackedBatch): LiveSpan | undefined {
  const { runCount, runFlags, runStarts, timestamps } = batch;
  let fromMs = Number.POSITIVE_INFINITY;
  let toMs = 0;
  for (let run = 0; run < runCount; run++) {
    if (((runFlags[run] ?? 0) & HISTORICAL) !== 0) continue;
    fromMs = Math.min(fromMs, timestamps[runStarts[run] ?? 0] ?? 0);
    toMs = Math.max(toMs, timestamps[(runStarts[run + 1] ?? 0) - 1] ?? 0);
  }
  return toMs > 0 ? { fromMs, toMs } : undefined;
}
