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

/** What is known of a rejected record when its dead letter is written. */
export interface Rejection {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly points: number;
  /** Only the bad part of the record: the good part went on. */
  readonly partial: boolean;
  readonly headers: RecordHeaders;
  readonly value: Uint8Array | null;
}

const text = new TextEncoder();

/**
 * Builds the value and headers of a dead letter: original bytes, original headers, and why it is here.
 *
 * Headers: `error.code|message|detail|stage|topic|partition|offset|timestamp|points`, `error.partial` where only a
 * part of the record was bad, and `x-original-topic`, which Kafka tools use to redrive. A value above 16 MiB is cut to
 * its first MiB, with `error.truncated` (original length) and `error.sha256` of the whole.
 */
export function deadLetter(rejection: Rejection): {
  value: Uint8Array | null;
  headers: RecordHeaders;
} {
  const headers: Record<string, Uint8Array> = { ...rejection.headers };
  const put = (name: string, value: string | number): void => {
    headers[name] = text.encode(String(value));
  };
  put('error.code', rejection.code);
  put('error.message', errorCatalogue[rejection.code].message);
  if (rejection.detail !== '') put('error.detail', rejection.detail.slice(0, MOST_DETAIL));
  put('error.stage', rejection.stage);
  put('error.topic', rejection.topic);
  put('error.partition', rejection.partition);
  put('error.offset', rejection.offset);
  put('error.timestamp', rejection.timestampMs);
  put('error.points', rejection.points);
  put('x-original-topic', rejection.topic);
  if (rejection.partial) put('error.partial', 'true');
  const { value } = rejection;
  if (value === null || value.length <= MAX_DEAD_LETTER_BYTES) return { value, headers };
  put('error.truncated', value.length);
  put('error.sha256', createHash('sha256').update(value).digest('hex'));
  return { value: value.subarray(0, TRUNCATED_BYTES), headers };
}
