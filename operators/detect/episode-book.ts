import { classNames } from '../../models/metric-class.ts';
import type { Column, PagedTable } from '../../runtime/state/paged-table.ts';
import type { EpisodeEvent, FeatureShare, MemberVerdict } from './detect-output.ts';
import { lifeCycles, movements, tiers } from './detect-output.ts';
import type { MemberColumns } from './member-columns.ts';
import { MEMBERS, memberIds } from './state-columns.ts';
import type { DetectTuning } from './tuning.ts';

/** An open episode tells how it goes at least this often, in event time. */
const UPDATE_MS = 5 * 60_000;
/** ln(0.15): the grade of score 1 is the owner's threshold 0.85. */
const GRADE_BASE = 0.15;

/** What the second pass knows of the point it is at; one object, written anew for each point. */
export interface PointReading {
  row: number;
  point: number;
  ms: number;
  intervalMs: number;
  value: number;
  expected: number;
  lower: number;
  upper: number;
  score: number;
  /** Score at which an episode of the series opens: 1 unless feedback moved it. */
  level: number;
  confidence: number;
  movement: number;
  lifeCycle: number;
  /** Number of the class of the series. */
  metricClass: number;
  historical: number;
  /** It came behind the watermark. */
  late: boolean;
  members: MemberColumns;
}

/** Open episodes by row: opens, follows and closes them, and tells what changed. */
export class EpisodeBook {
  /** Changes since the last `clear`. */
  events: EpisodeEvent[] = [];
  readonly #table: PagedTable;
  readonly #tunings: readonly DetectTuning[];
  readonly #time: Column;
  readonly #value: Column;
  readonly #score: Column;
  readonly #count: Column;
  readonly #mark: Column;

  /** @param tunings constants by number of class. */
  constructor(episodes: PagedTable, tunings: readonly DetectTuning[]) {
    this.#table = episodes;
    this.#tunings = tunings;
    this.#time = episodes.column('episode.time');
    this.#value = episodes.column('episode.value');
    this.#score = episodes.column('episode.score');
    this.#count = episodes.column('episode.count');
    this.#mark = episodes.column('episode.mark');
  }

  /** Forgets the events of the call before. */
  clear(): void {
    this.events = [];
  }

  /** Opens an episode and returns its link (row + 1). `tier` 1 is a warning, 2 critical. */
  open(reading: PointReading, tier: number): number {
    const slot = this.#table.allocate();
    this.#setTime(slot, 0, reading.ms);
    this.#setTime(slot, 3, reading.ms);
    this.#mark.view(slot)[this.#mark.index(slot)] = tier;
    this.#mark.view(slot)[this.#mark.index(slot) + 3] = reading.historical;
    this.#score.view(slot)[this.#score.index(slot) + 1] = reading.score;
    this.#note(slot, reading);
    this.#tell(slot, reading, 'OPEN');
    return slot + 1;
  }

  /** Follows an open episode through a point at or above the opening score; `tier` may have risen to it. */
  follow(link: number, reading: PointReading, tier: number): void {
    const slot = link - 1;
    this.#note(slot, reading);
    const mark = this.#mark.view(slot);
    const at = this.#mark.index(slot);
    const risen = tier > (mark[at] as number);
    if (risen) mark[at] = tier;
    this.#updateIfDue(slot, reading, risen);
  }

  /** Sees an open episode through a point below the opening score. */
  pass(link: number, reading: PointReading): void {
    this.#updateIfDue(link - 1, reading, false);
  }

  /** Closes an episode with its last odd point as end. */
  close(link: number, reading: PointReading): void {
    const slot = link - 1;
    this.#tell(slot, reading, 'CLOSE');
    this.#table.release(slot);
  }

  /** Last time that an open episode was at or above the opening score. */
  lastMs(link: number): number {
    return this.#timeOf(link - 1, 1);
  }

  tier(link: number): number {
    return this.#mark.view(link - 1)[this.#mark.index(link - 1)] as number;
  }

  #note(slot: number, reading: PointReading): void {
    this.#setTime(slot, 1, reading.ms);
    this.#setCount(slot, 0, this.#countOf(slot, 0) + 1);
    if (reading.late) this.#setCount(slot, 2, this.#countOf(slot, 2) + 1);
    const { members, point } = reading;
    const score = this.#score.view(slot);
    const at = this.#score.index(slot);
    if (reading.score > (score[at] as number)) {
      score[at] = reading.score;
      score[at + 2] = reading.confidence;
      for (let m = 0; m < MEMBERS; m++) {
        score[at + 3 + m] = members.reading[m]?.[point] ?? Number.NaN;
        score[at + 3 + MEMBERS + m] = members.surprise[point * MEMBERS + m] as number;
      }
      this.#setTime(slot, 2, reading.ms);
      const value = this.#value.view(slot);
      const valueAt = this.#value.index(slot);
      value[valueAt] = reading.value;
      value[valueAt + 1] = reading.expected;
      value[valueAt + 2] = reading.lower;
      value[valueAt + 3] = reading.upper;
      const mark = this.#mark.view(slot);
      mark[this.#mark.index(slot) + 1] = reading.movement;
      mark[this.#mark.index(slot) + 2] = reading.lifeCycle;
    }
    this.#table.touch(slot);
  }

  #updateIfDue(slot: number, reading: PointReading, risen: boolean): void {
    const score = this.#score.view(slot);
    const at = this.#score.index(slot);
    const doubled = (score[at] as number) >= 2 * (score[at + 1] as number);
    if (!risen && !doubled && reading.ms - this.#timeOf(slot, 3) < UPDATE_MS) return;
    score[at + 1] = score[at] as number;
    this.#setTime(slot, 3, reading.ms);
    this.#tell(slot, reading, 'UPDATE');
  }

  #tell(slot: number, reading: PointReading, phase: EpisodeEvent['phase']): void {
    const revision = this.#countOf(slot, 1);
    this.#setCount(slot, 1, revision + 1);
    const value = this.#value.view(slot);
    const valueAt = this.#value.index(slot);
    const mark = this.#mark.view(slot);
    const markAt = this.#mark.index(slot);
    const peakScore = this.#score.view(slot)[this.#score.index(slot)] as number;
    const members = this.#verdicts(slot, reading.metricClass);
    this.events.push({
      row: reading.row,
      point: reading.point,
      phase,
      revision,
      startMs: this.#timeOf(slot, 0),
      // Not the last time that was odd: by this time readers order what they hear, and a tick may have passed that one.
      lastMs: Math.max(reading.ms, this.#timeOf(slot, 1)),
      endMs: phase === 'CLOSE' ? this.#timeOf(slot, 1) : null,
      peakMs: this.#timeOf(slot, 2),
      intervalMs: reading.intervalMs,
      points: this.#countOf(slot, 0),
      late: this.#countOf(slot, 2),
      movement: movements[mark[markAt + 1] as number] ?? 'SHAPE',
      value: value[valueAt] as number,
      expected: value[valueAt + 1] as number,
      lower: value[valueAt + 2] as number,
      upper: value[valueAt + 3] as number,
      score: reading.score,
      threshold: reading.level,
      peakScore,
      grade: 1 - GRADE_BASE ** peakScore,
      confidence: this.#score.view(slot)[this.#score.index(slot) + 2] as number,
      tier: tiers[(mark[markAt] as number) - 1] ?? 'warning',
      members,
      features: shares(members),
      lifeCycle: lifeCycles[mark[markAt + 2] as number] ?? 'live',
      metricClass: classNames[reading.metricClass] ?? 'general',
      historical: mark[markAt + 3] === 1,
    });
    this.#table.touch(slot);
  }

  #verdicts(slot: number, metricClass: number): MemberVerdict[] {
    const { weights } = this.#tunings[metricClass] as DetectTuning;
    const score = this.#score.view(slot);
    const at = this.#score.index(slot) + 3;
    return memberIds.map((modelId, m) => {
      const raw = score[at + m] as number;
      const skipped = Number.isNaN(raw);
      const surprise = score[at + MEMBERS + m] as number;
      return {
        modelId,
        raw: skipped ? 0 : raw,
        surprise,
        weight: weights[m] as number,
        skipped,
      };
    });
  }

  #timeOf(slot: number, cell: number): number {
    return this.#time.view(slot)[this.#time.index(slot) + cell] as number;
  }

  #setTime(slot: number, cell: number, ms: number): void {
    this.#time.view(slot)[this.#time.index(slot) + cell] = ms;
  }

  #countOf(slot: number, cell: number): number {
    return this.#count.view(slot)[this.#count.index(slot) + cell] as number;
  }

  #setCount(slot: number, cell: number, count: number): void {
    this.#count.view(slot)[this.#count.index(slot) + cell] = count;
  }
}

/** What each member reads, for people. */
const readingNames = [
  'distance_from_expected',
  'window_isolation',
  'window_reconstruction_error',
  'step_size',
  'beyond_extremes',
] as const;

function shares(members: readonly MemberVerdict[]): FeatureShare[] {
  let total = 0;
  for (const { surprise, weight } of members) total += surprise * weight;
  return members.map(({ raw, surprise, weight }, m) => ({
    name: readingNames[m] as string,
    value: raw,
    contribution: total > 0 ? (surprise * weight) / total : 0,
  }));
}
