import type { Column, PagedTable } from '../../runtime/state/paged-table.ts';
import type { EpisodeChange } from './detect-output.ts';
import { LEADERS } from './entity-columns.ts';
import type { EntitySum } from './entity-readings.ts';

const UPDATE_MS = 5 * 60_000;
/** ln(0.15): the grade of score 1 is the owner's threshold 0.85. */
const GRADE_BASE = 0.15;
const CLOSE_INTERVALS = 3;
const CLOSE_MIN_MS = 60_000;

/** A series that took part in an episode of its entity. */
export interface EntityShare {
  readonly low: number;
  readonly high: number;
  /** What it said at the peak, 0 to 8. */
  readonly excess: number;
  /** Its part of the score, of all named ones; they add up to 1. */
  readonly contribution: number;
}

/** A change of an entity's episode. */
export interface EntityEvent extends EpisodeChange {
  /** Row of the entity. */
  readonly entity: number;
  /** Series that weighed most at the peak, the most first. */
  readonly shares: readonly EntityShare[];
}

/** What a slot said of an entity. */
export interface EntityVerdict {
  readonly entity: number;
  readonly slotMs: number;
  readonly score: number;
  readonly confidence: number;
  readonly sum: EntitySum;
}

/** Open episodes of entities: opens, follows and closes them, and tells what changed. */
export class EntityBook {
  /** Changes since the last `clear`. */
  events: EntityEvent[] = [];
  readonly #table: PagedTable;
  readonly #time: Column;
  readonly #score: Column;
  readonly #count: Column;
  readonly #series: Column;
  readonly #excess: Column;
  readonly #mark: Column;

  constructor(episodes: PagedTable) {
    this.#table = episodes;
    this.#time = episodes.column('episode.time');
    this.#score = episodes.column('episode.score');
    this.#count = episodes.column('episode.count');
    this.#series = episodes.column('episode.series');
    this.#excess = episodes.column('episode.excess');
    this.#mark = episodes.column('episode.mark');
  }

  clear(): void {
    this.events = [];
  }

  /** Opens an episode and returns its link (row + 1). */
  open(verdict: EntityVerdict): number {
    const row = this.#table.allocate();
    this.#setTime(row, 0, verdict.slotMs);
    this.#setTime(row, 3, verdict.slotMs);
    this.#count.view(row)[this.#count.index(row) + 2] = verdict.entity;
    const mark = this.#mark.view(row);
    mark[this.#mark.index(row)] = tierOf(verdict.score);
    mark[this.#mark.index(row) + 2] = verdict.sum.historical ? 1 : 0;
    this.#score.view(row)[this.#score.index(row) + 1] = verdict.score;
    this.#note(row, verdict);
    this.#tell(row, 'OPEN', verdict.score, verdict.slotMs);
    return row + 1;
  }

  /** Follows an open episode through a slot at or above the opening score. */
  follow(link: number, verdict: EntityVerdict): void {
    const row = link - 1;
    this.#note(row, verdict);
    const mark = this.#mark.view(row);
    const at = this.#mark.index(row);
    const risen = tierOf(verdict.score) > (mark[at] as number);
    if (risen) mark[at] = tierOf(verdict.score);
    this.#updateIfDue(row, verdict, risen);
  }

  /** Sees an open episode through a slot below the opening score. */
  pass(link: number, verdict: EntityVerdict): void {
    this.#updateIfDue(link - 1, verdict, false);
  }

  /** Whether an open episode has been quiet for so long by a time that it is over. */
  isOver(link: number, nowMs: number): boolean {
    return nowMs >= this.#overMs(link - 1);
  }

  /** Closes an episode with its last odd slot as end. */
  close(link: number): void {
    this.#tell(link - 1, 'CLOSE', 0, this.#overMs(link - 1));
    this.#table.release(link - 1);
  }

  /** Hands the entity and the link of every open episode to `take`. */
  each(take: (entity: number, link: number) => void): void {
    for (let row = 0; row < this.#table.rowCount; row++) {
      if (this.#table.isLive(row)) take(this.#countOf(row, 2), row + 1);
    }
  }

  /** The first time at which an episode is over if nothing odd is heard until then: no tick before it closes it. */
  #overMs(row: number): number {
    return (
      this.#timeOf(row, 1) + Math.max(CLOSE_MIN_MS, CLOSE_INTERVALS * this.#timeOf(row, 4)) + 1
    );
  }

  #note(row: number, { slotMs, score, confidence, sum }: EntityVerdict): void {
    this.#setTime(row, 1, slotMs);
    this.#setTime(row, 4, Math.max(this.#timeOf(row, 4), sum.intervalMs));
    this.#count.view(row)[this.#count.index(row)] = this.#countOf(row, 0) + 1;
    this.#table.touch(row);
    const scores = this.#score.view(row);
    const at = this.#score.index(row);
    if (score <= (scores[at] as number)) return;
    scores[at] = score;
    scores[at + 2] = confidence;
    this.#setTime(row, 2, slotMs);
    this.#mark.view(row)[this.#mark.index(row) + 1] = sum.leaders;
    const series = this.#series.view(row);
    const seriesAt = this.#series.index(row);
    for (let i = 0; i < sum.leaders; i++) {
      series[seriesAt + 2 * i] = sum.low[i] as number;
      series[seriesAt + 2 * i + 1] = sum.high[i] as number;
      this.#excess.view(row)[this.#excess.index(row) + i] = sum.excess[i] as number;
    }
  }

  #updateIfDue(row: number, { slotMs, score }: EntityVerdict, risen: boolean): void {
    const scores = this.#score.view(row);
    const at = this.#score.index(row);
    const doubled = (scores[at] as number) >= 2 * (scores[at + 1] as number);
    if (!risen && !doubled && slotMs - this.#timeOf(row, 3) < UPDATE_MS) return;
    scores[at + 1] = scores[at] as number;
    this.#setTime(row, 3, slotMs);
    this.#tell(row, 'UPDATE', score, slotMs);
  }

  #tell(row: number, phase: EntityEvent['phase'], score: number, atMs: number): void {
    const counts = this.#count.view(row);
    const revision = this.#countOf(row, 1);
    counts[this.#count.index(row) + 1] = revision + 1;
    const peakScore = this.#score.view(row)[this.#score.index(row)] as number;
    const mark = this.#mark.view(row);
    const markAt = this.#mark.index(row);
    this.events.push({
      entity: this.#countOf(row, 2),
      phase,
      revision,
      startMs: this.#timeOf(row, 0),
      // Not the last slot that was odd: by this time readers order what they hear, and a tick may have passed that one.
      lastMs: atMs,
      endMs: phase === 'CLOSE' ? this.#timeOf(row, 1) : null,
      peakMs: this.#timeOf(row, 2),
      intervalMs: this.#timeOf(row, 4),
      points: this.#countOf(row, 0),
      score,
      peakScore,
      grade: 1 - GRADE_BASE ** peakScore,
      confidence: this.#score.view(row)[this.#score.index(row) + 2] as number,
      tier: mark[markAt] === 2 ? 'critical' : 'warning',
      shares: this.#shares(row, mark[markAt + 1] as number),
      historical: mark[markAt + 2] === 1,
    });
    this.#table.touch(row);
  }

  #shares(row: number, leaders: number): EntityShare[] {
    const series = this.#series.view(row);
    const at = this.#series.index(row);
    const from = this.#excess.index(row);
    const excesses = Array.from(this.#excess.view(row).subarray(from, from + leaders));
    const total = excesses.reduce((sum, excess) => sum + excess, 0);
    return excesses.slice(0, LEADERS).map((excess, i) => ({
      low: series[at + 2 * i] as number,
      high: series[at + 2 * i + 1] as number,
      excess,
      contribution: excess / total,
    }));
  }

  #timeOf(row: number, cell: number): number {
    return this.#time.view(row)[this.#time.index(row) + cell] as number;
  }

  #setTime(row: number, cell: number, ms: number): void {
    this.#time.view(row)[this.#time.index(row) + cell] = ms;
  }

  #countOf(row: number, cell: number): number {
    return this.#count.view(row)[this.#count.index(row) + cell] as number;
  }
}

function tierOf(score: number): number {
  return score >= 2 ? 2 : 1;
}
