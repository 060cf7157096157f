import { PipelineError } from '../runtime/errors.ts';
import type { RecordName } from './generated/record-types.ts';
import type { SchemaRegistry } from './registry.ts';
import { readSchemaVersions, withoutDocs } from './schema-versions.ts';

/**
 * The registry in the repository: ids and texts of all versions are committed, so every process agrees without a server.
 *
 * Takes no new schemas at run time; `node schemas/check.ts --accept` commits one.
 */
export class FileRegistry implements SchemaRegistry {
  readonly #ids = new Map<string, number>();
  readonly #texts = new Map<number, string>();

  /** @param folder where `ids.json` and `versions/` are. */
  constructor(folder: URL = new URL('./', import.meta.url)) {
    for (const { name, id, text } of readSchemaVersions(folder)) {
      this.#ids.set(keyOf(name, text), id);
      this.#texts.set(id, text);
    }
  }

  async register(name: RecordName, schemaJson: string): Promise<number> {
    const id = this.#ids.get(keyOf(name, withoutDocs(schemaJson)));
    if (id === undefined) throw new PipelineError('SCHEMA_UNREGISTERED', name);
    return id;
  }

  async fetch(id: number): Promise<string | undefined> {
    return this.#texts.get(id);
  }
}

function keyOf(name: string, text: string): string {
  return `${name}\n${text}`;
}
