const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in a string
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /true|false|null/y;
const MAX_DEPTH = 64;

/**
 * Finds the place (from 0) where a text stops being JSON; `JSON.parse` does not always say it.
 * For a sound text it is the text's length. Objects and arrays nested deeper than 64 count as a fault.
 */
export function jsonFaultPlace(text: string): number {
  const scan = new JsonScan(text);
  return scan.value(0) && scan.atEnd() ? text.length : scan.at;
}

class JsonScan {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    this.#take(SPACE);
    return this.at === this.#text.length;
  }

  value(depth: number): boolean {
    this.#take(SPACE);
    const first = this.#text[this.at];
    if (first === '{') return depth < MAX_DEPTH && this.#list('}', () => this.#member(depth + 1));
    if (first === '[') return depth < MAX_DEPTH && this.#list(']', () => this.value(depth + 1));
    return this.#take(first === '"' ? STRING : WORD) || this.#take(NUMBER);
  }

  #member(depth: number): boolean {
    this.#take(SPACE);
    return this.#take(STRING) && this.#symbol(':') && this.value(depth);
  }

  #list(close: string, element: () => boolean): boolean {
    this.at += 1;
    if (this.#symbol(close)) return true;
    do {
      if (!element()) return false;
    } while (this.#symbol(','));
    return this.#symbol(close);
  }

  #symbol(symbol: string): boolean {
    this.#take(SPACE);
    if (this.#text[this.at] !== symbol) return false;
    this.at += 1;
    return true;
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.#text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }
}
