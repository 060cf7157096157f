import { createHash } from 'node:crypto';

/**
 * Derives an id from what it stands for, as 32 hex digits: the first 16 bytes of SHA-256.
 *
 * Each part is preceded by its length in UTF-8 bytes, so that no two lists of parts read the same.
 * The same parts give the same id on every machine and in every version: ids are how readers drop
 * repeats.
 */
export function stableId(...parts: readonly (string | number)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = Buffer.from(String(part));
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex').slice(0, 32);
}

/** Turns hex digits into the bytes of an Avro `fixed`. */
export function idBytes(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}

/** Turns the bytes of an Avro `fixed` into hex digits. */
export function idHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
