import type { Config } from '../pipelines/config.ts';
import { DEAD_LETTER_TOPIC } from '../runtime/dead-letter.ts';
import { type ErrorCode, errorCatalogue } from '../runtime/errors.ts';
import { deadLetterRow } from './dead-letter-row.ts';
import { decodeValue, learnSchemas } from './decode-record.ts';
import { describeRecord } from './describe-record.ts';
import { CommandFailure, exitCode } from './exit-code.ts';
import { openSession, type Session } from './open-session.ts';
import { collectTopic, type PlacedRecord } from './read-topic.ts';
import { type Paint, paintFor, printable, type Terminal } from './terminal.ts';

const SHOWN_BYTES = 256;
const LINE_BYTES = 16;

/** Prints everything known about one dead letter, or writes its original bytes. */
export async function showDeadLetter(
  config: Config,
  terminal: Terminal,
  request: { readonly place: string; readonly raw: boolean },
): Promise<void> {
  const match = /^(\d+)\/(\d+)$/.exec(request.place);
  if (match === null) {
    throw new CommandFailure(
      `"${request.place}": expected partition/offset, such as 2/17`,
      exitCode.usage,
    );
  }
  const [partition, offset] = [Number(match[1]), Number(match[2])];
  const session = await openSession(config, terminal);
  try {
    const topic = session.prefix + DEAD_LETTER_TOPIC;
    const slice = { topic, partition, from: () => offset, follow: false, signal: terminal.signal };
    const record = (await collectTopic(session.transport, slice)).find(
      (each) => each.offset === offset,
    );
    if (record === undefined)
      throw new CommandFailure(`there is no dead letter at ${request.place}`, exitCode.usage);
    if (request.raw) terminal.out.write(record.value ?? '');
    else
      terminal.out.write(
        await render(record, session, paintFor(terminal.out, terminal.environment)),
      );
  } finally {
    await session.close();
  }
}

async function render(
  record: PlacedRecord,
  { codec, registry }: Session,
  paint: Paint,
): Promise<string> {
  const row = deadLetterRow(record);
  const entry = errorCatalogue[row.code as ErrorCode];
  const lines = [
    `${paint('yellow', row.code)}  ${entry?.message ?? ''}`,
    ...(row.detail === '' ? [] : [`  ${printable(row.detail)}`]),
    ...(entry === undefined ? [] : [`  ${paint('dim', entry.remedy)}`]),
    '',
    paint('bold', 'Headers'),
    ...Object.entries(record.headers).map(
      ([name, bytes]) => `  ${name}: ${printable(Buffer.from(bytes).toString())}`,
    ),
    '',
  ];
  if (record.value === null) return `${lines.join('\n')}no value\n`;
  await learnSchemas(codec, registry, [record.value]);
  const decoded = decodeValue(codec, record.value);
  const reading =
    decoded.name === undefined ? decoded.fault : `${decoded.name}: ${describeRecord(decoded)}`;
  lines.push(
    paint('bold', `Value, ${record.value.length} bytes`),
    `  ${printable(reading)}`,
    ...hexDump(record.value),
  );
  return `${lines.join('\n')}\n`;
}

function hexDump(value: Uint8Array): string[] {
  const bytes = Buffer.from(value.subarray(0, SHOWN_BYTES));
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += LINE_BYTES) {
    const part = bytes.subarray(at, at + LINE_BYTES);
    const hex = (part.toString('hex').match(/../g) ?? []).join(' ');
    const text = part.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
    lines.push(`  ${at.toString(16).padStart(6, '0')}  ${hex.padEnd(LINE_BYTES * 3 - 1)}  ${text}`);
  }
  if (value.length > SHOWN_BYTES)
    lines.push(`  … ${value.length - SHOWN_BYTES} bytes more; --raw writes all of them`);
  return lines;
}
