import { readFile } from 'node:fs/promises';
import { createSecureContext, type ConnectionOptions as TlsOptions } from 'node:tls';
import { PipelineError } from '../errors.ts';

/** PEM files: whom we trust, and who we are. */
export interface CertificatePaths {
  readonly caPath?: string | undefined;
  readonly certPath?: string | undefined;
  readonly keyPath?: string | undefined;
}

/**
 * Reads certificates and key for the connections to the brokers.
 *
 * @throws PipelineError `OPTIONS_INVALID` (fate: stop), naming the option, when a file cannot be read, is none of its
 *   kind, or certificate and key do not match.
 */
export async function readCertificates({
  caPath,
  certPath,
  keyPath,
}: CertificatePaths): Promise<TlsOptions> {
  const ca = await readPem('caPath', caPath);
  const cert = await readPem('certPath', certPath);
  const key = await readPem('keyPath', keyPath);
  try {
    createSecureContext({ ca, cert, key });
  } catch (cause) {
    const detail = `transport.kafka.ssl: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new PipelineError('OPTIONS_INVALID', detail, { cause });
  }
  return {
    ...(ca === undefined ? {} : { ca: [ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

async function readPem(option: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (cause) {
    const detail = `transport.kafka.ssl.${option}: ${path} cannot be read`;
    throw new PipelineError('OPTIONS_INVALID', detail, { cause });
  }
}
