import type { Catalog, CatalogKinds } from '../operators/catalog.ts';
import type { KernelOutput } from '../runtime/kernel.ts';
import type { SlotReader } from '../runtime/slot.ts';
import type { Codec } from '../schemas/codec.ts';
import { decodeRecord } from './decode-record.ts';

const catalogRecords = [
  'TenantDefinition',
  'MetricDefinition',
  'ServiceDefinition',
  'ReceiverDefinition',
  'RouteDefinition',
] as const;

type Definition = {
  [K in keyof CatalogKinds]: { name: K; value: CatalogKinds[K] };
}[keyof CatalogKinds];

/**
 * Feeds records of the `catalog` topic to a stage’s catalog; receivers and routes are for others and passed over.
 *
 * What came in is part of the task’s state: a replay meets the definitions that the first run met, not those that came
 * later. Saved entries are numbered in the order in which they first came in.
 */
export class CatalogReader {
  readonly #codec: Codec;
  readonly #catalog: Catalog;
  /** Number of each version of each definition, and its text. */
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #unsaved = new Set<number>();
  #restored: string[] = [];

  constructor(codec: Codec, catalog: Catalog) {
    this.#codec = codec;
    this.#catalog = catalog;
  }

  /** Takes the current record; one that cannot be read is rejected, and what was known before holds. */
  read(input: SlotReader, output: KernelOutput): void {
    if (input.value === null) return;
    const decoded = decodeRecord(this.#codec, input, catalogRecords, output);
    if (decoded === undefined) return;
    if (decoded.name === 'ReceiverDefinition' || decoded.name === 'RouteDefinition') return;
    const number = this.#put(decoded);
    if (number !== undefined) this.#unsaved.add(number);
  }

  /** Yields the definitions that came in and were not yielded yet; more may come in between two. */
  *takeUnsaved(): Generator<readonly [number: number, bytes: Uint8Array]> {
    for (const number of [...this.#unsaved]) {
      this.#unsaved.delete(number);
      yield [number, Buffer.from(this.#texts[number] ?? '')];
    }
  }

  /** Takes a saved definition back; they may come in any order, `settle` is called when all are there. */
  restore(number: number, bytes: Uint8Array): void {
    this.#restored[number] = Buffer.from(bytes).toString();
  }

  /** Puts what was restored into the catalog, in the order in which it had come in. */
  settle(): void {
    for (const text of this.#restored) this.#put(JSON.parse(text) as Definition);
    this.#restored = [];
  }

  /** Puts a definition in; returns its number unless it is known as it is. */
  #put({ name, value }: Definition): number | undefined {
    const place = 'name' in value ? value.name : '';
    const key = JSON.stringify([name, value.tenant, place, value.effectiveFromMs]);
    const text = JSON.stringify({ name, value });
    const number = this.#numbers.get(key) ?? this.#texts.length;
    if (this.#texts[number] === text) return undefined;
    this.#numbers.set(key, number);
    this.#texts[number] = text;
    this.#catalog.put(name, value);
    return number;
  }
}
