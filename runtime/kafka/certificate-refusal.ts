/** What Node and OpenSSL call it when one side does not accept the other’s certificate. */
const refusal =
  /CERT|UNKNOWN_CA|LEAF_SIGNATURE|ACCESS_DENIED|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)/;

/**
 * Says whether a connection failed over a certificate, ours or the broker’s: no repeat mends that.
 *
 * @param error of a TLS socket, or a library’s error that has taken over its `code`.
 */
export function isCertificateRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return typeof error.code === 'string' && refusal.test(error.code);
}
