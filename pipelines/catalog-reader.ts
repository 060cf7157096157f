import type { Catalog } from '../operators/catalog.ts';
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

/** Feeds records of the `catalog` topic to a stage’s catalog; receivers and routes are for others and passed over. */
export class CatalogReader {
  readonly #codec: Codec;
  readonly #catalog: Catalog;

  constructor(codec: Codec, catalog: Catalog) {
    this.#codec = codec;
    this.#catalog = catalog;
  }

  /** Takes the current record; one that cannot be read is rejected, and what was known before holds. */
  read(input: SlotReader, output: KernelOutput): void {
    if (input.value === null) return;
    const decoded = decodeRecord(this.#codec, input, catalogRecords, output);
    switch (decoded?.name) {
      case 'TenantDefinition':
        return this.#catalog.put('TenantDefinition', decoded.value);
      case 'MetricDefinition':
        return this.#catalog.put('MetricDefinition', decoded.value);
      case 'ServiceDefinition':
        return this.#catalog.put('ServiceDefinition', decoded.value);
      default:
        return;
    }
  }
}
