/** The cells of a CSV record, quotes undone; `starts[i]` is where cell i begins in the text, from 0. */
export interface CsvCells {
  readonly kind: 'cells';
  readonly cells: readonly string[];
  readonly starts: readonly number[];
}

/** What a text is as a CSV record: its cells, unfinished inside quotes, or wrong at a place (from 0). */
export type CsvRecord =
  | CsvCells
  | { readonly kind: 'open' }
  | { readonly kind: 'fault'; readonly at: number; readonly reason: string };

/** Cuts one CSV record (RFC 4180: quotes may hold delimiters, line ends and doubled quotes) into its cells. */
export function splitCsvRecord(text: string, delimiter: string): CsvRecord {
  const cells: string[] = [];
  const starts: number[] = [];
  let at = 0;
  for (;;) {
    starts.push(at);
    const end = text.charCodeAt(at) === QUOTE ? quotedEnd(text, at) : plainEnd(text, at, delimiter);
    if (end < 0) return { kind: 'open' };
    cells.push(
      text.charCodeAt(at) === QUOTE ? unquote(text.slice(at + 1, end - 1)) : text.slice(at, end),
    );
    if (end >= text.length) return { kind: 'cells', cells, starts };
    if (!text.startsWith(delimiter, end)) {
      return { kind: 'fault', at: end, reason: 'text follows a closing quote' };
    }
    at = end + delimiter.length;
  }
}

const QUOTE = 34;

function plainEnd(text: string, from: number, delimiter: string): number {
  const end = text.indexOf(delimiter, from);
  return end < 0 ? text.length : end;
}

/** The place behind the closing quote, or -1. */
function quotedEnd(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text.charCodeAt(at + 1) !== QUOTE) return at + 1;
  }
  return -1;
}

function unquote(inner: string): string {
  return inner.replaceAll('""', '"');
}
