import type { SchemaIds } from './codec.ts';
import type { RecordName } from './generated/record-types.ts';
import { schemaTexts } from './generated/schema-texts.ts';

/** Where schema ids come from: files of this repository or a Confluent-API server. */
export interface SchemaRegistry {
  /**
   * Gives the id of a schema, registering it first where the registry takes new ones.
   *
   * @throws PipelineError `REGISTRY_UNAVAILABLE` (retry) when it did not answer; `SCHEMA_INCOMPATIBLE` when it refuses
   *   the schema as not BACKWARD; `SCHEMA_UNREGISTERED` (stop) when it takes no new ones.
   */
  register(name: RecordName, schemaJson: string): Promise<number>;
  /**
   * Gives the schema text behind an id, or `undefined` for an id it does not know.
   *
   * The text is what was registered and need not be Avro; `Codec.learn` takes it as it is.
   *
   * @throws PipelineError `REGISTRY_UNAVAILABLE` (retry) when it did not answer.
   */
  fetch(id: number): Promise<string | undefined>;
}

/**
 * Registers every record of the product and gives their ids, for `Codec`.
 *
 * @throws PipelineError as `register` does, for the first record that is refused.
 */
export async function registerRecords(registry: SchemaRegistry): Promise<SchemaIds> {
  const ids: Partial<Record<RecordName, number>> = {};
  for (const name of Object.keys(schemaTexts) as RecordName[]) {
    ids[name] = await registry.register(name, schemaTexts[name]);
  }
  return ids as SchemaIds;
}
