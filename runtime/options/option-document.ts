import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from 'yaml';
import {
  formatOptionPath,
  type OptionFault,
  type OptionOrigin,
  type OptionPath,
  type OptionPlace,
} from './option-origin.ts';

/** Deepest nesting that is read; also what ends a document whose alias contains itself. */
const MAX_DEPTH = 64;

/**
 * A scalar that came as bare text (environment, command line, `${VAR}`): its option’s type decides how it is read.
 */
export class OptionText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A mapping of the options before they are checked. */
export type OptionMap = Record<string, unknown>;

/** Options as written: a tree of plain values and `OptionText`, the place of each path, and what could not be read. */
export interface OptionDocument {
  readonly root: OptionMap;
  readonly places: Map<string, OptionPlace>;
  readonly faults: OptionFault[];
}

/** The text of an options file, its name as faults are to show it, and the variables it may refer to. */
export interface OptionSource {
  readonly file: string;
  readonly text: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Makes a document with nothing in it, for when there is no file. */
export function emptyOptionDocument(): OptionDocument {
  return { root: {}, places: new Map(), faults: [] };
}

/**
 * Reads YAML into a tree that remembers where every value stands.
 *
 * `${VAR}` and `${VAR:-default}` are replaced in scalars (`$${` is a plain `${`); keys stay as they are. Syntax faults,
 * doubled keys and variables without a value are collected, not thrown. An empty document is an empty mapping.
 */
export function parseOptionDocument(source: OptionSource): OptionDocument {
  return new DocumentReader(source).read();
}

class DocumentReader {
  readonly #source: OptionSource;
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseDocument>;
  readonly #places = new Map<string, OptionPlace>();
  readonly #faults: OptionFault[] = [];

  constructor(source: OptionSource) {
    this.#source = source;
    this.#document = parseDocument(source.text, { lineCounter: this.#lines, prettyErrors: false });
  }

  read(): OptionDocument {
    for (const error of [...this.#document.errors, ...this.#document.warnings]) {
      this.#fault(this.#at(error.pos[0]), [], `not valid YAML: ${error.message}`);
    }
    const root =
      this.#document.errors.length > 0 ? {} : this.#value(this.#document.contents, [], 0);
    const places = this.#places;
    const faults = this.#faults;
    if (isPlainMap(root)) return { root, places, faults };
    if (root !== null)
      this.#fault(this.#at(0), [], 'expected a mapping of sections at the top level');
    return { root: {}, places, faults };
  }

  #value(node: unknown, path: OptionPath, depth: number): unknown {
    const at = this.#at((node as Node | null)?.range?.[0] ?? 0);
    if (depth > MAX_DEPTH) {
      this.#fault(at, path, `nested deeper than ${MAX_DEPTH} levels`);
      return null;
    }
    if (isAlias(node)) return this.#value(node.resolve(this.#document), path, depth + 1);
    if (isMap(node)) return this.#map(node.items, path, depth);
    if (isSeq(node)) {
      return node.items.map((item, i) => {
        const place = this.#at((item as Node | null)?.range?.[0] ?? 0);
        this.#places.set(formatOptionPath([...path, i]), { key: place, value: place });
        return this.#value(item, [...path, i], depth + 1);
      });
    }
    const value = isScalar(node) ? node.value : null;
    return typeof value === 'string' ? this.#substituted(value, at, path) : value;
  }

  #map(pairs: readonly Pair[], path: OptionPath, depth: number): OptionMap {
    const map: OptionMap = Object.create(null) as OptionMap;
    for (const { key, value } of pairs) {
      const name = isScalar(key) ? String(key.value) : String(key);
      const keyAt = this.#at((key as Node | null)?.range?.[0] ?? 0);
      const valueStart = (value as Node | null)?.range?.[0];
      const valueAt = valueStart === undefined ? keyAt : this.#at(valueStart);
      this.#places.set(formatOptionPath([...path, name]), { key: keyAt, value: valueAt });
      map[name] = this.#value(value, [...path, name], depth + 1);
    }
    return map;
  }

  #substituted(text: string, at: OptionOrigin, path: OptionPath): unknown {
    if (!text.includes('${')) return text;
    let replaced = false;
    const result = text.replace(
      /\$(\$\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g,
      (_whole, escaped: string | undefined, name: string, fallback: string | undefined) => {
        if (escaped !== undefined) return escaped;
        replaced = true;
        const found = this.#source.environment[name];
        if (found !== undefined && found !== '') return found;
        if (fallback !== undefined) return fallback;
        this.#fault(
          at,
          path,
          `the environment variable ${name} is not set and no default is given (\${${name}:-default})`,
        );
        return '';
      },
    );
    return replaced ? new OptionText(result) : result;
  }

  #at(position: number): OptionOrigin {
    const { line, col } = this.#lines.linePos(position);
    return {
      kind: 'file',
      file: this.#source.file,
      line: Math.max(1, line),
      column: Math.max(1, col),
    };
  }

  #fault(origin: OptionOrigin, path: OptionPath, message: string): void {
    this.#faults.push({ origin, path: formatOptionPath(path), message });
  }
}

/** Tells a mapping from lists, scalars and `OptionText`. */
export function isPlainMap(value: unknown): value is OptionMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof OptionText)
  );
}
