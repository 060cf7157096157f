import { X509Certificate } from 'node:crypto';
import type { ConnectionOptions as TlsOptions } from 'node:tls';

/** User and password for the brokers; the mechanism in lower case (`plain`, `scram-sha-256`, `scram-sha-512`). */
export interface SaslOptions {
  readonly mechanism: string;
  readonly username: string;
  readonly password: string;
}

/** How brokers are reached, whichever client does it. */
export interface ConnectionOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Encrypts the connections; certificates and keys as Node’s TLS takes them. */
  readonly ssl?: TlsOptions;
  readonly sasl?: SaslOptions;
  /** Limit of one request that does not wait by itself. */
  readonly requestTimeoutMs: number;
  readonly connectionTimeoutMs: number;
}

/**
 * Gives the name that brokers know us by, `User:…`: the user of the password, else the subject of our certificate, as
 * their default rules write it.
 */
export function principalOf({ sasl, ssl }: Pick<ConnectionOptions, 'sasl' | 'ssl'>): string {
  if (sasl !== undefined) return `User:${sasl.username}`;
  const { cert } = ssl ?? {};
  if (typeof cert !== 'string' && !Buffer.isBuffer(cert)) return 'User:ANONYMOUS';
  // Java lists the parts of a name from the last to the first.
  const parts = new X509Certificate(cert).subject.split('\n').toReversed();
  return `User:${parts.join(',')}`;
}

/** Where a broker listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Splits `host:port`; an IPv6 host stands in brackets. */
export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':');
  return {
    host: text.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(text.slice(colon + 1)),
  };
}
