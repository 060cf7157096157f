import { type Column, type ColumnSpec, PagedTable } from '../../runtime/state/paged-table.ts';
import { SeriesIndex } from '../../runtime/state/series-index.ts';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import { writeId } from '../../schemas/identity.ts';
import { heardColumns, StaleSweep } from '../stale-sweep.ts';
import type { ContextBook } from './context-book.ts';
import { sequenceColumns } from './sequencer.ts';

/** Columns of a series in enrich, 30 bytes a row. */
export const registerColumns: readonly ColumnSpec[] = [
  { name: 'idLow', type: 'u32' },
  { name: 'idHigh', type: 'u32' },
  { name: 'context', type: 'u32' },
  { name: 'labelHash', type: 'u16' },
  ...heardColumns,
  ...sequenceColumns,
];

/** What became of a definition. */
export type Registration = 'known' | 'new' | 'collision' | 'limit' | 'memory';

/** Share of the room from which on not every tenant’s new series are taken in any more. */
const TIGHT = 0.9;

/** How long and how many series a register holds. */
export interface RegisterLimits {
  /** After so long a series that is not heard of is given up. */
  readonly ttlMs: number;
  /** Most series, of all tenants together. */
  readonly maxSeries: number;
}

/** A series that was given up. */
export interface EvictedSeries {
  readonly seriesId: Uint8Array;
  readonly tenant: string;
  readonly metric: string;
}

/**
 * Knows every series of a task by its id: its context, and enough of its labels to notice a foreign set under its id.
 */
export class SeriesRegister {
  readonly table: PagedTable = new PagedTable(registerColumns);
  readonly sweep: StaleSweep;
  readonly #index = new SeriesIndex(this.table);
  readonly #labelHash: Column = this.table.column('labelHash');
  readonly #context: Column = this.table.column('context');
  readonly #low: Column = this.table.column('idLow');
  readonly #high: Column = this.table.column('idHigh');
  readonly #contexts: ContextBook;
  readonly #maxSeries: number;
  readonly #perTenant = new Map<string, number>();

  constructor(contexts: ContextBook, { ttlMs, maxSeries }: RegisterLimits) {
    this.#contexts = contexts;
    this.#maxSeries = maxSeries;
    this.sweep = new StaleSweep(this.table, ttlMs);
  }

  /** Series that there is room for still. */
  get room(): number {
    return Math.max(0, this.#maxSeries - this.table.liveRows);
  }

  /** Returns the row of a series, or -1. */
  find(low: number, high: number): number {
    return this.#index.find(low, high);
  }

  /** Takes a definition; `limit` is how many series the tenant may have in this task. */
  define(definition: SeriesDefinition, low: number, high: number, limit: number): Registration {
    const hash = labelHash(definition);
    const row = this.#index.find(low, high);
    if (row >= 0) {
      return this.#labelHash.view(row)[this.#labelHash.index(row)] === hash ? 'known' : 'collision';
    }
    const { tenant } = definition;
    const count = this.#perTenant.get(tenant) ?? 0;
    if (count >= limit) return 'limit';
    if (!this.hasRoom(tenant)) return 'memory';
    this.#perTenant.set(tenant, count + 1);
    const created = this.#index.insert(low, high);
    this.#labelHash.view(created)[this.#labelHash.index(created)] = hash;
    this.#context.view(created)[this.#context.index(created)] = this.#contexts.place(definition);
    this.sweep.hear(created);
    return 'new';
  }

  /** Gives up the series in a row: its place, in the table and in its tenant’s limit, is free again. */
  evict(row: number): EvictedSeries {
    const { tenant, metric } = this.#contexts.key(this.contextOf(row));
    const seriesId = new Uint8Array(8);
    const low = this.#low.view(row)[this.#low.index(row)] ?? 0;
    writeId(seriesId, 0, low, this.#high.view(row)[this.#high.index(row)] ?? 0);
    const count = (this.#perTenant.get(tenant) ?? 0) - 1;
    if (count > 0) this.#perTenant.set(tenant, count);
    else this.#perTenant.delete(tenant);
    this.#index.remove(row);
    return { seriesId, tenant, metric };
  }

  /** Whether the tenant has as many series as it may have in this task. */
  isFull(tenant: string, limit: number): boolean {
    return (this.#perTenant.get(tenant) ?? 0) >= limit;
  }

  /**
   * Whether there is room for another series of a tenant.
   *
   * The last tenth is for tenants that hold less than an even share: one that explodes fills what is left of its own
   * and not what is left for others.
   */
  hasRoom(tenant: string): boolean {
    const held = this.table.liveRows;
    if (held < TIGHT * this.#maxSeries) return true;
    const own = this.#perTenant.get(tenant) ?? 0;
    const tenants = this.#perTenant.size + (own === 0 ? 1 : 0);
    return held < this.#maxSeries && own < this.#maxSeries / tenants;
  }

  /** Context number of the series in a row. */
  contextOf(row: number): number {
    return this.#context.view(row)[this.#context.index(row)] ?? 0;
  }

  /** Rebuilds what is not saved, once all pages and contexts are back. */
  rebuild(): void {
    this.#index.rebuild();
    this.#perTenant.clear();
    for (let row = 0; row < this.table.rowCount; row++) {
      if (!this.table.isLive(row)) continue;
      const tenant = this.#contexts.tenant(this.contextOf(row));
      this.#perTenant.set(tenant, (this.#perTenant.get(tenant) ?? 0) + 1);
    }
  }
}

/** 16 bits of FNV-1a over name and sorted labels: independent of the id’s hash, so a collision of both is 2^-80. */
function labelHash({ name, labels }: SeriesDefinition): number {
  let hash = 0x811c9dc5;
  const mix = (text: string): void => {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 0x1ff, 0x01000193);
  };
  mix(name);
  for (const label of Object.keys(labels).sort()) {
    mix(label);
    mix(labels[label] ?? '');
  }
  return (hash ^ (hash >>> 16)) & 0xffff;
}
