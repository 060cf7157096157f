import {
  AuthenticationError,
  NetworkError,
  ProtocolError,
  ResponseError,
  TimeoutError,
} from '@platformatic/kafka';
import { describe, expect, it } from 'vitest';
import { KafkaError } from './client.ts';
import { toKafkaError } from './platformatic-errors.ts';

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

  it.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'])(
    'is an authentication error for a certificate that is not accepted: %s',
    (code) => {
      const refused = Object.assign(new Error('certificate'), { code });
      const thrown = new NetworkError('Connection to a:1 failed.', { cause: refused });
      expect(toKafkaError(thrown, 'Metadata')).toMatchObject({
        type: 'AUTHENTICATION',
        retriable: false,
      });
    },
  );

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
