import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  DEAD_LETTER_ID,
  deadLetter,
  MAX_DEAD_LETTER_BYTES,
  type Rejection,
} from './dead-letter.ts';

const rejection: Rejection = {
  code: 'RECORD_TRUNCATED',
  detail: 'ends too early',
  stage: 'validate',
  topic: 'vigie.metrics.raw',
  partition: 3,
  offset: 42,
  timestampMs: 1000,
  tenant: 'shop',
  points: 0,
  standsFor: 1,
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
      'error.topic': 'vigie.metrics.raw',
      'error.partition': '3',
      'error.offset': '42',
      'error.timestamp': '1000',
      'error.attempts': '1',
      'error.tenant': 'shop',
      'error.points': '0',
      '__streams.errors.topic': 'vigie.metrics.raw',
      '__streams.errors.partition': '3',
      '__streams.errors.offset': '42',
      'x-original-topic': 'vigie.metrics.raw',
      'vigie.dead-letter': 'vigie.metrics.raw/3/42/RECORD_TRUNCATED',
    });
  });

  it('of a redriven record counts the attempts and says nothing of the refusal before', () => {
    const { headers } = deadLetter({ ...rejection, partial: true, standsFor: 7 });
    const again = textHeaders({ headers, offset: 99, detail: '', tenant: '' });
    expect(again).toMatchObject({
      trace: 'abc',
      'error.attempts': '2',
      'error.previous': 'vigie.metrics.raw/3/42/RECORD_TRUNCATED',
      'error.offset': '99',
      'vigie.dead-letter': 'vigie.metrics.raw/3/99/RECORD_TRUNCATED',
    });
    for (const name of ['detail', 'partial', 'sampled', 'tenant']) {
      expect(again).not.toHaveProperty(`error.${name}`);
    }
    expect(Object.keys(again)).toHaveLength(Object.keys(textHeaders({})).length - 1);
  });

  it.each([
    ['nonsense', 1],
    ['-5', 1],
    ['1e300', 1],
    ['9007199254740991', 1_000_001],
  ])('takes %s attempts before for what they can be', (attempts, expected) => {
    const headers = {
      [DEAD_LETTER_ID]: Buffer.from('x'),
      'error.attempts': Buffer.from(attempts),
    };
    expect(textHeaders({ headers })['error.attempts']).toBe(String(expected));
  });

  it('does not believe attempts of a record that was never a dead letter', () => {
    const headers = { 'error.attempts': Buffer.from('41') };
    expect(textHeaders({ headers })['error.attempts']).toBe('1');
  });

  it('says how many it stands for, where others were left out', () => {
    expect(textHeaders({ standsFor: 100 })['error.sampled']).toBe('100');
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
