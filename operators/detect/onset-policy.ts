import type { Column, PagedTable } from '../../runtime/state/paged-table.ts';
import type { DetectSettings } from './detect-input.ts';
import type { OnsetRuling } from './detect-output.ts';
import type { EpisodeBook, PointReading } from './episode-book.ts';
import { type GateReading, isWatched, mayOpen } from './gates.ts';
import { quietMs } from './rate-calibration.ts';
import { WITH_SIBLINGS } from './series-maturity.ts';
import type { SeriesWatch } from './series-watch.ts';
import type { Siblings } from './siblings.ts';
import { PAUSE_BITS, WINDOW } from './state-columns.ts';
import { suppressedBy } from './suppression.ts';
import type { DetectTuning } from './tuning.ts';

/** Score at which a warning opens where nobody said otherwise. */
const CALIBRATED = 1;
const CRITICAL = 2;
/** Points at which no episode opens after a gap, or after one that is odd on a side that the definition leaves out. */
const PAUSE_POINTS = 5;
/** Most points outside the band that are counted. */
const MOST_OUTSIDE = 255;
/** Most points in a row that are counted. */
const MOST_STREAK = 255;
/** What an odd course inside the band counts for, in points outside it. */
const ODD_COURSE = 0.1;
/** A critical onset needs this many times the confirmation of a warning. */
const CRITICAL_CONFIRMATION = 2;
/** A leap or a run of repeats may open an episode of a series with so many points. */
const LEAST_POINTS = 10;

/** A series too young for another episode may still open one when it stays so long, so many least steps, above its band. */
const STAYS_MS = 60_000;
const STAYS_GRAINS = 2;
/** So many points, and as long as any must be confirmed, will do where it lies so many times the expected value above it. */
const MANIFOLD_POINTS = 3;
const MANIFOLD = 6;
/** A distance of fewer of the series' least steps needs so many points outside the band. */
const LEAST_GRAINS = 1.5;
const GRAIN_POINTS = 3;
/** A value nearer to the expected one than this share of its least step is on it: it has no place in between. */
const LEAST_OFF = 0.5;

/** What the policy needs of a point beside the episode's reading. */
export interface OnsetReading extends PointReading, GateReading {
  /** Whether a gap lies before the point. */
  gap: boolean;
  /** Score of its leap or run of repeats by itself: from 1 on it needs no other point to confirm it. */
  sudden: number;
  /** Whether that may be the first of its bursts: only siblings tell. */
  burst: boolean;
}

/**
 * Decides where episodes of a series open, rise to critical and close.
 *
 * All that may hold an alert back stands here: warm-up, gates, confirmation, the pause after a gap, the refractory
 * period. None of it touches the score.
 */
export class OnsetPolicy {
  readonly #mark: Column;
  readonly #watch: SeriesWatch;
  readonly #book: EpisodeBook;
  readonly #tuning: DetectTuning;
  readonly #siblings: Siblings | undefined;
  /** What let an episode open, or held one back, beside the score; since the last `clear`. */
  rulings: OnsetRuling[] = [];
  #pause = 0;

  /** @param watch of the series at hand, loaded and stored by the caller. @param siblings absent: each series is alone. */
  constructor(
    series: PagedTable,
    watch: SeriesWatch,
    book: EpisodeBook,
    tuning: DetectTuning,
    siblings?: Siblings,
  ) {
    this.#siblings = siblings;
    this.#mark = series.column('detect.mark');
    this.#watch = watch;
    this.#book = book;
    this.#tuning = tuning;
  }

  /** Forgets the rulings of the call before. */
  clear(): void {
    this.rulings = [];
  }

  load(row: number): void {
    this.#pause = (this.#mark.view(row)[this.#mark.index(row) + 1] as number) & PAUSE_BITS;
  }

  store(row: number): void {
    const mark = this.#mark.view(row);
    const markAt = this.#mark.index(row) + 1;
    mark[markAt] = ((mark[markAt] as number) & ~PAUSE_BITS) | this.#pause;
  }

  /** Points outside the band so far where points come so fast that a run of them must confirm each other, else 0. */
  persistence(intervalMs: number): number {
    return intervalMs < this.#tuning.confirmMs ? this.#watch.outside : 0;
  }

  /** Opens, follows or closes the series' episode; returns the onset of the point. */
  advance(settings: DetectSettings, reading: OnsetReading): number {
    if (reading.gap) this.#pause = PAUSE_POINTS;
    else if (this.#pause > 0) this.#pause -= 1;
    this.#closeIfQuiet(reading);
    const scored = tierAt(reading.score, CALIBRATED);
    const opening = tierAt(reading.score, reading.level);
    // What is counted comes back into scores: feedback must not.
    this.#count(scored, reading);
    const higher = Math.max(scored, opening);
    const tier = Math.min(higher, this.#confirmed(reading));
    if (this.#watch.episode !== 0) return this.#continue(settings, higher, tier, reading);
    const isIgnored = this.#isIgnored(settings, tier, reading);
    if (tier !== 0 && !isWatched(settings, reading.value, reading.expected)) {
      // The way back from where the definition does not look is no news either.
      this.#pause = PAUSE_POINTS;
      return 0;
    }
    if (tier === 0 || !this.#rested(reading) || this.#counted(reading)) return 0;
    if (!mayOpen(settings, reading)) return 0;
    if (!this.#ready(reading) && !this.#outgrows(settings, reading)) return 0;
    const code = suppressedBy(settings, reading) ?? (isIgnored ? 'IGNORE_CONSECUTIVE' : undefined);
    if (code !== undefined) return this.#hold(reading, code);
    if (opening === 0) return this.#hold(reading, 'FEEDBACK');
    if (scored === 0) this.#rule(reading, 'FEEDBACK', 'opened');
    this.#watch.episode = this.#book.open(reading, tier);
    this.#watch.refractoryEndMs = reading.ms + quietMs(reading.intervalMs, this.#tuning);
    return tier;
  }

  #hold(reading: OnsetReading, code: OnsetRuling['code']): number {
    this.#rule(reading, code, 'held');
    return 0;
  }

  #rule({ row, point }: OnsetReading, code: OnsetRuling['code'], outcome: 'held' | 'opened'): void {
    this.rulings.push({ row, point, code, outcome });
  }

  /** Closes the episode of the reading’s row, if one is open. */
  end(reading: OnsetReading): void {
    if (this.#watch.episode === 0) return;
    this.#book.close(this.#watch.episode, reading);
    this.#watch.episode = 0;
  }

  /** Counts points in a row that could open an episode, and tells whether this is one of those to be ignored. */
  #isIgnored(settings: DetectSettings, tier: number, reading: OnsetReading): boolean {
    const { ignoreConsecutive } = settings;
    const watch = this.#watch;
    if (ignoreConsecutive === 0 || tier === 0 || reading.gap || !mayOpen(settings, reading))
      watch.streak = 0;
    else watch.streak = Math.min(MOST_STREAK, watch.streak + 1);
    return watch.streak <= ignoreConsecutive && ignoreConsecutive > 0;
  }

  #rested({ ms }: OnsetReading): boolean {
    return this.#pause === 0 && ms >= this.#watch.refractoryEndMs;
  }

  #ready(reading: OnsetReading): boolean {
    const { before, burst, intervalMs, sudden } = reading;
    const { warmPoints, warmMs } = this.#tuning;
    if (sudden >= 1 && !burst && before >= LEAST_POINTS) return true;
    return before >= warmPoints && (before * intervalMs >= warmMs || this.#stays(reading));
  }

  /** Whether a series that is not ready by itself goes beyond what its siblings did at its age. */
  #outgrows(settings: DetectSettings, reading: OnsetReading): boolean {
    const { before, historical, intervalMs, ms, row, score } = reading;
    const { warmPoints, warmMs } = this.#tuning;
    const youth = Math.max(warmPoints * intervalMs, warmMs);
    const points = WITH_SIBLINGS * before;
    if (this.#siblings === undefined || before < WINDOW || historical !== 0) return false;
    if (points < warmPoints || points * intervalMs < warmMs) return false;
    const young = { row, metricClass: settings.class, ms };
    return this.#siblings.allow(young, score, youth - youth / WITH_SIBLINGS);
  }

  /** Whether a series has stayed above its band for longer than a burst lasts, or is at many times what it was. */
  #stays({ value, expected, grain, intervalMs }: OnsetReading): boolean {
    const { outside } = this.#watch;
    const stayMs = outside * intervalMs;
    const above = value - expected;
    if (above <= STAYS_GRAINS * grain) return false;
    if (stayMs >= STAYS_MS) return true;
    const confirmed = outside >= MANIFOLD_POINTS && stayMs >= this.#tuning.confirmMs;
    return confirmed && above > MANIFOLD * Math.abs(expected);
  }

  /** One step of the least size and no more, so far: what counts do all the time. */
  #counted({ value, expected, grain, flat }: OnsetReading): boolean {
    if (flat || this.#watch.outside >= GRAIN_POINTS) return false;
    return Math.abs(value - expected) < LEAST_GRAINS * grain;
  }

  #closeIfQuiet(reading: OnsetReading): void {
    if (this.#watch.episode === 0) return;
    const quiet = Math.max(1, this.#tuning.quietPoints * reading.intervalMs);
    if (reading.ms - this.#book.lastMs(this.#watch.episode) <= quiet) return;
    this.#book.close(this.#watch.episode, reading);
    this.#watch.episode = 0;
  }

  /** Counts points outside the band, a point back for each inside it. */
  #count(scored: number, { value, expected, lower, upper, grain }: OnsetReading): void {
    const off = Math.abs(value - expected) > LEAST_OFF * grain;
    if (off && (value > upper || value < lower)) this.#watch.outside += 1;
    else if (scored > 0) this.#watch.outside += ODD_COURSE;
    else this.#watch.outside -= 1;
    this.#watch.outside = Math.fround(Math.min(MOST_OUTSIDE, Math.max(0, this.#watch.outside)));
  }

  /** The highest tier that the time outside the band allows. */
  #confirmed({ intervalMs, sudden }: OnsetReading): number {
    const { confirmMs } = this.#tuning;
    if (intervalMs >= confirmMs) return 2;
    const needed = Math.min(MOST_OUTSIDE / CRITICAL_CONFIRMATION, confirmMs / intervalMs);
    if (this.#watch.outside < needed) return sudden >= 1 ? 1 : 0;
    return this.#watch.outside < CRITICAL_CONFIRMATION * needed ? 1 : 2;
  }

  #continue(settings: DetectSettings, scored: number, tier: number, reading: OnsetReading): number {
    if (scored === 0) {
      this.#book.pass(this.#watch.episode, reading);
      return 0;
    }
    const known = this.#book.tier(this.#watch.episode);
    const free = mayOpen(settings, reading) && suppressedBy(settings, reading) === undefined;
    const risen = tier > known && this.#pause === 0 && free;
    this.#book.follow(this.#watch.episode, reading, risen ? tier : known);
    return risen ? tier : 0;
  }
}

/** Tier that a score reaches where a warning opens at `level`; critical is critical at any. */
function tierAt(score: number, level: number): number {
  if (score >= CRITICAL) return 2;
  return score >= level ? 1 : 0;
}
