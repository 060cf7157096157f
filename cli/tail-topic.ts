import type { Config } from '../pipelines/config.ts';
import type { PartitionRange } from '../runtime/transport.ts';
import { decodeValue, learnSchemas } from './decode-record.ts';
import { describeRecord } from './describe-record.ts';
import { openSession, type Session } from './open-session.ts';
import { collectTopic, type PlacedRecord, readTopic, type TopicSlice } from './read-topic.ts';
import { recordJson } from './record-json.ts';
import { paintFor, printable, type Terminal } from './terminal.ts';

const LOOK_BACK_GROWTH = 8;

/** What to print of a topic. */
export interface TailRequest {
  /** Without prefix. */
  readonly topic: string;
  readonly lines: number;
  readonly follow: boolean;
  readonly from: 'end' | 'beginning';
  readonly partition?: number;
  /** Also the ticks that carry the progress of event time. */
  readonly ticks: boolean;
  /** One JSON object a record instead of a line of text. */
  readonly json: boolean;
}

/** Prints the records of a topic as asked, following it until the terminal’s signal. */
export async function tailTopic(
  config: Config,
  terminal: Terminal,
  request: TailRequest,
): Promise<void> {
  const session = await openSession(config, terminal);
  try {
    await new TopicTail(session, terminal, request).run();
  } finally {
    await session.close();
  }
}

class TopicTail {
  readonly #session: Session;
  readonly #terminal: Terminal;
  readonly #request: TailRequest;
  #printing: Promise<void> = Promise.resolve();

  constructor(session: Session, terminal: Terminal, request: TailRequest) {
    this.#session = session;
    this.#terminal = terminal;
    this.#request = request;
  }

  async run(): Promise<void> {
    const { transport, prefix } = this.#session;
    const { topic, partition, from, follow } = this.#request;
    const slice = {
      topic: prefix + topic,
      partition,
      follow: false,
      signal: this.#terminal.signal,
    };
    const ends = new Map<number, number>();
    const start = (range: PartitionRange) => {
      ends.set(range.partition, range.high);
      return range.low;
    };
    if (from === 'beginning') {
      await readTopic(transport, { ...slice, from: start }, (records) => this.#print(records));
    } else {
      this.#print(await this.#last(slice, start));
    }
    if (follow) {
      const rest = {
        ...slice,
        follow: true,
        from: (range: PartitionRange) => ends.get(range.partition) ?? range.low,
      };
      await readTopic(transport, rest, (records) => this.#print(records));
    }
    await this.#printing;
  }

  /**
   * The last records that are to be shown. Looks back in growing steps, as ticks may stand between them.
   */
  async #last(slice: Omit<TopicSlice, 'from'>, start: TopicSlice['from']): Promise<PlacedRecord[]> {
    const { lines } = this.#request;
    for (let back = Math.max(lines, 1); ; back *= LOOK_BACK_GROWTH) {
      let complete = true;
      const from = (range: PartitionRange) => {
        start(range);
        if (range.high - back > range.low) complete = false;
        return range.high - back;
      };
      const records = await collectTopic(this.#session.transport, { ...slice, from });
      const shown = records.filter((record) => this.#isShown(record));
      if (complete || shown.length >= lines || lines === 0)
        return lines === 0 ? [] : shown.slice(-lines);
    }
  }

  /** Ticks say only that time went on: they are left out unless asked for. */
  #isShown({ value }: PlacedRecord): boolean {
    if (this.#request.ticks || value === null) return true;
    return decodeValue(this.#session.codec, value).name !== 'Tick';
  }

  /** Records are printed in the order they came, also while a schema is being fetched. */
  #print(records: readonly PlacedRecord[]): void {
    this.#printing = this.#printing.then(async () => {
      const { codec, registry } = this.#session;
      await learnSchemas(
        codec,
        registry,
        records.map(({ value }) => value),
      );
      for (const record of records) {
        if (!this.#isShown(record)) continue;
        const line = this.#request.json ? this.#jsonLine(record) : this.#textLine(record);
        this.#terminal.out.write(`${line}\n`);
      }
    });
  }

  #jsonLine({ partition, offset, timestampMs, key, value, headers }: PlacedRecord): string {
    const decoded = value === null ? undefined : decodeValue(this.#session.codec, value);
    const body =
      decoded?.name === undefined
        ? {
            value: value === null ? null : Buffer.from(value).toString('base64'),
            fault: decoded?.fault,
          }
        : { record: decoded.name, value: recordJson(decoded.name, decoded.value) };
    const texts = Object.entries(headers).map(([name, bytes]) => [
      name,
      Buffer.from(bytes).toString(),
    ]);
    const keyText = key === null ? null : Buffer.from(key).toString('base64');
    return JSON.stringify({
      partition,
      offset,
      timestampMs,
      key: keyText,
      headers: Object.fromEntries(texts),
      ...body,
    });
  }

  #textLine({ partition, offset, timestampMs, value, headers }: PlacedRecord): string {
    const paint = paintFor(this.#terminal.out, this.#terminal.environment);
    const place = paint(
      'dim',
      `${new Date(timestampMs).toISOString().slice(0, 19)}Z ${partition}/${offset}`,
    );
    if (value === null) return `${place} tombstone`;
    const code = headers['error.code'];
    if (code !== undefined)
      return `${place} ${paint('yellow', Buffer.from(code).toString())} ${value.length} bytes`;
    const decoded = decodeValue(this.#session.codec, value);
    if (decoded.name === undefined) return `${place} ${value.length} bytes (${decoded.fault})`;
    return `${place} ${printable(describeRecord(decoded))}`;
  }
}
