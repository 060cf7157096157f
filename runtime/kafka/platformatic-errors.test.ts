import {
  AuthenticationError,
  NetworkError,
  ProtocolError,
  ResponseError,
  TimeoutError,
} from '@platformatic/kafka';
import { describe, expect, it } from 'vitest';
import { KafkaError } from './client.ts';
import { errorOfCode as kafkajsErrorOfCode } from './kafkajs-errors.ts';
import { errorOfCode, throwIfFailed, toKafkaError } from './platformatic-errors.ts';

/** Codes that code above the port looks for by name. */
const looked = [1, 3, 5, 10, 18, 22, 25, 27, 29, 30, 32, 36, 45, 46, 47, 49, 59, 79, 82];

describe('errors of a response', () => {
  it('have the names and the chance of a repeat that the other client gives them', () => {
    for (const code of looked) {
      const [one, other] = [errorOfCode(code, 'x'), kafkajsErrorOfCode(code, 'x')];
      expect([one?.type, one?.retriable]).toEqual([other?.type, other?.retriable]);
    }
  });

  it('are none for code 0, and keep a code that is not known', () => {
    expect(errorOfCode(0, 'x')).toBeUndefined();
    expect(() => throwIfFailed(0, 'x')).not.toThrow();
    expect(errorOfCode(9999, 'x')).toMatchObject({ type: 'CODE_9999', retriable: false });
  });
});

describe('what the library throws', () => {
  const denied = new ResponseError(36, 2, { '/': [58, 'no such user'] }, {});
  const cut = new NetworkError('Connection closed');
  it.each([
    ['a lost connection', new NetworkError('gone', { cause: new Error('ECONNRESET') })],
    ['a connection lost at the password', new AuthenticationError('no', { cause: cut })],
  ])('is a connection error for %s', (_, thrown) => {
    expect(toKafkaError(thrown, 'Fetch')).toMatchObject({ type: 'CONNECTION', retriable: true });
  });

  it('is an authentication error for a wrong password, and no repeat helps', () => {
    const refused = new AuthenticationError('SASL authentication failed.', { cause: denied });
    const thrown = new NetworkError('Connection to a:1 failed.', { cause: refused });
    const error = toKafkaError(thrown, 'Metadata');
    expect(error).toMatchObject({ type: 'AUTHENTICATION', retriable: false });
    expect(error.message).toMatch(/^Metadata: Connection to a:1 failed/);
  });

  it('is the broker’s error when a broker named one', () => {
    const error = toKafkaError(new ProtocolError('NOT_COORDINATOR'), 'x');
    expect(error).toMatchObject({ type: 'NOT_COORDINATOR', retriable: true });
  });

  it('is a time-out, or nothing that a repeat would mend', () => {
    expect(toKafkaError(new TimeoutError('late'), 'x')).toMatchObject({ type: 'TIMEOUT' });
    expect(toKafkaError(new RangeError('short'), 'x')).toMatchObject({ type: 'RangeError' });
    expect(toKafkaError('text', 'x')).toMatchObject({ retriable: false });
    const known = new KafkaError('CLOSED', 'x', false);
    expect(toKafkaError(known, 'y')).toBe(known);
  });
});
