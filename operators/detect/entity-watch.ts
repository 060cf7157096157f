import type { Column } from '../../runtime/state/paged-table.ts';
import { SeriesIndex } from '../../runtime/state/series-index.ts';
import { EntityBook, type EntityEvent, type EntityVerdict } from './entity-book.ts';
import { type EntityTables, SLOT_MS } from './entity-columns.ts';
import { type EntityReading, EntityReadings, newEntitySum } from './entity-readings.ts';
import { EntityScale, quietMs } from './entity-scale.ts';

/** A reading below this says nothing. */
export const LEAST_EXCESS = 0.1;

/**
 * Scores entities: what the series of a host or service say together.
 *
 * Readings are taken in as they come; a slot is judged when the watermark has passed it, for every entity of which it
 * has a reading. So a score depends on the readings and on the ticks in the log, not on how either were cut into calls.
 * A reading of a slot that has been judged comes too late and is left out.
 */
export class EntityWatch {
  readonly #tables: EntityTables;
  readonly #index: SeriesIndex;
  readonly #readings: EntityReadings;
  readonly #scale: EntityScale;
  readonly #book: EntityBook;
  readonly #link: Column;
  readonly #time: Column;
  readonly #sum = newEntitySum();
  /** Entities with readings, by slot that is to be judged. */
  readonly #due = new Map<number, Set<number>>();
  #watermarkMs = 0;
  #dirty = false;

  constructor(tables: EntityTables) {
    this.#tables = tables;
    this.#index = new SeriesIndex(tables.entities);
    this.#readings = new EntityReadings(tables.entities, tables.readings);
    this.#scale = new EntityScale(tables.entities);
    this.#book = new EntityBook(tables.episodes);
    this.#link = tables.entities.column('entity.link');
    this.#time = tables.entities.column('entity.time');
  }

  /** Returns the row of an entity, or -1. */
  find(low: number, high: number): number {
    return this.#index.find(low, high);
  }

  /** Takes in an entity that `find` did not find, with the place of its text. */
  add(low: number, high: number, text: number): number {
    const entity = this.#index.insert(low, high);
    this.#link.view(entity)[this.#link.index(entity) + 2] = text;
    return entity;
  }

  /** Place of an entity's text. */
  textOf(entity: number): number {
    return this.#link.view(entity)[this.#link.index(entity) + 2] as number;
  }

  /** Takes in what a point says of its entity. */
  note(entity: number, reading: EntityReading): void {
    const slotMs = Math.ceil(reading.ms / SLOT_MS) * SLOT_MS;
    if (slotMs <= this.#watermarkMs) return;
    // Of several points of a series in a slot each counts for its share of it: a second alone is no incident.
    const share = Math.min(1, Math.max(1, reading.intervalMs) / SLOT_MS);
    this.#readings.add(entity, slotMs, reading, share * reading.excess);
    this.#tables.entities.touch(entity);
    this.#schedule(entity, slotMs);
  }

  /**
   * Judges all slots that end at or before the watermark and closes episodes that are over by it.
   *
   * @param judged told of each slot judged; its argument is good until it returns.
   * @returns what is to be told of episodes, in order.
   */
  advance(
    watermarkMs: number,
    judged?: (verdict: Readonly<EntityVerdict>) => void,
  ): readonly EntityEvent[] {
    this.#book.clear();
    if (watermarkMs <= this.#watermarkMs) return this.#book.events;
    const slots = [...this.#due.keys()].filter((slotMs) => slotMs <= watermarkMs);
    for (const slotMs of slots.sort((a, b) => a - b)) {
      const entities = [...(this.#due.get(slotMs) ?? [])].sort((a, b) => a - b);
      this.#due.delete(slotMs);
      this.#closeOver(slotMs);
      for (const entity of entities) this.#judge(entity, slotMs, judged);
    }
    this.#closeOver(watermarkMs);
    this.#watermarkMs = watermarkMs;
    this.#dirty = true;
    return this.#book.events;
  }

  /** Gives up an entity; the CLOSE of an open episode is returned. Its text is the caller's. */
  evict(entity: number): readonly EntityEvent[] {
    this.#book.clear();
    const link = this.#episodeOf(entity);
    if (link !== 0) this.#close(entity, link);
    for (const entities of this.#due.values()) entities.delete(entity);
    this.#readings.forget(entity);
    this.#index.remove(entity);
    return this.#book.events;
  }

  /** Rebuilds what is not saved, once all pages are back. */
  rebuild(): void {
    this.#index.rebuild();
    this.#due.clear();
    this.#readings.each((entity, slotMs) => {
      if (slotMs > this.#watermarkMs) this.#schedule(entity, slotMs);
    });
  }

  /** The state beside the tables, to save if it changed since the last call. */
  save(): Uint8Array | undefined {
    if (!this.#dirty) return undefined;
    this.#dirty = false;
    return new Uint8Array(Float64Array.of(this.#watermarkMs).buffer);
  }

  restore(bytes: Uint8Array): void {
    this.#watermarkMs = new Float64Array(Uint8Array.from(bytes).buffer)[0] ?? 0;
  }

  #schedule(entity: number, slotMs: number): void {
    const entities = this.#due.get(slotMs);
    if (entities === undefined) this.#due.set(slotMs, new Set([entity]));
    else entities.add(entity);
  }

  #judge(
    entity: number,
    slotMs: number,
    judged?: (verdict: Readonly<EntityVerdict>) => void,
  ): void {
    const sum = this.#sum;
    this.#readings.sum(entity, slotMs, sum);
    const score = this.#scale.score(entity, sum.sum, slotMs, sum.intervalMs);
    const confidence = this.#scale.confidence(entity);
    const verdict: EntityVerdict = { entity, slotMs, score, confidence, sum };
    this.#tables.entities.touch(entity);
    const open = this.#episodeOf(entity);
    if (open !== 0 && score >= 1) this.#book.follow(open, verdict);
    else if (open !== 0) this.#book.pass(open, verdict);
    else if (score >= 1) this.#open(verdict);
    judged?.(verdict);
  }

  #closeOver(nowMs: number): void {
    this.#book.each((entity, link) => {
      if (this.#book.isOver(link, nowMs)) this.#close(entity, link);
    });
  }

  #open(verdict: EntityVerdict): void {
    const { entity, slotMs, sum } = verdict;
    const times = this.#time.view(entity);
    const at = this.#time.index(entity) + 2;
    if (slotMs < (times[at] as number)) return;
    times[at] = slotMs + quietMs(sum.intervalMs);
    this.#link.view(entity)[this.#link.index(entity) + 1] = this.#book.open(verdict);
  }

  #close(entity: number, link: number): void {
    this.#book.close(link);
    this.#link.view(entity)[this.#link.index(entity) + 1] = 0;
    this.#tables.entities.touch(entity);
  }

  #episodeOf(entity: number): number {
    return this.#link.view(entity)[this.#link.index(entity) + 1] as number;
  }
}
