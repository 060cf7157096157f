import { PipelineError } from '../runtime/errors.ts';

/** Writes an Avro int or long by hand: zigzag, seven bits a byte. */
export function long(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** Writes an Avro string by hand: its length, then UTF-8. */
export function text(value: string): Buffer {
  return Buffer.concat([long(Buffer.byteLength(value)), Buffer.from(value)]);
}

/** Puts the frame of a schema id before the parts of an Avro body. */
export function frame(id: number, ...parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, ...parts]);
}

/** Gives the code that an action throws, `none` when it throws nothing; other errors pass through. */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'none';
}
