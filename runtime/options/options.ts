import type { z } from 'zod';
import { PipelineError } from '../errors.ts';
import { isPlainMap, type OptionDocument, type OptionMap, OptionText } from './option-document.ts';
import { describeIssue, describeUnknownKey } from './option-issue.ts';
import {
  compareOptionFaults,
  formatOptionFault,
  formatOptionPath,
  type OptionFault,
  type OptionOrigin,
  type OptionPath,
} from './option-origin.ts';
import {
  branchForMap,
  describeOptions,
  type OptionSchema,
  resolveSchema,
  schemaOfKey,
} from './option-schema.ts';
import { settleOptions } from './option-settle.ts';

/** A value laid over the file’s: from the environment or the command line. */
export interface OptionOverlay {
  readonly path: OptionPath;
  readonly value: unknown;
  readonly origin: OptionOrigin;
}

/** Checked options, and where each value that is not a default came from (by path). */
export interface ReadOptions<T> {
  readonly options: T;
  readonly origins: ReadonlyMap<string, OptionOrigin>;
}

/**
 * All faults of the options at once; code `OPTIONS_INVALID`, fate stop.
 *
 * `message` lists them one a line, in the order of the file.
 */
export class OptionsInvalid extends PipelineError {
  readonly faults: readonly OptionFault[];

  constructor(faults: readonly OptionFault[]) {
    const ordered = [...faults].sort(compareOptionFaults);
    super('OPTIONS_INVALID', ordered.map((fault) => `\n${formatOptionFault(fault)}`).join(''));
    this.name = 'OptionsInvalid';
    this.faults = ordered;
  }
}

/**
 * Checks options against their schema: file first, overlays over it, defaults under it.
 *
 * Units are read by option name (`…Ms`, `…Bytes`) and `5%` is 0.05; see `settleOptions`.
 *
 * @throws OptionsInvalid with every fault found, those of the document included.
 */
export function readOptions<S extends z.ZodType>(
  schema: S,
  document: OptionDocument,
  overlays: readonly OptionOverlay[] = [],
): ReadOptions<z.output<S>> {
  const description = describeOptions(schema);
  const places = new Map(document.places);
  const root = structuredCloneTree(document.root) as OptionMap;
  for (const { path, value, origin } of overlays) {
    layOver(root, path, value);
    places.set(formatOptionPath(path), { key: origin, value: origin });
  }
  const settled = settleOptions(description, description, root);
  const result = schema.safeParse(settled);
  const faults = [...document.faults];
  if (!result.success) {
    const origin = (path: OptionPath, part: 'key' | 'value') => originOf(places, path, part);
    const reported = new Set(faults.map((fault) => fault.path));
    const found = result.error.issues.flatMap((issue) =>
      faultsOf(issue, [], settled, description, origin),
    );
    faults.push(...found.filter((fault) => !reported.has(fault.path) || fault.path === ''));
  }
  if (faults.length > 0 || !result.success) throw new OptionsInvalid(faults);
  const origins = new Map([...places].map(([path, place]) => [path, place.value]));
  return { options: result.data, origins };
}

type OriginLookup = (path: OptionPath, part: 'key' | 'value') => OptionOrigin;

function faultsOf(
  issue: z.core.$ZodIssue,
  at: OptionPath,
  root: unknown,
  description: OptionSchema,
  origin: OriginLookup,
): OptionFault[] {
  const path: OptionPath = [...at, ...(issue.path as OptionPath)];
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(description, root, path);
    return issue.keys.map((key) => ({
      origin: origin([...path, key], 'key'),
      path: formatOptionPath([...path, key]),
      message: describeUnknownKey(key, known),
    }));
  }
  if (issue.code === 'invalid_union') {
    const branch = nearestBranch(issue);
    if (branch !== undefined)
      return branch.flatMap((each) => faultsOf(each, path, root, description, origin));
  }
  const message = describeIssue(issue, path, valueAt(root, path));
  return [{ origin: origin(path, 'value'), path: formatOptionPath(path), message }];
}

/** The branch of a union whose faults lie inside the value: it had the right type, so it was the one meant. */
function nearestBranch(
  issue: z.core.$ZodIssueInvalidUnion,
): readonly z.core.$ZodIssue[] | undefined {
  const inside = issue.errors.filter((branch) =>
    branch.every((each) => each.path.length > 0 || each.code === 'unrecognized_keys'),
  );
  return inside.toSorted((a, b) => a.length - b.length)[0];
}

function knownKeys(description: OptionSchema, root: unknown, path: OptionPath): string[] {
  let schema = resolveSchema(description, description);
  let value = root;
  for (const step of path) {
    value = valueAt(value, [step]);
    const next = typeof step === 'number' ? schema.items : schemaOfKey(schema, step);
    if (next === undefined) return [];
    schema = isPlainMap(value)
      ? (branchForMap(description, next, value) ?? {})
      : resolveSchema(description, next);
  }
  const named = schema.propertyNames?.enum?.map(String) ?? [];
  return [...Object.keys(schema.properties ?? {}), ...named];
}

function originOf(
  places: ReadonlyMap<string, { readonly key: OptionOrigin; readonly value: OptionOrigin }>,
  path: OptionPath,
  part: 'key' | 'value',
): OptionOrigin {
  const own = places.get(formatOptionPath(path));
  if (own !== undefined) return own[part];
  // A missing key is shown at the mapping it is missing from, a section that only overlays name at one of them.
  for (let length = path.length - 1; length > 0; length--) {
    const parent = places.get(formatOptionPath(path.slice(0, length)));
    if (parent !== undefined) return parent.key;
  }
  const prefix = formatOptionPath(path);
  const inside = [...places].find(([each]) => each.startsWith(`${prefix}.`));
  return inside?.[1].key ?? { kind: 'argument', text: 'options' };
}

function valueAt(root: unknown, path: OptionPath): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

function layOver(root: OptionMap, path: OptionPath, value: unknown): void {
  let map = root;
  for (const step of path.slice(0, -1)) {
    const next = map[step];
    const child: OptionMap = isPlainMap(next) ? next : {};
    map[step] = child;
    map = child;
  }
  map[String(path.at(-1))] = value;
}

/** Copies the mappings and lists of a tree, so that overlays do not change the document. */
function structuredCloneTree(value: unknown): unknown {
  if (value instanceof OptionText) return value;
  if (Array.isArray(value)) return value.map(structuredCloneTree);
  if (!isPlainMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, structuredCloneTree(entry)]),
  );
}
