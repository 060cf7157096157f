/** Unit in which times are kept. */
const UNIT_MS = 600_000;
/** Stamps are counted modulo this, from 1 on; 0 is none. */
const STAMPS = 65_535;
/** A definition is sent again after so many units, an hour of event time, so that no reader waits for it for ever. */
const REDEFINE_UNITS = 6;
/** From further back than this, 30 days, a time is one of long ago that has come round again. */
const PAST_UNITS = 4320;

const MINIMUM_SLOTS = 1024;
const MAXIMUM_LOAD = 0.85;
const GROWTH = 1.4;
const WORD = 2 ** 32;

/** Returns the 16 bits that a time is kept as. */
export function stampOf(ms: number): number {
  return (Math.floor(ms / UNIT_MS) % STAMPS) + 1;
}

/** Whether a definition sent at one time is to be sent again at another, both as stamps. */
export function isOld(stamp: number, now: number): boolean {
  if (stamp === 0) return true;
  const units = (now - stamp + STAMPS) % STAMPS;
  if (units <= STAMPS / 2) return units >= REDEFINE_UNITS;
  return STAMPS - units > PAST_UNITS;
}

/**
 * Remembers by series when its definition was sent last: 10 bytes a slot, off the heap, 12 to 17 a series.
 *
 * It is a cache: when it is full, what would be sent again anyway is forgotten first, then everything. Forgetting only
 * repeats definitions.
 */
export class DefinitionTimes {
  readonly #limit: number;
  #ids = new Uint32Array(2 * MINIMUM_SLOTS);
  /** Stamp by slot; 0 where it is empty. */
  #stamps = new Uint16Array(MINIMUM_SLOTS);
  #scale = MINIMUM_SLOTS / WORD;
  #used = 0;

  /** @param limit most series remembered. */
  constructor(limit: number) {
    this.#limit = Math.max(limit, MINIMUM_SLOTS);
  }

  /** Series remembered. */
  get size(): number {
    return this.#used;
  }

  /**
   * Whether a series is to be defined at a time, ms; then that counts as done.
   *
   * @param keep whether a series that is not known yet is to be remembered.
   */
  take(low: number, high: number, ms: number, keep = true): boolean {
    const now = stampOf(ms);
    let slot = this.#slotOf(low, high);
    const stamp = this.#stamps[slot] as number;
    if (!isOld(stamp, now)) return false;
    if (stamp === 0) {
      if (!keep) return true;
      if (this.#used + 1 > this.#stamps.length * MAXIMUM_LOAD) {
        this.#makeRoom(now);
        slot = this.#slotOf(low, high);
      }
      this.#ids[2 * slot] = low;
      this.#ids[2 * slot + 1] = high;
      this.#used += 1;
    }
    this.#stamps[slot] = now;
    return true;
  }

  /** Forgets a series; those behind it move up where their way from home led over it. */
  forget(low: number, high: number): void {
    const [ids, stamps] = [this.#ids, this.#stamps];
    const slots = stamps.length;
    let hole = this.#slotOf(low, high);
    if (stamps[hole] === 0) return;
    for (let at = (hole + 1) % slots; stamps[at] !== 0; at = (at + 1) % slots) {
      const home = Math.floor((ids[2 * at] as number) * this.#scale);
      if ((at - home + slots) % slots < (at - hole + slots) % slots) continue;
      ids[2 * hole] = ids[2 * at] as number;
      ids[2 * hole + 1] = ids[2 * at + 1] as number;
      stamps[hole] = stamps[at] as number;
      hole = at;
    }
    stamps[hole] = 0;
    this.#used -= 1;
  }

  /** Slot of an id, or the empty one where it belongs. */
  #slotOf(low: number, high: number): number {
    const ids = this.#ids;
    const stamps = this.#stamps;
    let slot = Math.floor(low * this.#scale);
    while (stamps[slot] !== 0 && (ids[2 * slot] !== low || ids[2 * slot + 1] !== high))
      if (++slot === stamps.length) slot = 0;
    return slot;
  }

  #makeRoom(now: number): void {
    const [ids, stamps] = [this.#ids, this.#stamps];
    let fresh = 0;
    for (const stamp of stamps) if (stamp !== 0 && !isOld(stamp, now)) fresh += 1;
    const crowded = fresh > 0.6 * this.#used;
    const wanted = crowded ? Math.ceil(stamps.length * GROWTH) : stamps.length;
    const slots = Math.min(wanted, Math.ceil(this.#limit / MAXIMUM_LOAD));
    const all = fresh < slots * MAXIMUM_LOAD - 1;
    this.#ids = new Uint32Array(2 * slots);
    this.#stamps = new Uint16Array(slots);
    this.#scale = slots / WORD;
    this.#used = 0;
    if (!all) return;
    for (let slot = 0; slot < stamps.length; slot++) {
      const stamp = stamps[slot] as number;
      if (stamp === 0 || isOld(stamp, now)) continue;
      const [low, high] = [ids[2 * slot] as number, ids[2 * slot + 1] as number];
      const to = this.#slotOf(low, high);
      this.#ids[2 * to] = low;
      this.#ids[2 * to + 1] = high;
      this.#stamps[to] = stamp;
      this.#used += 1;
    }
  }
}
