import { z } from 'zod';

/** The part of JSON Schema that options use; what `z.toJSONSchema` writes for them. */
export interface OptionSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, OptionSchema>>;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly unit?: string;
  readonly secret?: boolean;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly additionalProperties?: boolean | OptionSchema;
  readonly propertyNames?: OptionSchema;
  readonly required?: readonly string[];
  readonly items?: OptionSchema;
  readonly anyOf?: readonly OptionSchema[];
  readonly oneOf?: readonly OptionSchema[];
  readonly allOf?: readonly OptionSchema[];
}

/**
 * Describes options as data, from their zod schema: what documentation, editors and fault messages are made of.
 *
 * It is the input side: keys with a default are not required.
 */
export function describeOptions(schema: z.ZodType): OptionSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as OptionSchema;
}

/** Follows references and single-entry `allOf` to the schema that says something itself; keeps the referrer’s own words. */
export function resolveSchema(root: OptionSchema, schema: OptionSchema): OptionSchema {
  let current = schema;
  for (let hops = 0; hops < 32; hops++) {
    const only = current.allOf?.length === 1 ? current.allOf[0] : undefined;
    const target = current.$ref === undefined ? only : referenced(root, current.$ref);
    if (target === undefined) return current;
    const { $ref: _ref, allOf: _allOf, $defs: _defs, ...own } = current;
    current = { ...target, ...own };
  }
  return current;
}

function referenced(root: OptionSchema, reference: string): OptionSchema | undefined {
  if (reference === '#') return { ...root, $ref: undefined } as unknown as OptionSchema;
  const name = /^#\/\$defs\/(.+)$/.exec(reference)?.[1];
  return name === undefined
    ? undefined
    : root.$defs?.[decodeURIComponent(name).replaceAll('~1', '/')];
}

/** Lists the alternatives a value may take: the branches of unions, flattened and resolved; else the schema itself. */
export function schemaBranches(root: OptionSchema, schema: OptionSchema): readonly OptionSchema[] {
  const resolved = resolveSchema(root, schema);
  const branches = resolved.anyOf ?? resolved.oneOf;
  return branches === undefined
    ? [resolved]
    : branches.flatMap((branch) => schemaBranches(root, branch));
}

/**
 * Picks the branch a mapping was meant for: all its constant keys match, and as many as possible of its keys are known.
 */
export function branchForMap(
  root: OptionSchema,
  schema: OptionSchema,
  value: Readonly<Record<string, unknown>>,
): OptionSchema | undefined {
  let best: OptionSchema | undefined;
  let bestKnown = -1;
  for (const branch of schemaBranches(root, schema)) {
    if (!accepts(branch, 'object') || !constantsMatch(branch, value)) continue;
    const known = Object.keys(value).filter((key) => branch.properties?.[key] !== undefined).length;
    if (known > bestKnown) [best, bestKnown] = [branch, known];
  }
  return best;
}

function constantsMatch(branch: OptionSchema, value: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(branch.properties ?? {}).every(
    ([key, property]) =>
      property.const === undefined || value[key] === undefined || value[key] === property.const,
  );
}

/** Tells whether a resolved schema without branches takes values of a JSON type; integers count as numbers. */
export function accepts(
  schema: OptionSchema,
  type: 'string' | 'number' | 'boolean' | 'object' | 'array',
): boolean {
  if (schema.type === undefined) {
    const values = schema.const === undefined ? schema.enum : [schema.const];
    return (
      values?.some((value) => typeof value === type) ??
      (type === 'object' && schema.properties !== undefined)
    );
  }
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type;
  return types.includes(type) || (type === 'number' && types.includes('integer'));
}

/** The schema of a key of a mapping, or `undefined` where no such key may stand. */
export function schemaOfKey(schema: OptionSchema, key: string): OptionSchema | undefined {
  const own = schema.properties;
  if (own !== undefined && Object.hasOwn(own, key)) return own[key];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
