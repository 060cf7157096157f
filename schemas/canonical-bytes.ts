import createXxHash from 'xxhash-wasm';

const { h64Raw } = await createXxHash();

const LENGTH_BYTES = 4;
/** UTF-8 bytes that one UTF-16 code unit can take. */
const MAX_UNIT_BYTES = 3;

/**
 * Collects texts and bytes into one unambiguous byte form and hashes it with XXH64.
 *
 * Each part stands as its length in bytes (u32 LE) and its bytes (texts as UTF-8), so that no two lists of parts share a
 * form. Reused between hashes: `reset`, add parts, `digest`.
 */
export class CanonicalBytes {
  #scratch = Buffer.allocUnsafeSlow(4096);
  #end = 0;

  /** Forgets the parts. */
  reset(): void {
    this.#end = 0;
  }

  /** Adds a text. */
  text(text: string): void {
    this.#reserve(LENGTH_BYTES + text.length * MAX_UNIT_BYTES);
    const start = this.#end + LENGTH_BYTES;
    const length = writeUtf8(this.#scratch, text, start);
    this.#scratch.writeUInt32LE(length, this.#end);
    this.#end = start + length;
  }

  /** Adds bytes. */
  bytes(part: Uint8Array): void {
    this.#reserve(LENGTH_BYTES + part.length);
    this.#scratch.writeUInt32LE(part.length, this.#end);
    this.#scratch.set(part, this.#end + LENGTH_BYTES);
    this.#end += LENGTH_BYTES + part.length;
  }

  /** Writes the hash of the parts to `out` at `at`, 8 bytes big-endian. */
  digest(seed: bigint, out: Uint8Array, at: number): void {
    // The hash only speaks BigInt: one per id, split at once.
    const hash = xxh64(this.#scratch.subarray(0, this.#end), seed);
    writeU32(out, at, Number(hash >> 32n));
    writeU32(out, at + 4, Number(hash & 0xffffffffn));
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#scratch.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#scratch.length * 2, this.#end + bytes));
    larger.set(this.#scratch.subarray(0, this.#end));
    this.#scratch = larger;
  }
}

/** Hashes bytes with XXH64; unsigned. */
export function xxh64(bytes: Uint8Array, seed: bigint): bigint {
  return h64Raw(bytes, seed);
}

/** Writes a text and returns its length in bytes; the loop beats the encoder on the short ASCII texts that labels are. */
function writeUtf8(out: Buffer, text: string, at: number): number {
  const length = text.length;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return i + out.write(text.slice(i), at + i, 'utf8');
    out[at + i] = unit;
  }
  return length;
}

function writeU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}
