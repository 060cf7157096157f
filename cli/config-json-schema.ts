import { configSchema } from '../pipelines/config.ts';
import { describeOptions, type OptionSchema } from '../runtime/options/option-schema.ts';
import { quantityOf } from '../runtime/options/quantity.ts';

const PATTERNS = {
  duration: '^(\\d+(\\.\\d+)?(ms|[smhdw]))+$',
  size: '^\\d+(\\.\\d+)? ?([kMGT]B|[KMGT]iB|B)$',
  plain: '^\\d+(\\.\\d+)? ?%$',
} as const;

/**
 * Builds the JSON Schema of `vigie.yaml` for editors: the configuration’s own, and beside every number the texts that
 * are read as one (`5m`, `512MiB`, `5%`, `${VAR}`).
 */
export function configJsonSchema(): OptionSchema {
  const schema = widen(describeOptions(configSchema), '') as OptionSchema;
  return {
    ...schema,
    $id: 'https://vigie.invalid/schema/vigie.schema.json',
    title: 'vigie.yaml',
  } as OptionSchema;
}

function widen(schema: unknown, name: string): unknown {
  if (Array.isArray(schema)) return schema.map((each) => widen(each, name));
  if (typeof schema !== 'object' || schema === null) return schema;
  const node = schema as OptionSchema;
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === 'properties') {
      const entries = Object.entries(value as object).map(([option, each]) => [
        option,
        widen(each, option),
      ]);
      copy[key] = Object.fromEntries(entries);
    } else {
      copy[key] = key === 'default' || key === 'enum' ? value : widen(value, name);
    }
  }
  return node.type === 'number' || node.type === 'integer' ? withTexts(copy, name) : copy;
}

function withTexts(
  { description, default: byDefault, unit, ...number }: Record<string, unknown>,
  name: string,
): object {
  const text = { type: 'string', pattern: `${PATTERNS[quantityOf(name)]}|^\\$\\{` };
  const outer = Object.entries({ description, default: byDefault, unit }).filter(
    ([, value]) => value !== undefined,
  );
  return { ...Object.fromEntries(outer), anyOf: [bounded(number), text] };
}

/** Leaves the limits of safe integers out, which say nothing to a person. */
function bounded(number: Record<string, unknown>): object {
  return Object.fromEntries(
    Object.entries(number).filter(
      ([, value]) => Math.abs(Number(value)) !== Number.MAX_SAFE_INTEGER,
    ),
  );
}
