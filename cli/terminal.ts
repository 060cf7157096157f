import { styleText } from 'node:util';

/** A stream that text is written to, and now and then bytes. `columns` is its width, where it has one. */
export interface TextSink {
  write(text: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** What a command may touch of the world: where it writes, reads and stands. */
export interface Terminal {
  /** Results, for people and programs. */
  readonly out: TextSink;
  /** Progress, warnings and faults. */
  readonly err: TextSink;
  readonly input: AsyncIterable<Uint8Array | string>;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted when the person asks the command to stop (Ctrl-C, SIGTERM). */
  readonly signal: AbortSignal;
}

/** How text is coloured: a name of `util.styleText`, or several. */
export type Style = Parameters<typeof styleText>[0];

/** Colours a text, or leaves it alone. */
export type Paint = (style: Style, text: string) => string;

/** Leaves every text as it is. */
export const plainPaint: Paint = (_style, text) => text;

/**
 * Chooses whether a stream gets colours: a terminal does, unless `NO_COLOR` is set or `TERM` is `dumb`;
 * `FORCE_COLOR` (not `0`) gives them to files and pipes too.
 */
export function paintFor(sink: TextSink, environment: Terminal['environment']): Paint {
  const forced = environment.FORCE_COLOR;
  if ((environment.NO_COLOR ?? '') !== '' || forced === '0') return plainPaint;
  const wanted = forced !== undefined || (sink.isTTY === true && environment.TERM !== 'dumb');
  return wanted ? (style, text) => styleText(style, text, { validateStream: false }) : plainPaint;
}

/** Width of a text on a terminal: colour codes count nothing, everything else one column a character. */
export function visibleWidth(text: string): number {
  return [...withoutColours(text)].length;
}

/** Cuts a text without colour codes to a width, with `…` for what is missing. */
export function truncate(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  return width < 1 ? '' : `${characters.slice(0, width - 1).join('')}…`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with the escape character
const ANSI = /\u001B\[[0-9;]*m/g;

/** Takes the colour codes out of a text. */
export function withoutColours(text: string): string {
  return text.replace(ANSI, '');
}

/** Takes control characters out of text that came from records, so that a label cannot steer the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => (char === '\n' || char === '\t' ? ' ' : '�'));
}
