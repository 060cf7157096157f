import type { Catalog } from '../operators/catalog.ts';
import type { SlotReader } from '../runtime/slot.ts';
import type { Codec } from '../schemas/codec.ts';

/** Feeds records of the `catalog` topic to a stage’s catalog; receivers and routes are for others and passed over. */
export class CatalogReader {
  readonly #codec: Codec;
  readonly #catalog: Catalog;

  constructor(codec: Codec, catalog: Catalog) {
    this.#codec = codec;
    this.#catalog = catalog;
  }

  read({ value }: SlotReader): void {
    if (value === null) return;
    const decoded = this.#codec.decode(value, [
      'TenantDefinition',
      'MetricDefinition',
      'ServiceDefinition',
      'ReceiverDefinition',
      'RouteDefinition',
    ]);
    switch (decoded.name) {
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
