import { createHash } from 'node:crypto';
import { type ErrorCode, errorCatalogue } from './errors.ts';
import type { RecordHeaders } from './transport.ts';

/** Topic name (without prefix) that every stage writes its rejected records to. */
export const DEAD_LETTER_TOPIC = 'dead-letter';

/** Largest original value that is kept whole; of a larger one only the first MiB goes on. */
export const MAX_DEAD_LETTER_BYTES = 16 * 1024 * 1024;
const TRUNCATED_BYTES = 1024 * 1024;
/** Most characters of a detail: it may quote the record, which may be hostile. */
const MOST_DETAIL = 512;

/** Names a dead letter: the record it was made of and its code. A redriven record still carries it. */
export const DEAD_LETTER_ID = 'vigie.dead-letter';
/** Headers of ours, and of Kafka Streams: those of an earlier refusal are replaced, not kept. */
const OWN_HEADERS = /^(?:error\.|__streams\.errors\.)/;
/** Most that a record is taken to have been refused before: the header may be anybody’s. */
const MOST_ATTEMPTS = 1_000_000;

/** What is known of a rejected record when its dead letter is written. */
export interface Rejection {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly stage: string;
  /** Full name of the topic that the record stood on. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  /** Empty where it cannot be told. */
  readonly tenant: string;
  readonly points: number;
  /** How many refused records this dead letter stands for, itself included. */
  readonly standsFor: number;
  /** Only the bad part of the record: the good part went on. */
  readonly partial: boolean;
  readonly headers: RecordHeaders;
  readonly value: Uint8Array | null;
}

const text = new TextEncoder();

/**
 * Builds the value and headers of a dead letter: original bytes, original headers, and why it is here.
 *
 * Headers, all UTF-8 text:
 * - `error.code|message|detail|stage|topic|partition|offset|timestamp|tenant|points`; `error.attempts`, 1 and one more
 *   for each time it was redriven and refused again; `error.previous`, the dead letter that was redriven; `error.partial` where only a part of the record was bad;
 *   `error.sampled`, how many it stands for, where others were left out before it (`DeadLetterCap`).
 * - `__streams.errors.topic|partition|offset`, as Kafka Streams names them (KIP-1034) for its own dead letters: of the
 *   three conventions in use the one that is Kafka’s own, is about stream processors, and is text. Connect’s
 *   `__connect.errors.*` say that a connector failed; Spring Kafka’s `kafka_dlt-original-*` hold binary numbers.
 * - `x-original-topic`, which Spring Cloud Stream’s binder writes and most hand-made redrive tools look for.
 * - `vigie.dead-letter`, the name of this dead letter: VALIDATE takes a record that carries it in once, so any tool that
 *   sends the record back with its headers does so without harm, twice or not.
 *
 * A value above 16 MiB is cut to its first MiB, with `error.truncated` (original length) and `error.sha256` of the whole.
 */
export function deadLetter(rejection: Rejection): {
  value: Uint8Array | null;
  headers: RecordHeaders;
} {
  // Without a prototype, for a header of the record may be named as one.
  const headers = Object.create(null) as Record<string, Uint8Array>;
  for (const [name, value] of Object.entries(rejection.headers)) {
    if (!OWN_HEADERS.test(name)) headers[name] = value;
  }
  const put = (name: string, value: string | number): void => {
    headers[name] = text.encode(String(value));
  };
  const { code, detail, stage, topic, partition, offset, tenant, standsFor, value } = rejection;
  put('error.code', code);
  put('error.message', errorCatalogue[code].message);
  if (detail !== '') put('error.detail', detail.slice(0, MOST_DETAIL));
  put('error.stage', stage);
  put('error.topic', topic);
  put('error.partition', partition);
  put('error.offset', offset);
  put('error.timestamp', rejection.timestampMs);
  put('error.attempts', attemptsBefore(rejection.headers) + 1);
  const before = headers[DEAD_LETTER_ID];
  if (before !== undefined) headers['error.previous'] = before;
  if (tenant !== '') put('error.tenant', tenant.slice(0, MOST_DETAIL));
  put('error.points', rejection.points);
  if (rejection.partial) put('error.partial', 'true');
  if (standsFor > 1) put('error.sampled', standsFor);
  put('__streams.errors.topic', topic);
  put('__streams.errors.partition', partition);
  put('__streams.errors.offset', offset);
  put('x-original-topic', topic);
  put(DEAD_LETTER_ID, `${topic}/${partition}/${offset}/${code}`);
  if (value === null || value.length <= MAX_DEAD_LETTER_BYTES) return { value, headers };
  put('error.truncated', value.length);
  put('error.sha256', createHash('sha256').update(value).digest('hex'));
  return { value: value.subarray(0, TRUNCATED_BYTES), headers };
}

/** Tells a record that was a dead letter before and was sent again. */
export function isRedriven(headers: RecordHeaders): boolean {
  return headers[DEAD_LETTER_ID] !== undefined;
}

/** How often a redriven record was refused before; 0 for any other, whatever its headers say. */
function attemptsBefore(headers: RecordHeaders): number {
  if (!isRedriven(headers)) return 0;
  const count = Number(headerText(headers, 'error.attempts'));
  return Number.isSafeInteger(count) && count > 0 ? Math.min(count, MOST_ATTEMPTS) : 0;
}

/** Reads a header as text; empty where it is absent. */
export function headerText(headers: RecordHeaders, name: string): string {
  const value = headers[name];
  return value === undefined ? '' : Buffer.from(value).toString();
}
