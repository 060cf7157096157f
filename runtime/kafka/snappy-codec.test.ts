import { compressSync } from 'snappy';
import { expect, it } from 'vitest';
import { snappyCompress, snappyUncompress } from './snappy-codec.ts';

const large = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * index) % 251));
const header = Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex');

function block(bytes: Buffer): Buffer {
  const compressed = compressSync(bytes);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(compressed.length);
  return Buffer.concat([size, compressed]);
}

it.each([0, 1, 1000, large.length])('gives %i bytes back', async (length) => {
  const plain = large.subarray(0, length);
  const compressed = await snappyCompress(plain);
  expect(compressed.subarray(0, 16)).toEqual(header);
  expect(Buffer.compare(await snappyUncompress(compressed), plain)).toBe(0);
});

it('reads raw snappy', async () => {
  expect(await snappyUncompress(compressSync(large))).toEqual(large);
});

it('reads a frame of several blocks', async () => {
  const framed = Buffer.concat([header, block(large), block(Buffer.from('tail'))]);
  expect(await snappyUncompress(framed)).toEqual(Buffer.concat([large, Buffer.from('tail')]));
});

it('refuses a block that is cut short', async () => {
  const framed = Buffer.concat([header, block(large)]);
  await expect(snappyUncompress(framed.subarray(0, -1))).rejects.toThrow('cut short');
});
