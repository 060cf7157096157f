import { ParsedText } from './parsed-text.ts';
import type { ParsedPoints } from './point.ts';
import {
  DEFAULT_MAX_LINE_LENGTH,
  readLines,
  type TextChunks,
  type TextLine,
} from './text-lines.ts';

/**
 * Reads one line (or several joined by `\n`, where a quoted text holds line ends) into `out`; never throws.
 *
 * Returns false, and puts nothing out, when the text ends inside quotes and may go on in the next line.
 */
export type LineParser = (text: string, line: number, out: ParsedText) => boolean;

/** Lines that one quoted text may run over before its opening quote is taken for a mistake. */
const MAX_JOINED_LINES = 16;

/** Points given out together at most, give or take those of one line. */
const MAX_POINTS_PER_GROUP = 4096;

/**
 * Runs a line parser over a stream of text. Each piece of text that completes a line gives one or more groups.
 *
 * A line beyond `maxLineLength` is a fault. A quote that is never closed makes its own line a fault; the lines behind it
 * are read afresh. Memory: one piece, one joined line, one group.
 */
export async function* parseLines(
  chunks: TextChunks,
  parse: LineParser,
  maxLineLength = DEFAULT_MAX_LINE_LENGTH,
): AsyncGenerator<ParsedPoints> {
  const out = new ParsedText();
  const joiner = new LineJoiner(parse, out, maxLineLength);
  for await (const lines of readLines(chunks, maxLineLength)) {
    for (const line of lines) {
      joiner.push(line);
      if (out.size >= MAX_POINTS_PER_GROUP) yield out.take();
    }
    if (!out.isEmpty) yield out.take();
  }
  joiner.giveUpAll();
  if (!out.isEmpty) yield out.take();
}

class LineJoiner {
  readonly #parse: LineParser;
  readonly #out: ParsedText;
  readonly #maxLineLength: number;
  #open: TextLine[] = [];
  #text = '';

  constructor(parse: LineParser, out: ParsedText, maxLineLength: number) {
    this.#parse = parse;
    this.#out = out;
    this.#maxLineLength = maxLineLength;
  }

  push(line: TextLine): void {
    if (line.text === null) {
      this.giveUpAll();
      this.#out.fault(line.number, 1, `the line is longer than ${this.#maxLineLength} characters`);
      return;
    }
    this.#text = this.#open.length === 0 ? line.text : `${this.#text}\n${line.text}`;
    const first = this.#open[0]?.number ?? line.number;
    if (this.#parse(this.#text, first, this.#out)) {
      this.#open = [];
      return;
    }
    this.#open.push(line);
    if (this.#open.length >= MAX_JOINED_LINES || this.#text.length > this.#maxLineLength)
      this.#giveUp();
  }

  giveUpAll(): void {
    while (this.#open.length > 0) this.#giveUp();
  }

  #giveUp(): void {
    const [first, ...others] = this.#open;
    this.#open = [];
    if (first !== undefined) {
      const column = 1 + (first.text ?? '').indexOf('"');
      this.#out.fault(
        first.number,
        Math.max(column, 1),
        'a quoted text begins in this line and does not end',
      );
    }
    for (const line of others) this.push(line);
  }
}
