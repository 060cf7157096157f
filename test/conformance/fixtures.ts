import { randomUUID } from 'node:crypto';
import { PipelineError } from '../../runtime/errors.ts';
import type {
  FetchedRecord,
  OutboundRecord,
  TopicSpec,
  Transport,
} from '../../runtime/transport.ts';

/** A transport under test on a place of its own. */
export interface OpenedTransport {
  readonly transport: Transport;
  /** Closes the transport and opens another on the same topics, as a restarted process does. */
  readonly reopen?: () => Promise<Transport>;
  /** Closes what is open and removes what was left behind. */
  readonly dispose: () => Promise<void>;
}

/** The limit of every topic that the suite creates. */
export const MAX_RECORD_BYTES = 2 * 1024 * 1024;

/** UTF-8 bytes of a text. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The text of a key or value. */
export const text = (value: Uint8Array | null): string | null =>
  value === null ? null : Buffer.from(value).toString();

/** Creates a topic with a name of its own, without retention. */
export async function topicOf(
  transport: Transport,
  partitions: number,
  cleanup: TopicSpec['cleanup'] = 'delete',
): Promise<string> {
  const topic = `conformance.${randomUUID()}`;
  await transport.ensureTopics([spec(topic, partitions, cleanup)]);
  return topic;
}

/** The specification that `topicOf` creates by. */
export function spec(
  name: string,
  partitions: number,
  cleanup: TopicSpec['cleanup'] = 'delete',
): TopicSpec {
  const limits = { retentionMs: -1, retentionBytes: -1, maxRecordBytes: MAX_RECORD_BYTES };
  return { name, partitions, cleanup, ...limits };
}

/** A record with key `key` and a text as its value. */
export function record(topic: string, partition: number, value: string | null): OutboundRecord {
  const key = bytes('key');
  return {
    topic,
    partition,
    key,
    value: value === null ? null : bytes(value),
    headers: {},
    timestampMs: 1_700_000_000_000,
  };
}

/** Reads offsets `[from, to)` of a partition to the end. */
export async function readAll(
  transport: Transport,
  topic: string,
  partition: number,
  to: number,
  from = 0,
): Promise<FetchedRecord[]> {
  const records: FetchedRecord[] = [];
  for await (const batch of transport.read(topic, partition, from, { to })) records.push(...batch);
  return records;
}

/** A record with its bytes as hexadecimal text, to be compared; the offset is left out. */
export function plain({ key, value, headers, timestampMs }: Omit<FetchedRecord, 'offset'>): object {
  const hex = (part: Uint8Array | null): string | null =>
    part === null ? null : Buffer.from(part).toString('hex');
  const named = Object.entries(headers).map(([name, part]) => [name, hex(part)]);
  return { key: hex(key), value: hex(value), headers: Object.fromEntries(named), timestampMs };
}

/** The error code by which a call is refused; a sentence when it is not, or not by a `PipelineError`. */
export async function codeOf(refused: Promise<unknown>): Promise<string> {
  const error = await refused.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof PipelineError ? error.code : `no PipelineError: ${String(error)}`;
}
