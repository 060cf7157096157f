/** A line without its end. `text` is null where the line was longer than the limit and its content was let go. */
export interface TextLine {
  readonly number: number;
  readonly text: string | null;
}

/** Bytes or text, in any cut; a character may be cut between two pieces. */
export type TextChunks = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** Lines given out together at most, so that one huge piece of text does not become one huge array. */
const MAX_LINES_PER_GROUP = 1024;

/** Longest line kept by default, in UTF-16 units. */
export const DEFAULT_MAX_LINE_LENGTH = 1024 * 1024;

/**
 * Cuts a stream of text into lines (`\n` or `\r\n`), in groups as they become whole.
 *
 * Decodes UTF-8, drops a byte order mark, replaces what is not UTF-8 by U+FFFD. Holds one piece and one line in memory.
 * Lines count from 1; a line without an end at the end of the text counts, an empty rest does not.
 */
export async function* readLines(
  chunks: TextChunks,
  maxLineLength = DEFAULT_MAX_LINE_LENGTH,
): AsyncGenerator<readonly TextLine[]> {
  const cutter = new LineCutter(maxLineLength);
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    yield* cutter.cut(text);
  }
  yield* cutter.cut(decoder.decode());
  yield* cutter.end();
}

class LineCutter {
  readonly #maxLineLength: number;
  #rest = '';
  #tooLong = false;
  #number = 0;

  constructor(maxLineLength: number) {
    this.#maxLineLength = maxLineLength;
  }

  *cut(text: string): Generator<readonly TextLine[]> {
    let lines: TextLine[] = [];
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      lines.push(this.#finish(text.slice(from, end)));
      from = end + 1;
      if (lines.length < MAX_LINES_PER_GROUP) continue;
      yield lines;
      lines = [];
    }
    if (lines.length > 0) yield lines;
    this.#keep(text.slice(from));
  }

  *end(): Generator<readonly TextLine[]> {
    if (this.#rest !== '' || this.#tooLong) yield [this.#finish('')];
  }

  #keep(rest: string): void {
    if (this.#tooLong) return;
    this.#tooLong = this.#rest.length + rest.length > this.#maxLineLength;
    this.#rest = this.#tooLong ? '' : this.#rest + rest;
  }

  #finish(last: string): TextLine {
    this.#keep(last);
    this.#number += 1;
    const whole = this.#rest.endsWith('\r') ? this.#rest.slice(0, -1) : this.#rest;
    const text = this.#tooLong ? null : whole;
    this.#rest = '';
    this.#tooLong = false;
    return { number: this.#number, text };
  }
}
