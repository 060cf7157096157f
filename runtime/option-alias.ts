import { isPlainMap, type OptionDocument, OptionText } from './option-document.ts';
import { describeUnknownKey } from './option-issue.ts';
import {
  formatOptionOrigin,
  formatOptionPath,
  type OptionFault,
  type OptionOrigin,
  type OptionPath,
} from './option-origin.ts';
import { type OptionOverlay, valueAt } from './options.ts';

/**
 * A second name of an option, or a name that is known and refused.
 *
 * With `to` the value goes there, through `convert` where its scale differs. Without, setting it is a fault that says
 * `refusal`, unless the value is one of `harmless` (asks for what is so anyway).
 */
export interface OptionAlias {
  readonly name: string;
  readonly to?: OptionPath;
  readonly convert?: (value: unknown) => unknown;
  readonly refusal?: string;
  readonly harmless?: readonly unknown[];
}

/** What aliases came to: values to lay over the options, and faults. */
export interface AliasResult {
  readonly overlays: readonly OptionOverlay[];
  readonly faults: readonly OptionFault[];
}

/** Reads the environment by a table of names; a variable that is empty counts as not set. */
export function readEnvironmentAliases(
  aliases: readonly OptionAlias[],
  environment: Readonly<Record<string, string | undefined>>,
): AliasResult {
  const overlays: OptionOverlay[] = [];
  const faults: OptionFault[] = [];
  for (const alias of aliases) {
    const text = environment[alias.name];
    if (text === undefined || text === '') continue;
    apply(
      alias,
      new OptionText(text),
      { kind: 'environment', name: alias.name },
      '',
      overlays,
      faults,
    );
  }
  return { overlays, faults };
}

/**
 * Takes the sections that aliases begin with out of a document and reads them by the table.
 *
 * A key of such a section that no alias names is a fault; so is one whose option is also set under its own name.
 */
export function takeAliasSections(
  aliases: readonly OptionAlias[],
  document: OptionDocument,
): AliasResult {
  const overlays: OptionOverlay[] = [];
  const faults: OptionFault[] = [];
  const names = aliases.map(({ name }) => name);
  const visit = (value: unknown, path: OptionPath): void => {
    const name = formatOptionPath(path);
    const place = document.places.get(name);
    const alias = aliases.find((each) => each.name === name);
    if (alias !== undefined) {
      const origin = place?.value ?? { kind: 'argument', text: name };
      const doubled =
        alias.to === undefined ? undefined : document.places.get(formatOptionPath(alias.to));
      if (doubled === undefined) apply(alias, value, origin, name, overlays, faults);
      else
        faults.push({ origin, path: name, message: doubledMessage(alias.to ?? [], doubled.key) });
    } else if (isPlainMap(value) && names.some((each) => each.startsWith(`${name}.`))) {
      for (const [key, entry] of Object.entries(value)) visit(entry, [...path, key]);
    } else {
      const parent = formatOptionPath(path.slice(0, -1));
      const siblings = names.filter((each) => each.startsWith(`${parent}.`));
      const known = [
        ...new Set(siblings.map((each) => each.slice(parent.length + 1).split('.')[0] ?? '')),
      ];
      const origin = place?.key ?? { kind: 'argument', text: name };
      faults.push({ origin, path: name, message: describeUnknownKey(String(path.at(-1)), known) });
    }
  };
  for (const section of new Set(names.map((name) => name.split('.')[0] ?? ''))) {
    const value = valueAt(document.root, [section]);
    if (value === undefined) continue;
    if (value !== null) visit(value, [section]);
    delete document.root[section];
  }
  return { overlays, faults };
}

function doubledMessage(to: OptionPath, at: OptionOrigin): string {
  return `is another name of ${formatOptionPath(to)}, which is set at ${formatOptionOrigin(at)}; keep one of them`;
}

function apply(
  alias: OptionAlias,
  value: unknown,
  origin: OptionOrigin,
  path: string,
  overlays: OptionOverlay[],
  faults: OptionFault[],
): void {
  if (alias.to !== undefined) {
    const converted = alias.convert === undefined ? value : alias.convert(value);
    overlays.push({ path: alias.to, value: converted, origin });
    return;
  }
  const plain = value instanceof OptionText ? value.text : value;
  const harmless = alias.harmless?.some(
    (each) => JSON.stringify(each) === JSON.stringify(plain) || String(each) === plain,
  );
  if (harmless !== true)
    faults.push({ origin, path, message: `refused: ${alias.refusal ?? 'not supported'}` });
}
