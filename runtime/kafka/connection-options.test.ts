import { describe, expect, it } from 'vitest';
import { certificatePem } from './certificate.fixture.ts';
import { parseAddress, principalOf } from './connection-options.ts';

describe('principalOf', () => {
  const sasl = { mechanism: 'scram-sha-512', username: 'vigie', password: 'x' };
  const cert = Buffer.from(certificatePem);

  it('is the user of the password, whether there is a certificate or not', () => {
    expect(principalOf({ sasl })).toBe('User:vigie');
    expect(principalOf({ sasl, ssl: { cert } })).toBe('User:vigie');
  });

  it('is else the subject of our certificate, written as Java does', () => {
    const name = 'User:CN=worker,O=Elsewhere\\, Inc,C=FR';
    expect(principalOf({ ssl: { cert } })).toBe(name);
    expect(principalOf({ ssl: { cert: certificatePem } })).toBe(name);
  });

  it('is nobody without either', () => {
    expect(principalOf({})).toBe('User:ANONYMOUS');
    expect(principalOf({ ssl: { ca: [cert] } })).toBe('User:ANONYMOUS');
  });
});

describe('parseAddress', () => {
  it('takes names, IPv4 and IPv6 in brackets', () => {
    expect(parseAddress('kafka-1:9092')).toEqual({ host: 'kafka-1', port: 9092 });
    expect(parseAddress('[::1]:9093')).toEqual({ host: '::1', port: 9093 });
  });
});
