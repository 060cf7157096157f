import { describe, expect, it } from 'vitest';
import { decodeFetch } from './kafkajs-fetch.ts';
// Puts the snappy codec in place.
import './kafkajs-produce.ts';
import { encodeBatch } from './platformatic-batch.ts';

const identity = { producerId: 5n, epoch: 0 };
const record = (key: string, timestampMs: number) => ({
  key: Buffer.from(key),
  value: Buffer.from(`value of ${key}`),
  headers: { h: Buffer.from(key) },
  timestampMs,
});
/** A stored batch at an offset, as a broker gives it out. */
function batchAt(firstOffset: number, ...keys: readonly string[]): Buffer {
  const bytes = encodeBatch(
    identity,
    0,
    keys.map((key, index) => record(key, 1000 + index)),
  );
  bytes.writeBigInt64BE(BigInt(firstOffset), 0);
  return bytes;
}

/** A fetch response, version 11, of topic `a`, partition 3. */
function response(code: number, stored: Buffer | null): Buffer {
  const head = Buffer.alloc(4 + 2 + 4 + 4 + 2 + 1 + 4);
  head.writeInt32BE(1, 10);
  head.writeInt16BE(1, 14);
  head.write('a', 16);
  head.writeInt32BE(1, 17);
  const part = Buffer.alloc(4 + 2 + 8 + 8 + 8 + 4 + 16 + 4);
  part.writeInt32BE(3, 0);
  part.writeInt16BE(code, 4);
  part.writeBigInt64BE(99n, 6);
  part.writeBigInt64BE(50n, 14);
  part.writeInt32BE(1, 30);
  part.writeBigInt64BE(7n, 34);
  part.writeBigInt64BE(6n, 42);
  part.writeInt32BE(-1, 50);
  const length = Buffer.alloc(4);
  length.writeInt32BE(stored?.length ?? -1);
  return Buffer.concat([head, part, length, stored ?? Buffer.alloc(0)]);
}

async function decoded(code: number, stored: Buffer | null) {
  const answer = await decodeFetch(response(code, stored));
  const [part] = answer.partitions;
  if (part === undefined) throw new Error('no partition');
  return part;
}

describe('a fetch response', () => {
  it('is read with place, end, aborted transactions and records', async () => {
    const part = await decoded(0, batchAt(10, 'x', 'y'));
    expect(part).toMatchObject({ topic: 'a', partition: 3, code: 0, stableEnd: 50 });
    expect(part.aborted).toEqual([{ producerId: 7n, firstOffset: 6 }]);
    expect(part.batches).toMatchObject([
      { firstOffset: 10, endOffset: 12, producerId: 5n, transactional: false, control: false },
    ]);
    expect(part.batches[0]?.records).toEqual([
      { offset: 10, ...record('x', 1000) },
      { offset: 11, ...record('y', 1001) },
    ]);
  });

  it('leaves out a batch that the broker cut short at the byte limit', async () => {
    const whole = batchAt(10, 'x');
    const cut = batchAt(11, 'y').subarray(0, -1);
    const { batches } = await decoded(0, Buffer.concat([whole, cut]));
    expect(batches.map(({ endOffset }) => endOffset)).toEqual([11]);
  });

  it('keeps an error with its partition', async () => {
    expect(await decoded(1, null)).toMatchObject({ code: 1, batches: [] });
  });
});
