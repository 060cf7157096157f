import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deadLetter, MAX_DEAD_LETTER_BYTES, type Rejection } from './dead-letter.ts';

const rejection: Rejection = {
  code: 'RECORD_TRUNCATED',
  detail: 'ends too early',
  stage: 'validate',
  topic: 'metrics.raw',
  partition: 3,
  offset: 42,
  timestampMs: 1000,
  points: 0,
  partial: false,
  headers: { trace: Buffer.from('abc') },
  value: Buffer.from('bytes'),
};

function textHeaders(over: Partial<Rejection>): Record<string, string> {
  const { headers } = deadLetter({ ...rejection, ...over });
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString()]),
  );
}

describe('deadLetter', () => {
  it('keeps bytes and headers, and says why and where', () => {
    expect(deadLetter(rejection).value).toBe(rejection.value);
    expect(textHeaders({})).toEqual({
      trace: 'abc',
      'error.code': 'RECORD_TRUNCATED',
      'error.message': 'the value ends before its schema does, or holds bytes after it',
      'error.detail': 'ends too early',
      'error.stage': 'validate',
      'error.topic': 'metrics.raw',
      'error.partition': '3',
      'error.offset': '42',
      'error.timestamp': '1000',
      'error.points': '0',
      'x-original-topic': 'metrics.raw',
    });
  });

  it('marks a part, and leaves out an empty detail', () => {
    const headers = textHeaders({ partial: true, detail: '' });
    expect(headers['error.partial']).toBe('true');
    expect(headers).not.toHaveProperty('error.detail');
  });

  it('keeps a tombstone a tombstone', () => {
    expect(deadLetter({ ...rejection, value: null }).value).toBeNull();
  });

  it('cuts a detail that quotes without end', () => {
    expect(textHeaders({ detail: 'x'.repeat(1_000_000) })['error.detail']).toHaveLength(512);
  });

  it('keeps what is as large as it may be, and cuts one byte more to its first MiB', () => {
    const largest = Buffer.alloc(MAX_DEAD_LETTER_BYTES, 1);
    expect(deadLetter({ ...rejection, value: largest }).value).toBe(largest);
    const larger = Buffer.concat([largest, Buffer.of(2)]);
    expect(deadLetter({ ...rejection, value: larger }).value).toHaveLength(1024 * 1024);
    expect(textHeaders({ value: larger })).toMatchObject({
      'error.truncated': `${larger.length}`,
      'error.sha256': createHash('sha256').update(larger).digest('hex'),
    });
  });
});
