import type { Config } from '../pipelines/config.ts';
import { systemClock } from '../runtime/clock.ts';
import {
  DEAD_LETTER_ID,
  DEAD_LETTER_TOPIC,
  headerText,
  isRedriven,
} from '../runtime/dead-letter.ts';
import type { OutboundRecord, PartitionRange } from '../runtime/transport.ts';
import { type DeadLetterFilter, deadLetterTest } from './dead-letter-filter.ts';
import { type DeadLetterRow, deadLetterRow } from './dead-letter-row.ts';
import { counted } from './number-format.ts';
import { openSession, type Session } from './open-session.ts';
import { printRows, type RowColumn, type RowFormat } from './print-rows.ts';
import { openProgress } from './progress.ts';
import { type PlacedRecord, rangesOf } from './read-topic.ts';
import type { Terminal } from './terminal.ts';

const RAW_TOPIC = 'metrics.raw';
/** Dead letters are written in groups of up to about this size. */
const GROUP_BYTES = 4 * 1024 * 1024;
const GROUP_RECORDS = 1000;

/** Which dead letters to send again. */
export interface RedriveRequest extends DeadLetterFilter {
  /** Only say what would be sent. */
  readonly dryRun: boolean;
  readonly output: RowFormat;
}

/** What became of the dead letters of one code and stage. */
interface RedriveCount {
  readonly code: string;
  readonly stage: string;
  /** Why they stay where they are; empty for those that were sent. */
  readonly kept: string;
  records: number;
  points: number;
}

const columns: readonly RowColumn<RedriveCount>[] = [
  { title: 'CODE', text: (row) => row.code, style: (_row, paint, cell) => paint('yellow', cell) },
  { title: 'STAGE', text: (row) => row.stage },
  { title: 'RECORDS', align: 'right', text: (row) => String(row.records) },
  { title: 'POINTS', align: 'right', text: (row) => String(row.points) },
  { title: 'KEPT BECAUSE', text: (row) => row.kept },
];

/**
 * Sends dead letters of VALIDATE back to the raw topic, to the partition they came from, with all their headers.
 *
 * Their headers name them, and VALIDATE takes each name in once: to send them twice, or to be cut off and begin again,
 * is harmless. What is refused again is a new dead letter with one more attempt, and only that one is sent the next time.
 * Takes those that are there at the start; reads them twice. Their time is now, as with any writing; points that are old by then are historical, and ENRICH leaves out
 * those behind their series’ newest.
 *
 * @throws CommandFailure (exit 2) for a filter that names what there is not; PipelineError of the transport.
 */
export async function redriveDeadLetters(
  config: Config,
  terminal: Terminal,
  request: RedriveRequest,
): Promise<void> {
  const isMeant = deadLetterTest(request, systemClock.nowMs());
  const session = await openSession(config, terminal);
  const progress = openProgress(terminal, () => systemClock.nowMs());
  try {
    const ranges = await rangesOf(session.transport, session.prefix + DEAD_LETTER_TOPIC);
    const redrive = new Redrive(session, request.dryRun);
    for await (const record of deadLettersIn(session, ranges, terminal)) redrive.learn(record);
    for await (const record of deadLettersIn(session, ranges, terminal)) {
      const row = deadLetterRow(record);
      if (isMeant(row)) await redrive.take(record, row);
      progress.show(`${counted(redrive.sent, 'record')} sent again`);
    }
    await redrive.flush();
    progress.clear();
    printRows(terminal, request.output, columns, redrive.counts);
    const verb = request.dryRun ? 'would be sent again' : 'sent again';
    terminal.err.write(`${counted(redrive.sent, 'record')} ${verb}\n`);
  } finally {
    progress.clear();
    await session.close();
  }
}

/** The dead letters within these ranges, partition by partition. */
async function* deadLettersIn(
  { transport, prefix }: Session,
  ranges: readonly PartitionRange[],
  { signal }: Terminal,
): AsyncGenerator<PlacedRecord> {
  const topic = prefix + DEAD_LETTER_TOPIC;
  for (const { partition, low, high } of ranges) {
    if (low === high) continue;
    for await (const records of transport.read(topic, partition, low, { to: high, signal }))
      for (const record of records) yield { ...record, partition };
  }
}

class Redrive {
  readonly #session: Session;
  readonly #dryRun: boolean;
  readonly #rawTopic: string;
  readonly #counts = new Map<string, RedriveCount>();
  /** Names of dead letters that were redriven and refused again. */
  readonly #spent = new Set<string>();
  #waiting: OutboundRecord[] = [];
  #waitingBytes = 0;
  #sent = 0;

  constructor(session: Session, dryRun: boolean) {
    this.#session = session;
    this.#dryRun = dryRun;
    this.#rawTopic = session.prefix + RAW_TOPIC;
  }

  /** Records sent so far; in a dry run, that would have been. */
  get sent(): number {
    return this.#sent;
  }

  get counts(): readonly RedriveCount[] {
    return [...this.#counts.values()].sort((a, b) => b.records - a.records);
  }

  /** Takes in what a dead letter says of others; all are to be learnt before the first is taken. */
  learn({ headers }: PlacedRecord): void {
    const previous = headerText(headers, 'error.previous');
    if (previous !== '') this.#spent.add(previous);
  }

  async take(record: PlacedRecord, row: DeadLetterRow): Promise<void> {
    const kept = this.#obstacle(record);
    this.#count(row, kept);
    if (kept !== '') return;
    if (this.#dryRun) {
      this.#sent += 1;
      return;
    }
    const { key, value, headers } = record;
    const partition = Number(headerText(headers, 'error.partition'));
    const timestampMs = systemClock.nowMs();
    this.#waiting.push({ topic: this.#rawTopic, partition, key, value, headers, timestampMs });
    this.#waitingBytes += value?.length ?? 0;
    if (this.#waitingBytes >= GROUP_BYTES || this.#waiting.length >= GROUP_RECORDS)
      await this.flush();
  }

  async flush(): Promise<void> {
    const group = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (group.length === 0) return;
    await this.#session.transport.write('redrive', group);
    this.#sent += group.length;
  }

  /** Why a dead letter cannot be sent again; empty if it can. */
  #obstacle({ headers, value }: PlacedRecord): string {
    if (headerText(headers, 'error.topic') !== this.#rawTopic)
      return `only records of ${this.#rawTopic} are taken in again`;
    if (headerText(headers, 'error.truncated') !== '') return 'only its first MiB is there';
    if (value === null) return 'it has no value';
    if (!isRedriven(headers)) return 'it has no name, so it could be taken in twice';
    const isSpent = this.#spent.has(headerText(headers, DEAD_LETTER_ID));
    return isSpent ? 'it was refused again: a newer one stands for it' : '';
  }

  #count({ code, stage, points }: DeadLetterRow, kept: string): void {
    const name = `${code}/${stage}/${kept}`;
    const count = this.#counts.get(name) ?? { code, stage, kept, records: 0, points: 0 };
    count.records += 1;
    count.points += points;
    this.#counts.set(name, count);
  }
}
