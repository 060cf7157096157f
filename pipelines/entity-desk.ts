import type { ModelSet } from '../models/scorer.ts';
import type { DetectInput } from '../operators/detect/detect-input.ts';
import type { DetectOutput, EpisodeEvent } from '../operators/detect/detect-output.ts';
import type { EntityEvent, EntityShare } from '../operators/detect/entity-book.ts';
import { newEntityTables } from '../operators/detect/entity-columns.ts';
import { EntityWatch, LEAST_EXCESS } from '../operators/detect/entity-watch.ts';
import type { RunGatherer } from '../operators/detect/run-gatherer.ts';
import type { SeriesShelf } from '../operators/detect/series-shelf.ts';
import { type LiveSpan, StaleSweep } from '../operators/stale-sweep.ts';
import type { Column } from '../runtime/state/paged-table.ts';
import { numbered, type StateEntry, single } from '../runtime/state/state-entries.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { SeriesDefinition } from '../schemas/generated/series-definition.ts';
import { idHigh, idLow } from '../schemas/identity.ts';
import { type EntityOwner, entityAnomaly, entityOwner } from './entity-anomaly.ts';

/** Series whose entity is known without a look at their definition. */
const MOST_CACHED = 65_536;
const NO_ENTITY = -1;

/** What a desk works with. */
export interface EntityDeskSetup {
  readonly shelf: SeriesShelf;
  readonly gatherer: RunGatherer;
  /** Whether entities are scored at all. */
  readonly enabled: boolean;
  /** An entity of which nothing odd is heard for so long is forgotten. */
  readonly ttlMs: number;
  readonly modelSet: ModelSet;
  readonly definitionOf: (row: number) => SeriesDefinition;
}

/** Where what is told goes, in order. */
export interface EntitySink {
  episode(event: EpisodeEvent): void;
  entity(anomaly: Anomaly): void;
}

/**
 * Puts what a task's series say together by entity.
 *
 * Ticks are noted where they stand among the points, and acted on when these have been scored: so slots are judged by
 * the order of the log, however it was cut into calls.
 */
export class EntityDesk {
  readonly #setup: EntityDeskSetup;
  readonly #tables = newEntityTables();
  readonly #watch = new EntityWatch(this.#tables);
  readonly #sweep: StaleSweep;
  readonly #entityOf = new Map<number, number>();
  readonly #ticks: { readonly points: number; readonly watermarkMs: number }[] = [];
  readonly #reading = { low: 0, high: 0, ms: 0, intervalMs: 0, excess: 0, historical: 0 };
  readonly #low: Column;
  readonly #high: Column;
  #run = 0;

  constructor(setup: EntityDeskSetup) {
    this.#setup = setup;
    this.#low = setup.shelf.series.column('idLow');
    this.#high = setup.shelf.series.column('idHigh');
    this.#sweep = new StaleSweep(this.#tables.entities, setup.ttlMs);
  }

  /** Notes a tick behind the points gathered so far. */
  tick(watermarkMs: number): void {
    this.#ticks.push({ points: this.#setup.gatherer.points, watermarkMs });
  }

  /** Takes in the event time of a batch; what was gathered before must have been settled if that is another hour. */
  observe(span: LiveSpan, sink: EntitySink): void {
    this.#sweep.observe(span);
    this.#sweep.step(
      () => {},
      (entity) => this.#giveUp(entity, sink),
    );
  }

  /** Tells the episodes of a call and what they and the ticks among them come to for entities, in the log's order. */
  settle(input: DetectInput, scored: DetectOutput | undefined, sink: EntitySink): void {
    const episodes = scored?.episodes ?? [];
    this.#run = 0;
    let told = 0;
    for (const { points, watermarkMs } of this.#ticks) {
      for (; (episodes[told]?.point ?? points) < points; told++) {
        sink.episode(episodes[told] as EpisodeEvent);
      }
      if (scored !== undefined) this.#note(input, scored, points);
      for (const event of this.#watch.advance(watermarkMs)) this.#tell(event, sink);
    }
    this.#ticks.length = 0;
    for (; told < episodes.length; told++) sink.episode(episodes[told] as EpisodeEvent);
    if (scored !== undefined) this.#note(input, scored, Number.POSITIVE_INFINITY);
  }

  /** Forgets which entity the series of a row had. */
  forget(row: number): void {
    this.#entityOf.delete(row);
  }

  *entries(): Generator<StateEntry> {
    yield* numbered('entity', this.#tables.entities.takeDirty());
    yield* numbered('entity-reading', this.#tables.readings.takeDirty());
    yield* numbered('entity-episode', this.#tables.episodes.takeDirty());
    yield* single('entity-time', this.#watch);
    yield* single('entity-sweep', this.#sweep);
  }

  /** Puts an entry of its own back; returns whether it was one. */
  restore(name: string, number: number, value: Uint8Array | null): boolean {
    const { entities, readings, episodes } = this.#tables;
    if (name === 'entity') entities.readPage(number, value);
    else if (name === 'entity-reading') readings.readPage(number, value);
    else if (name === 'entity-episode') episodes.readPage(number, value);
    else if (name === 'entity-time' && value !== null) this.#watch.restore(value);
    else if (name === 'entity-sweep' && value !== null) this.#sweep.restore(value);
    else return false;
    return true;
  }

  /** Rebuilds what is not saved, once all entries are back. */
  rebuild(): void {
    this.#watch.rebuild();
    this.#entityOf.clear();
  }

  /** Notes what the points before `until` say of their entities. */
  #note(input: DetectInput, scored: DetectOutput, until: number): void {
    if (!this.#setup.enabled) return;
    for (; this.#run < input.runs && (input.starts[this.#run] as number) < until; this.#run++) {
      const start = input.starts[this.#run] as number;
      const end = start + (input.counts[this.#run] as number);
      for (let i = start; i < end; i++) {
        if ((scored.excess[i] as number) >= LEAST_EXCESS) this.#notePoint(input, scored, i);
      }
    }
  }

  #notePoint(input: DetectInput, scored: DetectOutput, i: number): void {
    const row = input.rows[this.#run] as number;
    const entity = this.#entityOf.get(row) ?? this.#findEntity(row, i);
    if (entity === NO_ENTITY) return;
    this.#sweep.hear(entity);
    const reading = this.#reading;
    reading.low = this.#low.view(row)[this.#low.index(row)] as number;
    reading.high = this.#high.view(row)[this.#high.index(row)] as number;
    reading.ms = input.timestamps[i] as number;
    reading.intervalMs = scored.intervalMs[i] as number;
    reading.excess = scored.excess[i] as number;
    reading.historical = input.historical[this.#run] as number;
    this.#watch.note(entity, reading);
  }

  #findEntity(row: number, point: number): number {
    const { definitionOf, gatherer, shelf } = this.#setup;
    const definition = definitionOf(row);
    const low = idLow(definition.entityId, 0);
    const high = idHigh(definition.entityId, 0);
    let entity = this.#watch.find(low, high);
    if (entity < 0) {
      const owner = entityOwner(definition, gatherer.contextOf(point)?.service ?? null);
      const text = owner === undefined ? undefined : shelf.texts.add(ownerText(owner));
      entity = text === undefined ? NO_ENTITY : this.#watch.add(low, high, text);
    }
    if (this.#entityOf.size >= MOST_CACHED) this.#entityOf.clear();
    this.#entityOf.set(row, entity);
    return entity;
  }

  #giveUp(entity: number, sink: EntitySink): void {
    const text = this.#watch.textOf(entity);
    const owner = this.#ownerOf(entity);
    for (const event of this.#watch.evict(entity)) sink.entity(this.#record(event, owner));
    this.#setup.shelf.texts.remove(text);
    this.#entityOf.clear();
  }

  #tell(event: EntityEvent, sink: EntitySink): void {
    sink.entity(this.#record(event, this.#ownerOf(event.entity)));
  }

  #record(event: EntityEvent, owner: EntityOwner): Anomaly {
    const { shelf, definitionOf, modelSet } = this.#setup;
    const find = ({ low, high }: EntityShare): SeriesDefinition | undefined => {
      const row = shelf.find(low, high);
      return row < 0 ? undefined : definitionOf(row);
    };
    return entityAnomaly(event, owner, find, modelSet);
  }

  #ownerOf(entity: number): EntityOwner {
    const text = this.#setup.shelf.texts.get(this.#watch.textOf(entity)).toString();
    const saved = JSON.parse(text) as Omit<EntityOwner, 'entityId'> & { readonly id: string };
    const { id, ...owner } = saved;
    return { ...owner, entityId: Uint8Array.from(Buffer.from(id, 'hex')) };
  }
}

function ownerText({ entityId, ...owner }: EntityOwner): Buffer {
  return Buffer.from(JSON.stringify({ ...owner, id: Buffer.from(entityId).toString('hex') }));
}
