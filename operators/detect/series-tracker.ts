import type { Calendar } from './calendar.ts';
import { HourSlot } from './hour-slot.ts';
import { LEAP_POINTS } from './leap-watch.ts';
import { learnRepeats, lookForRepeats } from './repeats.ts';
import { SeriesState } from './series-state.ts';
import { earnedTier } from './series-tier.ts';
import { YOUNG_POINTS } from './state-columns.ts';
import { hourOfWeek } from './week-profile.ts';

const fround = Math.fround;
/** Smallest deviation told from none, as a share of the value's size: f32 keeps 24 bits. */
const RESOLUTION = 1e-6;
/** Points after which a deviation is limited before it is learned from. */
const SETTLED = 32;
const UNLIMITED = Number.POSITIVE_INFINITY;
/** A deviation counts for at most this many times the usual one: less while a few points could turn it. */
const LIMIT = 8;
const YOUNG_LIMIT = 4;
/** For so long a series counts as starting up. */
const START_UP_MS = 5 * 60_000;
/** Memory of the extremes, and never fewer than 8,192 points. */
const EXTREMES_MS = 8192 * 60_000;
/** Memory of the slow level. */
const LASTING_MS = 3.5 * 86_400_000;
/** Ring steps from the base at which the base is moved to the middle level. */
const FAR_STEPS = 512;

/**
 * Follows one series at a time: levels, deviations, season profile, extremes and the ring of its last values.
 *
 * After `load`, for each point in order, `look` says what was known before it and `take` learns it; then `store`.
 * Nothing here knows a model: this is the part of a score that is a function of the values alone.
 */
export class SeriesTracker extends SeriesState {
  /** The point being looked at, relative to the base. */
  value = 0;
  timeMs = 0;
  /** Its time by the calendar's clock, and its season slot. */
  localMs = 0;
  slot = 0;
  /** Its hour of the week where that is told apart, else -1; and that of the point before. */
  weekHour = -1;
  #hourBefore = -1;
  gapMs = 0;
  /** Season value at this point; meaningful where `seasonVisits` > 0. */
  season = 0;
  seasonVisits = 0;
  /** What of it is the weekday’s: it lies so far above the mean of its time of day. */
  lift = 0;
  seasonSpread = 0;
  readonly #hour = new HourSlot();
  /** What changes are held to while the point is learned: times their deviation, and the way of the levels. */
  #times = UNLIMITED;
  #apart = 0;

  /** Size below which a difference is taken for none. */
  resolution = 0;
  /** The series' own unit of deviation, of its steps and its spread about the middle level; > 0. */
  scale = 0;
  /** Long-run unit of deviation; > 0. */
  spread = 0;
  /** Usual distance of the point looked at from the expected value: of its hour where that is known; > 0. */
  unit = 0;
  /** Size of the step to the point looked at in usual ones, at most 50; of the leap where the season is known. */
  step = 0;
  /** The same, whatever the hour. */
  jump = 0;
  /** How rare so long a run of repeats is as the one up to the point looked at: -log10 of its chance; 0 up to the most. */
  stillness = 0;
  /** Drift expected from the trend over the memory of the slow level. */
  drift = 0;
  /** How far it has led since the series began, or over that memory. */
  way = 0;
  /** Share of the newest point in everything that lasts: days by the clock, within 256 and 8,192 points. */
  #lasting = 0;
  /**
   * Weight of the newest point among the first ones: 3 while a series is starting up, else 1.
   *
   * A watched thing often starts together with its watching; what it does in its first minutes must not count for as
   * much as what follows.
   */
  #early = 1;

  /** Notes a point without learning it. `intervalMs` 0 infers it from the gaps. */
  look(ms: number, value: number, intervalMs: number, calendar: Calendar): void {
    if (this.count === 0) this.base = value;
    this.value = fround(value - this.base);
    this.timeMs = ms;
    this.localMs = ms + calendar.clock.offsetAt(ms);
    this.slot = this.#hour.at(this.localMs, calendar.holidays);
    this.gapMs = this.count === 0 ? 0 : ms - this.lastMs;
    if (intervalMs > 0) this.intervalMs = fround(intervalMs);
    else this.#inferInterval();
    this.#lasting = Math.min(1 / 256, Math.max(1 / 8192, this.intervalMs / LASTING_MS));
    this.#early = this.count * this.intervalMs < START_UP_MS ? 3 : 1;
    this.drift = this.trend / this.#lasting;
    this.way = this.trend * Math.min(this.count, 1 / this.#lasting);
    this.seasonVisits = 0;
    this.weekHour = -1;
    this.lift = 0;
    if (this.seasonRow !== 0) this.#lookAtSeason(calendar);
    this.#measure();
    const { spread } = this;
    this.unit = this.seasonVisits > 0 ? Math.max(this.seasonSpread, 0.1 * spread) : spread;
    const before = this.#meanBefore();
    this.leaps.look(this, before);
    const usual = this.slowStep + 0.02 * spread;
    const step = Math.abs(this.value - this.previous) / usual;
    // Where the hour is known, what it does every day is no news: a leap is held against its scatter too.
    const leap =
      this.seasonVisits > 0 ? Math.abs(this.value - before) / (usual + this.seasonSpread) : step;
    this.step = this.count === 0 ? 0 : Math.min(50, leap);
    this.jump = this.count === 0 ? 0 : Math.min(50, step);
    lookForRepeats(this);
  }

  #lookAtSeason({ clock, holidays }: Calendar): void {
    this.profile.look(this.localMs, this.localMs - this.intervalMs, holidays);
    this.season = this.profile.value;
    this.seasonSpread = this.profile.spread;
    this.seasonVisits = this.profile.visits;
    if (this.weekRow === 0) return;
    this.weekHour = hourOfWeek(this.localMs, holidays);
    this.#hourBefore = hourOfWeek(this.lastMs + clock.offsetAt(this.lastMs), holidays);
    this.week.look(this.localMs, holidays);
    if (!this.week.known) return;
    this.lift = this.week.value - this.season;
    this.season = this.week.value;
    if (this.week.spread > 0) this.seasonSpread = this.week.spread;
  }

  /** Learns the point of the last `look`. */
  take(): void {
    const { count } = this;
    this.#times = count < SETTLED ? UNLIMITED : count < YOUNG_POINTS ? YOUNG_LIMIT : LIMIT;
    this.#see();
    this.#learnSeason();
    this.#learnLevels();
    this.#measure();
    this.ring.push(this.count, this.value, this.scale);
    this.count += 1;
    this.lastMs = this.timeMs;
    this.round();
    if (Math.abs(this.middle) > FAR_STEPS * this.ring.step) this.#moveBase();
    this.#measure();
  }

  /** Writes the last `WINDOW` values, oldest first. */
  readWindow(into: Float64Array): void {
    this.ring.read(this.count, into);
  }

  /** Mean of the four values before the point looked at, or the last where there are fewer. */
  #meanBefore(): number {
    if (this.count < LEAP_POINTS) return this.previous;
    const { ring } = this;
    ring.recall(this.count);
    return 0.25 * (this.previous + ring.second + ring.third + ring.fourth);
  }

  #inferInterval(): void {
    const gap = this.gapMs;
    if (this.count === 1) this.intervalMs = gap;
    else if (this.count === 2) this.secondGapMs = gap;
    else if (this.count === 3) {
      const [a, b] = [this.intervalMs, this.secondGapMs];
      this.intervalMs = Math.max(Math.min(a, b), Math.min(Math.max(a, b), gap));
    } else if (this.count > 3) {
      // A median found from three gaps may be wrong; half-percent steps towards each gap end at the true one.
      const most = 0.005 * this.intervalMs;
      this.intervalMs += Math.min(most, Math.max(-most, gap - this.intervalMs));
    }
  }

  #learnSeason(): void {
    if (this.seasonRow === 0) {
      if (earnedTier(this) === 0) return;
      this.beginSeason();
    }
    const slot = this.slot + 1;
    if (slot !== this.openSlot && this.slotCount > 0) {
      const limit = 3 * Math.max(this.slowDeviation, this.resolution);
      const spread = this.slotSpread / this.slotCount;
      const mean = this.slotSum / this.slotCount;
      this.#learnWeek(mean, spread, limit);
      this.profile.learn(this.seasonRow - 1, this.openSlot - 1, mean, spread, limit);
      this.slotSum = 0;
      this.slotSpread = 0;
      this.slotCount = 0;
    }
    this.openSlot = slot;
    this.slotSum += this.value;
    this.slotCount += 1;
    this.slotSpread +=
      this.seasonVisits > 0 ? Math.abs(this.value - this.season) : this.slowDeviation;
    if (this.seasonVisits === 0) return;
    const above = this.value - this.season;
    const residual = Math.abs(above - this.seasonOffset);
    const early = this.#early;
    const share = Math.max(1 / 256, early / (this.count + early));
    this.seasonDeviation = this.#deviation(this.seasonDeviation, residual, share);
    this.seasonOffset += this.#lasting * (above - this.seasonOffset);
  }

  /** Learns what the hour that is over was beside the mean of its time of day. */
  #learnWeek(mean: number, spread: number, limit: number): void {
    if (this.weekRow === 0) {
      if (earnedTier(this) === 2) this.beginWeek();
      return;
    }
    const slot = this.openSlot - 1;
    if (this.#hourBefore < 0 || !this.profile.hasSeen(slot)) return;
    if (this.week.known) this.week.learnSpread(this.#hourBefore, spread);
    this.week.learn(this.#hourBefore, mean, mean - this.profile.meanOf(slot), limit);
  }

  #learnLevels(): void {
    const { value, count } = this;
    if (count === 0) return this.#begin();
    const step = value - this.previous;
    const size = Math.abs(step);
    const lasting = this.#lasting;
    const early = this.#early;
    const first = early / (count + early);
    if (step !== 0 && (this.grain === 0 || size < this.grain)) this.grain = size;
    const off = Math.abs(value - this.middle);
    this.middleDeviation = this.#deviation(this.middleDeviation, off, Math.max(1 / 128, first));
    const far = Math.abs(value - this.slow);
    this.slowDeviation = this.#deviation(this.slowDeviation, far, Math.max(lasting, first));
    this.slowStep = this.#deviation(this.slowStep, size, Math.max(1 / 512, first));
    this.trend +=
      Math.max(lasting, early / (count - 1 + early)) *
      this.#limited(step - this.trend, this.slowStep);
    this.middle += Math.max(1 / 32, first) * (value - this.middle);
    this.#see();
    this.slow += Math.max(lasting, first) * this.#limited(value - this.slow, this.slowDeviation);
    const kept = Math.min(1 / 8192, this.intervalMs / EXTREMES_MS);
    const forgotten = early > 1 ? 1.5 / (count + 32) : kept;
    this.high = Math.max(value, this.high - forgotten * (this.high - this.slow));
    this.low = Math.min(value, this.low + forgotten * (this.slow - this.low));
    this.leaps.take(this, early > 1);
    learnRepeats(this);
    this.previous = value;
  }

  #begin(): void {
    this.previous = this.value;
    this.middle = this.value;
    this.slow = this.value;
    this.high = this.value;
    this.low = this.value;
  }

  /** Notes the units of the series as it stands. They are fields, not results: numbers returned cost memory. */
  #measure(): void {
    this.#resolve();
    this.scale = Math.max(0.5 * (this.middleDeviation + this.slowStep), this.resolution);
    this.spread = Math.max(this.slowDeviation, this.resolution);
  }

  #resolve(): void {
    const finest = Math.max(RESOLUTION * Math.abs(this.middle), 4e-16 * Math.abs(this.base));
    this.resolution = Math.max(finest, 1e-30);
  }

  /** Notes what `#limited` holds changes against; anew whenever the middle level has moved. */
  #see(): void {
    this.#resolve();
    // Where the middle level has moved too, it is no outlier but the new course: it is learned as it is.
    this.#apart = Math.abs(this.middle - this.slow);
  }

  #deviation(known: number, seen: number, share: number): number {
    return known + share * (this.#limited(seen, known) - known);
  }

  #limited(change: number, deviation: number): number {
    if (deviation <= this.resolution) return change;
    const most = Math.max(this.#times * deviation, this.#apart);
    return Math.min(most, Math.max(-most, change));
  }

  #moveBase(): void {
    const steps = Math.round(this.middle / this.ring.step);
    const distance = steps * this.ring.step;
    this.base += distance;
    this.ring.shift(steps);
    this.previous -= distance;
    this.middle -= distance;
    this.slow -= distance;
    this.high -= distance;
    this.low -= distance;
    this.slotSum -= distance * this.slotCount;
    if (this.seasonRow !== 0) this.profile.shift(this.seasonRow - 1, distance);
    if (this.weekRow !== 0) this.week.shift(distance);
    this.round();
  }
}
