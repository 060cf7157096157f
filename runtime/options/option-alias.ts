import { isPlainMap, type OptionDocument, OptionText } from './option-document.ts';
import { describeUnknownKey } from './option-issue.ts';
import {
  formatOptionOrigin,
  formatOptionPath,
  type OptionFault,
  type OptionOrigin,
  type OptionPath,
} from './option-origin.ts';
import type { OptionOverlay } from './options.ts';

/**
 * A second name of an option, or a name that is known and refused.
 *
 * With `to` the value goes there, through `convert` where its scale differs. Without, setting it is a fault that says
 * `refusal`, unless the value is `harmless`: it asks for what is so anyway.
 */
export interface OptionAlias {
  readonly name: string;
  readonly to?: OptionPath;
  readonly convert?: (value: unknown) => unknown;
  readonly refusal?: string;
  readonly harmless?: (value: unknown) => boolean;
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
  const reader = new AliasSections(aliases, document);
  for (const section of new Set(aliases.map(({ name }) => name.split('.')[0] ?? ''))) {
    const value = document.root[section];
    if (value !== undefined && value !== null) reader.visit(value, [section]);
    delete document.root[section];
  }
  return reader;
}

class AliasSections implements AliasResult {
  readonly overlays: OptionOverlay[] = [];
  readonly faults: OptionFault[] = [];
  readonly #aliases: readonly OptionAlias[];
  readonly #document: OptionDocument;

  constructor(aliases: readonly OptionAlias[], document: OptionDocument) {
    this.#aliases = aliases;
    this.#document = document;
  }

  visit(value: unknown, path: OptionPath): void {
    const name = formatOptionPath(path);
    const alias = this.#aliases.find((each) => each.name === name);
    if (alias !== undefined) this.#take(alias, value);
    else if (isPlainMap(value) && this.#names(name).length > 0) {
      for (const [key, entry] of Object.entries(value)) this.visit(entry, [...path, key]);
    } else this.#refuse(path);
  }

  #take(alias: OptionAlias, value: unknown): void {
    const { places } = this.#document;
    const origin = places.get(alias.name)?.value ?? { kind: 'argument', text: alias.name };
    const doubled = alias.to === undefined ? undefined : places.get(formatOptionPath(alias.to));
    if (doubled === undefined) apply(alias, value, origin, alias.name, this.overlays, this.faults);
    else {
      const message = doubledMessage(alias.to ?? [], doubled.key);
      this.faults.push({ origin, path: alias.name, message });
    }
  }

  #refuse(path: OptionPath): void {
    const name = formatOptionPath(path);
    const parent = formatOptionPath(path.slice(0, -1));
    const known = this.#names(parent).map(
      (each) => each.slice(parent.length + 1).split('.')[0] ?? '',
    );
    const origin = this.#document.places.get(name)?.key ?? { kind: 'argument', text: name };
    const message = describeUnknownKey(String(path.at(-1)), [...new Set(known)]);
    this.faults.push({ origin, path: name, message });
  }

  #names(section: string): string[] {
    return this.#aliases.map(({ name }) => name).filter((name) => name.startsWith(`${section}.`));
  }
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
  const plain = value instanceof OptionText ? settledText(value.text) : value;
  if (alias.harmless?.(plain) === true) return;
  faults.push({ origin, path, message: `refused: ${alias.refusal ?? 'not supported'}` });
}

/** Reads bare text that no option gives a type: truth values as such, everything else as text. */
function settledText(text: string): unknown {
  return text === 'true' || text === 'false' ? text === 'true' : text;
}
