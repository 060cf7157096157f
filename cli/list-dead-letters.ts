import type { Config } from '../pipelines/config.ts';
import { DEAD_LETTER_TOPIC } from '../runtime/dead-letter.ts';
import { type ErrorCode, errorCatalogue } from '../runtime/errors.ts';
import { nearestWord } from '../runtime/nearest-word.ts';
import { formatBytes } from '../runtime/quantity.ts';
import { type DeadLetterRow, deadLetterRow } from './dead-letter-row.ts';
import { CommandFailure, exitCode } from './exit-code.ts';
import { openSession } from './open-session.ts';
import { printRows, type RowColumn, type RowFormat } from './print-rows.ts';
import { readTopic } from './read-topic.ts';
import type { Terminal } from './terminal.ts';

/** Which dead letters to list, and how. */
export interface DeadLetterQuery {
  readonly lines: number;
  readonly code?: string;
  readonly count: boolean;
  readonly output: RowFormat;
}

interface CodeCount {
  readonly code: string;
  readonly records: number;
  readonly points: number;
  readonly meaning: string;
}

const rowColumns: readonly RowColumn<DeadLetterRow>[] = [
  { title: 'PLACE', text: (row) => row.place },
  { title: 'WHEN (UTC)', text: (row) => new Date(row.timestampMs).toISOString().slice(0, 19) },
  { title: 'CODE', text: (row) => row.code, style: (_row, paint, cell) => paint('yellow', cell) },
  { title: 'STAGE', text: (row) => row.stage },
  { title: 'SOURCE', text: (row) => row.source },
  { title: 'POINTS', align: 'right', text: (row) => String(row.points) },
  { title: 'SIZE', align: 'right', text: (row) => formatBytes(row.bytes) },
  { title: 'DETAIL', text: (row) => row.detail },
];

const countColumns: readonly RowColumn<CodeCount>[] = [
  { title: 'CODE', text: (row) => row.code, style: (_row, paint, cell) => paint('yellow', cell) },
  { title: 'RECORDS', align: 'right', text: (row) => String(row.records) },
  { title: 'POINTS', align: 'right', text: (row) => String(row.points) },
  { title: 'MEANING', text: (row) => row.meaning },
];

/**
 * Lists dead letters, the newest last, or counts them by code. Holds only the rows it will print.
 *
 * @throws CommandFailure (exit 2) for a code that does not exist.
 */
export async function listDeadLetters(
  config: Config,
  terminal: Terminal,
  query: DeadLetterQuery,
): Promise<void> {
  requireCode(query.code);
  const session = await openSession(config, terminal);
  try {
    const collection = new DeadLetterCollection(query);
    const topic = session.prefix + DEAD_LETTER_TOPIC;
    const slice = { topic, from: () => 0, follow: false, signal: terminal.signal };
    await readTopic(session.transport, slice, (records) => {
      for (const record of records) collection.take(deadLetterRow(record));
    });
    if (query.count) printRows(terminal, query.output, countColumns, collection.counts);
    else printRows(terminal, query.output, rowColumns, collection.last);
  } finally {
    await session.close();
  }
}

function requireCode(code: string | undefined): void {
  if (code === undefined || Object.hasOwn(errorCatalogue, code)) return;
  const nearest = nearestWord(code, Object.keys(errorCatalogue));
  const hint =
    nearest === undefined ? 'docs/reference/errors.md lists them.' : `Did you mean ${nearest}?`;
  throw new CommandFailure(`--code: there is no error code ${code}`, exitCode.usage, hint);
}

class DeadLetterCollection {
  readonly #query: DeadLetterQuery;
  readonly #counts = new Map<string, CodeCount>();
  #rows: DeadLetterRow[] = [];

  constructor(query: DeadLetterQuery) {
    this.#query = query;
  }

  get counts(): readonly CodeCount[] {
    return [...this.#counts.values()].sort((a, b) => b.records - a.records);
  }

  get last(): readonly DeadLetterRow[] {
    return this.#newest();
  }

  take(row: DeadLetterRow): void {
    const { code, lines } = this.#query;
    if (code !== undefined && row.code !== code) return;
    const known = this.#counts.get(row.code);
    this.#counts.set(row.code, {
      code: row.code,
      records: (known?.records ?? 0) + 1,
      points: (known?.points ?? 0) + row.points,
      meaning: errorCatalogue[row.code as ErrorCode]?.message ?? '',
    });
    this.#rows.push(row);
    if (this.#rows.length > 2 * lines + 1000) this.#rows = this.#newest();
  }

  #newest(): DeadLetterRow[] {
    return this.#rows.toSorted((a, b) => a.timestampMs - b.timestampMs).slice(-this.#query.lines);
  }
}
