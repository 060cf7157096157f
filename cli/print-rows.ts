import {
  type Paint,
  paintFor,
  printable,
  type Terminal,
  truncate,
  visibleWidth,
} from './terminal.ts';

/** How rows are printed: a table for people, one JSON array, or one JSON object a line. */
export const rowFormats = ['table', 'json', 'ndjson'] as const;

/** A format of `printRows`. */
export type RowFormat = (typeof rowFormats)[number];

/** A column of a table: its heading and the text of a row’s cell. */
export interface RowColumn<Row> {
  readonly title: string;
  readonly align?: 'left' | 'right';
  readonly text: (row: Row) => string;
  /** Colours the finished, padded cell. */
  readonly style?: (row: Row, paint: Paint, cell: string) => string;
}

/**
 * Prints rows in the format asked for; JSON holds the rows themselves, a table the columns.
 *
 * A table is cut to the terminal’s width at its last column and never wraps; into a file or pipe it is printed whole.
 */
export function printRows<Row>(
  terminal: Terminal,
  format: RowFormat,
  columns: readonly RowColumn<Row>[],
  rows: readonly Row[],
): void {
  if (format === 'json') terminal.out.write(`${JSON.stringify(rows, null, 2)}\n`);
  else if (format === 'ndjson')
    for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
  else
    terminal.out.write(
      renderTable(
        columns,
        rows,
        paintFor(terminal.out, terminal.environment),
        terminal.out.columns,
      ),
    );
}

/** Lays rows out in columns, two spaces apart, with a heading. `width` is the longest line, unlimited when absent. */
export function renderTable<Row>(
  columns: readonly RowColumn<Row>[],
  rows: readonly Row[],
  paint: Paint,
  width: number | undefined,
): string {
  const cells = rows.map((row) => columns.map(({ text }) => printable(text(row))));
  const widths = columns.map(({ title }, i) =>
    Math.max(visibleWidth(title), ...cells.map((row) => visibleWidth(row[i] ?? ''))),
  );
  const lastWidth = lastColumnWidth(widths, width);
  const line = (texts: readonly string[], style: (cell: string, i: number) => string): string => {
    const padded = texts.map((text, i) => {
      if (i === columns.length - 1 && columns[i]?.align !== 'right')
        return style(truncate(text, lastWidth), i);
      return style(
        columns[i]?.align === 'right' ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0),
        i,
      );
    });
    return `${padded.join('  ').trimEnd()}\n`;
  };
  const heading = line(
    columns.map(({ title }) => title),
    (cell) => paint('bold', cell),
  );
  const body = rows.map((row, r) =>
    line(cells[r] ?? [], (cell, i) => columns[i]?.style?.(row, paint, cell) ?? cell),
  );
  return heading + body.join('');
}

function lastColumnWidth(widths: readonly number[], width: number | undefined): number {
  if (width === undefined) return Number.POSITIVE_INFINITY;
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + 2, 0);
  return Math.max(8, width - before);
}
