import type { Config } from '../pipelines/config.ts';
import { systemClock } from '../runtime/clock.ts';
import { DEAD_LETTER_TOPIC } from '../runtime/dead-letter.ts';
import { type ErrorCode, errorCatalogue } from '../runtime/errors.ts';
import { formatBytes } from '../runtime/options/quantity.ts';
import {
  type DeadLetterFilter,
  type DeadLetterTest,
  deadLetterTest,
} from './dead-letter-filter.ts';
import { type DeadLetterRow, deadLetterRow } from './dead-letter-row.ts';
import { openSession } from './open-session.ts';
import { printRows, type RowColumn, type RowFormat } from './print-rows.ts';
import { readTopic } from './read-topic.ts';
import type { Terminal } from './terminal.ts';

/** Which dead letters to list, and how. */
export interface DeadLetterQuery extends DeadLetterFilter {
  readonly lines: number;
  readonly count: boolean;
  readonly output: RowFormat;
}

interface CodeCount {
  readonly code: string;
  readonly records: number;
  /** Refused records that these stand for. */
  readonly refused: number;
  readonly points: number;
  readonly meaning: string;
}

const rowColumns: readonly RowColumn<DeadLetterRow>[] = [
  { title: 'PLACE', text: (row) => row.place },
  { title: 'WHEN (UTC)', text: (row) => new Date(row.timestampMs).toISOString().slice(0, 19) },
  { title: 'CODE', text: (row) => row.code, style: (_row, paint, cell) => paint('yellow', cell) },
  { title: 'STAGE', text: (row) => row.stage },
  { title: 'SOURCE', text: (row) => row.source },
  { title: 'TENANT', text: (row) => row.tenant },
  { title: 'POINTS', align: 'right', text: (row) => String(row.points) },
  { title: 'SIZE', align: 'right', text: (row) => formatBytes(row.bytes) },
  { title: 'DETAIL', text: (row) => row.detail },
];

const countColumns: readonly RowColumn<CodeCount>[] = [
  { title: 'CODE', text: (row) => row.code, style: (_row, paint, cell) => paint('yellow', cell) },
  { title: 'RECORDS', align: 'right', text: (row) => String(row.records) },
  { title: 'STAND FOR', align: 'right', text: (row) => String(row.refused) },
  { title: 'POINTS', align: 'right', text: (row) => String(row.points) },
  { title: 'MEANING', text: (row) => row.meaning },
];

/**
 * Lists dead letters, the newest last, or counts them by code. Holds only the rows it will print.
 *
 * @throws CommandFailure (exit 2) for a filter that names what there is not.
 */
export async function listDeadLetters(
  config: Config,
  terminal: Terminal,
  query: DeadLetterQuery,
): Promise<void> {
  const isMeant = deadLetterTest(query, systemClock.nowMs());
  const session = await openSession(config, terminal);
  try {
    const collection = new DeadLetterCollection(query.lines, isMeant);
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

class DeadLetterCollection {
  readonly #lines: number;
  readonly #isMeant: DeadLetterTest;
  readonly #counts = new Map<string, CodeCount>();
  #rows: DeadLetterRow[] = [];

  constructor(lines: number, isMeant: DeadLetterTest) {
    this.#lines = lines;
    this.#isMeant = isMeant;
  }

  get counts(): readonly CodeCount[] {
    return [...this.#counts.values()].sort((a, b) => b.records - a.records);
  }

  get last(): readonly DeadLetterRow[] {
    return this.#newest();
  }

  take(row: DeadLetterRow): void {
    if (!this.#isMeant(row)) return;
    const known = this.#counts.get(row.code);
    this.#counts.set(row.code, {
      code: row.code,
      records: (known?.records ?? 0) + 1,
      refused: (known?.refused ?? 0) + row.standsFor,
      points: (known?.points ?? 0) + row.points,
      meaning: errorCatalogue[row.code as ErrorCode]?.message ?? '',
    });
    this.#rows.push(row);
    if (this.#rows.length > 2 * this.#lines + 1000) this.#rows = this.#newest();
  }

  #newest(): DeadLetterRow[] {
    return this.#rows.toSorted((a, b) => a.timestampMs - b.timestampMs).slice(-this.#lines);
  }
}
