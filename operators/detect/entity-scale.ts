import type { ColumnView } from '../../runtime/state/column-type.ts';
import type { Column, PagedTable } from '../../runtime/state/paged-table.ts';
import { SLOT_MS } from './entity-columns.ts';
import { CRITICAL_DAYS, WARNING_DAYS } from './tuning.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Excess of a sum over the entity's usual one above which an excursion begins. */
const FLOOR = 6;
/** Slots that the usual sum remembers, and most by which one of them may lie above it where that is learned. */
const MEAN_MEMORY = 5000;
const MEAN_LIMIT = 10;
/** What an entity is taken for before it is known: excursions a day at a point a minute, their mean height, and how many these count for. */
const PRIOR_RATE = 0.5;
const PRIOR_HEIGHT = 5;
const PRIOR_EXCURSIONS = 60;
/** Power of the slots a day by which the first grows where there are more. */
const RATE_GROWTH = 1.15;
/** Heights at which an excursion is held before it is learned from: what opens an episode is no normal behaviour. */
const HEIGHT_LIMIT = 1.2;
const MEMORY_DAYS = 60;
/** Least opening level, in mean heights above the floor. */
const LEAST_HEIGHTS = 0.7;
const CRITICAL_HEIGHTS = Math.log(CRITICAL_DAYS / WARNING_DAYS);
const QUIET_INTERVALS = 5;
const QUIET_MIN_MS = 5 * MINUTE_MS;
const QUIET_MAX_MS = 12 * 60 * MINUTE_MS;
/** Slots within which the usual sum may leap, and silent ones that an entity is taken to have had before its first. */
const YOUNG_SLOTS = 30;
const SILENT_SLOTS = 10;

/**
 * Turns an entity's sum of excesses into a score: 1 where a warning opens, 2 where a critical one does.
 *
 * What counts is how far a sum exceeds the entity's usual one: the more series, the larger that. From there on as
 * `RateCalibration` does for a series: own excursions above a floor are counted over event time and their heights
 * averaged, both with a prior that weighs heavily. All numbers are f64, so nothing is rounded on the way.
 */
export class EntityScale {
  readonly #time: Column;
  readonly #rate: Column;

  constructor(entities: PagedTable) {
    this.#time = entities.column('entity.time');
    this.#rate = entities.column('entity.rate');
  }

  /** Scores a sum at the end of a slot by what was known before it, then learns it. */
  score(row: number, sum: number, slotMs: number, intervalMs: number): number {
    const times = this.#time.view(row);
    const at = this.#time.index(row);
    const rates = this.#rate.view(row);
    const from = this.#rate.index(row);
    this.#fade(rates, from, (slotMs - (times[at] as number)) / Math.max(SLOT_MS, intervalMs));
    const height = this.#settle(row, slotMs);
    const exposureDays = rates[from] as number;
    const excursions = rates[from + 1] as number;
    const perDay =
      (PRIOR_EXCURSIONS + excursions) / (PRIOR_EXCURSIONS / priorRate(intervalMs) + exposureDays);
    const opening = FLOOR + height * Math.max(LEAST_HEIGHTS, Math.log(perDay * WARNING_DAYS));
    const usual = rates[from + 4] as number;
    this.#learnUsual(rates, from, sum);
    const excess = sum - usual;
    if (excess > FLOOR) {
      rates[from + 3] = Math.max(rates[from + 3] as number, excess - FLOOR);
      times[at + 1] = slotMs + quietMs(intervalMs);
    }
    const beyond = excess - opening;
    return beyond < 0 ? sum / (usual + opening) : 1 + beyond / (height * CRITICAL_HEIGHTS);
  }

  /** Trust in the score by how long the entity is known, 0 to 1. */
  confidence(row: number): number {
    const days = this.#rate.view(row)[this.#rate.index(row)] as number;
    return days / (days + 1);
  }

  /** Lets the usual sum fade for slots in which nothing was said; `slots` since the last one judged. */
  #fade(rates: ColumnView, from: number, slots: number): void {
    const known = rates[from + 5] as number;
    const silent = Math.min(MEAN_MEMORY, Math.round(slots) - 1);
    if (known === 0 || silent <= 0) return;
    const kept = Math.max(known / (known + silent), Math.exp(-silent / MEAN_MEMORY));
    rates[from + 4] = (rates[from + 4] as number) * kept;
    rates[from + 5] = Math.min(MEAN_MEMORY, known + silent);
  }

  #learnUsual(rates: ColumnView, from: number, sum: number): void {
    const mean = rates[from + 4] as number;
    const slots = rates[from + 5] as number;
    const change = slots < YOUNG_SLOTS ? sum - mean : Math.min(MEAN_LIMIT, sum - mean);
    rates[from + 4] = mean + change / (slots + SILENT_SLOTS);
    rates[from + 5] = Math.min(MEAN_MEMORY, slots + 1);
  }

  /** Lets time pass up to a slot, takes in an excursion that has ended by then, and returns the mean height. */
  #settle(row: number, slotMs: number): number {
    const times = this.#time.view(row);
    const at = this.#time.index(row);
    const rates = this.#rate.view(row);
    const from = this.#rate.index(row);
    const lastMs = times[at] as number;
    const days = lastMs === 0 ? 0 : (slotMs - lastMs) / DAY_MS;
    const kept = Math.exp(-days / MEMORY_DAYS);
    times[at] = slotMs;
    rates[from] = (rates[from] as number) * kept + days;
    const excursions = (rates[from + 1] as number) * kept;
    const heights = (rates[from + 2] as number) * kept;
    const height = (PRIOR_EXCURSIONS * PRIOR_HEIGHT + heights) / (PRIOR_EXCURSIONS + excursions);
    const peak = rates[from + 3] as number;
    const isOver = peak > 0 && slotMs >= (times[at + 1] as number);
    rates[from + 1] = excursions + (isOver ? 1 : 0);
    rates[from + 2] = heights + (isOver ? Math.min(peak, HEIGHT_LIMIT * height) : 0);
    if (!isOver) return height;
    rates[from + 3] = 0;
    return (
      (PRIOR_EXCURSIONS * PRIOR_HEIGHT + (rates[from + 2] as number)) /
      (PRIOR_EXCURSIONS + (rates[from + 1] as number))
    );
  }
}

/** Excursions a day that are expected of an entity whose slots come so often. */
function priorRate(intervalMs: number): number {
  return PRIOR_RATE * Math.max(1, MINUTE_MS / Math.max(SLOT_MS, intervalMs)) ** RATE_GROWTH;
}

/** Time without a reading above the floor that ends an excursion, and refractory period, ms of event time. */
export function quietMs(intervalMs: number): number {
  return Math.min(QUIET_MAX_MS, Math.max(QUIET_MIN_MS, QUIET_INTERVALS * intervalMs));
}
