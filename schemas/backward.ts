import type { AvroNamed, AvroRecord, AvroSchema } from './avro-schema.ts';
import { isUnion, referencedName } from './schema-files.ts';

/** Something in a schema that stops it from reading what was written before; `path` as `Alert.change.kind`. */
export interface SchemaFault {
  readonly path: string;
  readonly message: string;
}

type Names = Map<string, AvroNamed>;

interface Comparison {
  readonly readerNames: Names;
  readonly writerNames: Names;
  readonly seen: Set<string>;
  readonly faults: SchemaFault[];
}

/**
 * Lists all that stops a new schema from reading records of a former one: it must be empty for BACKWARD.
 *
 * The rules of Avro schema resolution, and one more: a symbol may not leave an enum, although readers would see the
 * default in its place, because the meaning of old records would be lost.
 *
 * @param reader the new schema, self-contained. @param writer a former one, self-contained.
 */
export function backwardFaults(reader: AvroNamed, writer: AvroNamed): readonly SchemaFault[] {
  const comparison = {
    readerNames: namesIn(reader, new Map()),
    writerNames: namesIn(writer, new Map()),
    seen: new Set<string>(),
    faults: [],
  };
  compare(reader, writer, reader.name, comparison);
  return comparison.faults;
}

function namesIn(schema: AvroSchema, names: Names): Names {
  if (typeof schema === 'string') return names;
  if (isUnion(schema)) {
    for (const branch of schema) namesIn(branch, names);
    return names;
  }
  if (schema.type === 'array') return namesIn(schema.items, names);
  if (schema.type === 'map') return namesIn(schema.values, names);
  names.set(schema.name, schema);
  if (schema.type === 'record') for (const field of schema.fields) namesIn(field.type, names);
  return names;
}

function resolved(schema: AvroSchema, names: Names): AvroSchema {
  const name = referencedName(schema) ?? (typeof schema === 'string' ? schema : undefined);
  return (name === undefined ? undefined : names.get(name)) ?? schema;
}

function compare(
  readerSchema: AvroSchema,
  writerSchema: AvroSchema,
  path: string,
  comparison: Comparison,
): void {
  const reader = resolved(readerSchema, comparison.readerNames);
  const writer = resolved(writerSchema, comparison.writerNames);
  const fault = (message: string) => comparison.faults.push({ path, message });
  if (typeof writer !== 'string' && isUnion(writer)) {
    for (const branch of writer) compare(reader, branch, path, comparison);
    return;
  }
  if (typeof reader !== 'string' && isUnion(reader)) {
    const branch = reader.find((candidate) =>
      sameKind(resolved(candidate, comparison.readerNames), writer),
    );
    if (branch === undefined) fault(`${kindOf(writer)} can no longer be read`);
    else compare(branch, writer, path, comparison);
    return;
  }
  if (!sameKind(reader, writer)) {
    fault(`${kindOf(writer)} cannot be read as ${kindOf(reader)}`);
    return;
  }
  compareParts(reader, writer, path, comparison);
}

type Complex = Exclude<AvroSchema, string | readonly AvroSchema[]>;

function compareParts(
  reader: Exclude<AvroSchema, readonly AvroSchema[]>,
  writer: Exclude<AvroSchema, readonly AvroSchema[]>,
  path: string,
  comparison: Comparison,
): void {
  if (typeof reader === 'string' || typeof writer === 'string') return;
  const pair: readonly [Complex, Complex] = [reader, writer];
  if (reader.type === 'array' && writer.type === 'array') {
    compare(reader.items, writer.items, `${path}[]`, comparison);
  } else if (reader.type === 'map' && writer.type === 'map') {
    compare(reader.values, writer.values, `${path}{}`, comparison);
  } else if (reader.type === 'record' && writer.type === 'record') {
    compareFields(reader, writer, path, comparison);
  } else {
    compareLeaves(pair, path, comparison.faults);
  }
}

function compareFields(
  reader: AvroRecord,
  writer: AvroRecord,
  path: string,
  comparison: Comparison,
): void {
  if (comparison.seen.has(reader.name)) return;
  comparison.seen.add(reader.name);
  for (const field of reader.fields) {
    const former = writer.fields.find((candidate) => candidate.name === field.name);
    const fieldPath = `${path}.${field.name}`;
    if (former !== undefined) compare(field.type, former.type, fieldPath, comparison);
    else if (!('default' in field)) {
      comparison.faults.push({ path: fieldPath, message: 'a new field needs a default' });
    }
  }
}

function compareLeaves(
  [reader, writer]: readonly [Complex, Complex],
  path: string,
  faults: SchemaFault[],
): void {
  if (reader.type === 'fixed' && writer.type === 'fixed' && reader.size !== writer.size) {
    faults.push({ path, message: `size was ${writer.size}, now is ${reader.size}` });
  }
  if (reader.type !== 'enum' || writer.type !== 'enum') return;
  for (const symbol of writer.symbols) {
    if (!reader.symbols.includes(symbol)) {
      faults.push({ path, message: `symbol ${symbol} was removed` });
    }
  }
}

/** What a primitive of the writer may become in the reader. */
const promotions: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
};

function sameKind(reader: AvroSchema, writer: AvroSchema): boolean {
  const readerKind = kindOf(reader);
  const writerKind = kindOf(writer);
  return readerKind === writerKind || promotions[writerKind]?.includes(readerKind) === true;
}

function kindOf(schema: AvroSchema): string {
  if (typeof schema === 'string') return schema;
  if (isUnion(schema)) return 'union';
  return 'name' in schema ? `${schema.type} ${schema.name}` : schema.type;
}
