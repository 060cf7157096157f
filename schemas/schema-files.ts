import { readdirSync, readFileSync } from 'node:fs';
import type { AvroNamed, AvroSchema } from './avro-schema.ts';
import { schemaNamespace } from './avro-schema.ts';

/** The schemas of a folder by short name, each as its file has it. */
export type SchemaFiles = ReadonlyMap<string, AvroNamed>;

/**
 * Reads every `.avsc` file of a folder, in order of file name.
 *
 * @throws Error when a file is not JSON, or is not named after the type it holds.
 */
export function readSchemaFiles(folder: URL): SchemaFiles {
  const schemas = new Map<string, AvroNamed>();
  const files = readdirSync(folder).filter((file) => file.endsWith('.avsc'));
  for (const file of files.sort()) {
    const schema = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as AvroNamed;
    if (file !== `${kebabCase(schema.name)}.avsc`) {
      throw new Error(`${file} holds ${schema.name}; name it ${kebabCase(schema.name)}.avsc`);
    }
    schemas.set(schema.name, schema);
  }
  return schemas;
}

/** Turns the name of a type into the name of its file, without extension. */
export function kebabCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}

/** Returns the short name that a reference `io.vigie.Name` points to, or undefined for anything else. */
export function referencedName(schema: AvroSchema): string | undefined {
  if (typeof schema !== 'string' || !schema.startsWith(`${schemaNamespace}.`)) return undefined;
  return schema.slice(schemaNamespace.length + 1);
}

/**
 * Returns a schema that needs no other file: each reference is replaced by the type at its first place.
 *
 * @throws Error when a reference points to no file.
 */
export function selfContained(name: string, files: SchemaFiles): AvroNamed {
  const schema = files.get(name);
  if (schema === undefined) throw new Error(`no schema file holds ${name}`);
  return inline(schema, files, new Set()) as AvroNamed;
}

function inline(schema: AvroSchema, files: SchemaFiles, seen: Set<string>): AvroSchema {
  if (typeof schema === 'string') {
    const name = referencedName(schema);
    if (name === undefined || seen.has(name)) return schema;
    const target = files.get(name);
    if (target === undefined) throw new Error(`${schema} is in no schema file`);
    return inline(target, files, seen);
  }
  if (isUnion(schema)) return schema.map((branch) => inline(branch, files, seen));
  switch (schema.type) {
    case 'array':
      return { ...schema, items: inline(schema.items, files, seen) };
    case 'map':
      return { ...schema, values: inline(schema.values, files, seen) };
    case 'record': {
      seen.add(schema.name);
      const fields = schema.fields.map((field) => ({
        ...field,
        type: inline(field.type, files, seen),
      }));
      return { ...schema, fields };
    }
    default:
      seen.add(schema.name);
      return schema;
  }
}

/** Tells whether a schema is a union. */
export function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema);
}
