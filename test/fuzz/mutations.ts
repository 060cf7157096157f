/** A number in [0, 1). */
export type Random = () => number;

/** Bytes of a raw record after some harm was done to it. */
export type Mutation = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const FRAME_BYTES = 5;
const MOST_BYTES = 64 * 1024;

/**
 * Avro longs as lengths and counts that lie: negative, around 2^31, 2^32, 2^53 and 2^63, without end.
 *
 * A count below zero says that a block’s size in bytes follows, which readers may believe.
 */
const lyingLongs: readonly Buffer[] = [
  ...[-1n, 1n, 63n, 64n, -64n, 2n ** 16n, 2n ** 24n].map(zigzag),
  ...[2n ** 31n - 1n, 2n ** 31n, -(2n ** 31n), 2n ** 32n].map(zigzag),
  ...[2n ** 52n, 2n ** 53n, 2n ** 62n, -(2n ** 62n), 2n ** 63n - 1n, -(2n ** 63n)].map(zigzag),
  Buffer.alloc(10, 0xff),
  Buffer.alloc(40, 0x80),
];

/** Numbers that arithmetic stumbles over, as the columns of a batch hold them. */
const oddDoubles: readonly Buffer[] = [
  '000000000000f07f',
  '000000000000f0ff',
  '020000000000f07f',
  '000000000000f87f',
  'ffffffffffffffff',
  '0100000000000000',
  '0000000000000080',
  'ffffffffffffef7f',
  '0000000000004043',
].map((hex) => Buffer.from(hex, 'hex'));

/** Every kind of harm, by name. */
export const mutations: Readonly<Record<string, Mutation>> = {
  none: (bytes) => bytes,
  bits: (bytes, random) => {
    const out = Buffer.from(bytes);
    for (let i = 0; i < 1 + random() * 8 && out.length > 0; i++) {
      const at = below(random, out.length);
      out[at] = (out[at] ?? 0) ^ (1 << below(random, 8));
    }
    return out;
  },
  bytes: (bytes, random) => {
    const out = Buffer.from(bytes);
    for (let i = 0; i < 1 + random() * 12 && out.length > 0; i++) {
      out[below(random, out.length)] = below(random, 256);
    }
    return out;
  },
  truncation: (bytes, random) => bytes.subarray(0, below(random, bytes.length + 1)),
  extension: (bytes, random) =>
    Buffer.concat([
      bytes,
      Buffer.from(Array.from({ length: 1 + below(random, 40) }, () => below(random, 256))),
    ]),
  lengths: (bytes, random) => {
    const at = FRAME_BYTES + below(random, Math.max(1, bytes.length - FRAME_BYTES));
    const lie = pick(random, lyingLongs);
    // Over what is there, or between: then all that follows moves.
    const skip = random() < 0.5 ? 1 : lie.length;
    return Buffer.concat([bytes.subarray(0, at), lie, bytes.subarray(at + skip)]);
  },
  doubles: (bytes, random) => {
    const out = Buffer.from(bytes);
    for (let i = 0; i < 1 + random() * 3; i++) {
      if (out.length > 8) pick(random, oddDoubles).copy(out, below(random, out.length - 7));
    }
    return out;
  },
  splice: (bytes, random, others) => {
    const other = pick(random, others);
    const [cut, from] = [below(random, bytes.length + 1), below(random, other.length + 1)];
    return Buffer.concat([bytes.subarray(0, cut), other.subarray(from)]);
  },
  graft: (bytes, random, others) => {
    const other = pick(random, others);
    const [from, at] = [below(random, other.length + 1), below(random, bytes.length + 1)];
    const part = other.subarray(from, from + 1 + below(random, 64));
    return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
  },
  removal: (bytes, random) => {
    const at = below(random, bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(random, 32))]);
  },
  repetition: (bytes, random) => {
    const at = below(random, bytes.length + 1);
    const part = bytes.subarray(at, at + 1 + below(random, 64));
    const times = 1 + below(random, 50);
    return Buffer.concat([
      bytes.subarray(0, at),
      ...Array.from({ length: times }, () => part),
      bytes.subarray(at),
    ]);
  },
  noise: (_bytes, random) => {
    const out = Buffer.from(Array.from({ length: below(random, 200) }, () => below(random, 256)));
    if (out.length > 0 && random() < 0.8) out[0] = 0;
    return out;
  },
};

/** Names of the mutations that harm. */
export const harms: readonly string[] = Object.keys(mutations).filter((name) => name !== 'none');

/** Applies a mutation, and in a third of the cases another on top; results stay below 64 KiB. */
export function mutate(
  name: string,
  bytes: Buffer,
  random: Random,
  others: readonly Buffer[],
): Buffer {
  let out = mutations[name]?.(bytes, random, others) ?? bytes;
  if (name !== 'none' && random() < 1 / 3) {
    out = mutations[pick(random, harms)]?.(out, random, others) ?? out;
  }
  return Buffer.from(out.subarray(0, MOST_BYTES));
}

/** Picks one of a list that is not empty. */
export function pick<T>(random: Random, from: readonly T[]): T {
  return from[below(random, from.length)] as T;
}

/** A whole number from 0 to below `limit`. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

function zigzag(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
