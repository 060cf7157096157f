import { isPlainMap, OptionText } from './option-document.ts';
import {
  accepts,
  branchForMap,
  type OptionSchema,
  schemaBranches,
  schemaOfKey,
} from './option-schema.ts';
import { readQuantity } from './quantity.ts';

/**
 * Gives every value the type its option has: `5m` becomes 300,000 where a number of milliseconds is wanted, `512MiB`
 * bytes, `5%` 0.05, and bare text a number, boolean, list or string.
 *
 * What cannot be read stays as written, so that the fault shows it. `name` is the option’s own key; entries of a list
 * take the list’s. Cost: one pass over the tree.
 */
export function settleOptions(
  root: OptionSchema,
  schema: OptionSchema,
  value: unknown,
  name = '',
): unknown {
  if (value instanceof OptionText)
    return settleText(schemaBranches(root, schema), value.text, name);
  if (typeof value === 'string') return settleString(schemaBranches(root, schema), value, name);
  if (Array.isArray(value)) {
    const items =
      schemaBranches(root, schema).find((branch) => accepts(branch, 'array'))?.items ?? {};
    return value.map((item) => settleOptions(root, items, item, name));
  }
  if (!isPlainMap(value)) return value;
  const branch = branchForMap(root, schema, settledScalars(value)) ?? {};
  const settled: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    // Keys of a free mapping are no option names: the mapping's own name says the unit of its values.
    const unitName = branch.properties?.[key] === undefined ? name : key;
    settled[key] = settleOptions(root, schemaOfKey(branch, key) ?? {}, entry, unitName);
  }
  return settled;
}

function settledScalars(map: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(map).map(([key, value]) => [
    key,
    value instanceof OptionText ? value.text : value,
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function settleString(branches: readonly OptionSchema[], text: string, name: string): unknown {
  if (branches.some((branch) => accepts(branch, 'string'))) {
    // `auto` of a number-or-word option stays a word; `5m` of one is still a number.
    const open = branches.some((branch) => accepts(branch, 'string') && !isClosed(branch));
    if (open || !branches.some((branch) => accepts(branch, 'number'))) return text;
  }
  if (!branches.some((branch) => accepts(branch, 'number'))) return text;
  // A quoted bare number was meant as text: only units make a string a number.
  return /^[-+.\d]+$/.test(text.trim()) ? text : (readQuantity(name, text) ?? text);
}

function settleText(branches: readonly OptionSchema[], text: string, name: string): unknown {
  const takes = (type: Parameters<typeof accepts>[1]) =>
    branches.some((branch) => accepts(branch, type));
  if (takes('number')) {
    const number = readQuantity(name, text);
    if (number !== undefined) return number;
  }
  if (takes('boolean') && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (!takes('string') && takes('array')) return settleList(branches, text, name);
  if (branches.length === 1 && branches[0]?.type === undefined && text === '') return null;
  return text;
}

function settleList(branches: readonly OptionSchema[], text: string, name: string): unknown[] {
  const items = branches.find((branch) => accepts(branch, 'array'))?.items ?? {};
  const inner = text.trim().replace(/^\[(.*)\]$/s, '$1');
  if (inner.trim() === '') return [];
  return inner.split(',').map((entry) => settleText([items], entry.trim(), name));
}

function isClosed(branch: OptionSchema): boolean {
  return branch.const !== undefined || branch.enum !== undefined;
}
