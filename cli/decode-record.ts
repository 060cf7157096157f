import { PipelineError } from '../runtime/errors.ts';
import type { Codec, DecodedRecord } from '../schemas/codec.ts';
import { frameSchemaId } from '../schemas/frame.ts';
import type { RecordName } from '../schemas/generated/record-types.ts';
import { schemaTexts } from '../schemas/generated/schema-texts.ts';
import type { SchemaRegistry } from '../schemas/registry.ts';

const everyRecord = Object.keys(schemaTexts) as RecordName[];

/** A value as far as it could be read: a record, or why not. */
export type DecodedValue = DecodedRecord | { readonly name: undefined; readonly fault: string };

/** Learns the writer schemas of these values that the codec does not know yet. @throws PipelineError when the registry does not answer. */
export async function learnSchemas(
  codec: Codec,
  registry: SchemaRegistry,
  values: Iterable<Uint8Array | null>,
): Promise<void> {
  for (const value of values) {
    const id = value === null ? undefined : frameSchemaId(value);
    if (id === undefined || codec.knows(id)) continue;
    const text = await registry.fetch(id);
    if (text !== undefined) codec.learn(id, text);
  }
}

/** Decodes a value as whatever record it is; a fault is an answer, not an exception. */
export function decodeValue(codec: Codec, value: Uint8Array): DecodedValue {
  try {
    return codec.decode(value, everyRecord);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return { name: undefined, fault: `${error.code}: ${error.message}` };
  }
}
