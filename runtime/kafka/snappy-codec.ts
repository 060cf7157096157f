import { compress, compressSync, uncompress, uncompressSync } from 'snappy';

/** Eight bytes that begin the framing of snappy-java, which Kafka’s Java clients write and read. */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** Magic, then two 4-byte version numbers. */
const xerialHeaderBytes = 16;
const xerialVersion = 1;
/** Below this, a hop to the thread pool costs more than the work itself. */
const inlineBytes = 64 * 1024;
const wantBuffer = { asBuffer: true };

/**
 * Compresses to one snappy block in xerial framing.
 *
 * Kafka’s brokers take raw snappy too, but its Java readers expect the frame.
 */
export async function snappyCompress(bytes: Uint8Array): Promise<Buffer> {
  const plain = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return frameSnappy(plain.length <= inlineBytes ? compressSync(plain) : await compress(plain));
}

/** Bytes that xerial framing puts in front of one block. */
export const snappyFrameBytes = xerialHeaderBytes + 4;

/** Compresses to one raw snappy block, at once. */
export function snappyBlock(bytes: Buffer): Buffer {
  return compressSync(bytes);
}

/** Writes one raw snappy block in xerial framing into a buffer, from `at` on. */
export function writeSnappyFrame(block: Buffer, into: Buffer, at: number): void {
  xerialMagic.copy(into, at);
  into.writeInt32BE(xerialVersion, at + 8);
  into.writeInt32BE(xerialVersion, at + 12);
  into.writeUInt32BE(block.length, at + xerialHeaderBytes);
  block.copy(into, at + snappyFrameBytes);
}

function frameSnappy(block: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(snappyFrameBytes + block.length);
  writeSnappyFrame(block, framed, 0);
  return framed;
}

/**
 * Uncompresses snappy in xerial framing (any number of blocks) or raw.
 *
 * @throws Error when a block is cut short or is not snappy.
 */
export async function snappyUncompress(bytes: Buffer): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for (const block of blocksOf(bytes)) blocks.push(await uncompressBlock(block));
  return joined(blocks);
}

function blocksOf(bytes: Buffer): readonly Buffer[] {
  const framed = bytes.length >= xerialHeaderBytes && bytes.subarray(0, 8).equals(xerialMagic);
  if (!framed) return [bytes];
  const blocks: Buffer[] = [];
  let at = xerialHeaderBytes;
  while (at < bytes.length) {
    const size = bytes.readUInt32BE(at);
    const end = at + 4 + size;
    if (end > bytes.length) throw new Error(`snappy block of ${size} bytes is cut short`);
    blocks.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return blocks;
}

function joined(blocks: readonly Buffer[]): Buffer {
  return blocks.length === 1 && blocks[0] !== undefined ? blocks[0] : Buffer.concat(blocks);
}

async function uncompressBlock(block: Buffer): Promise<Buffer> {
  const inline = block.length <= inlineBytes;
  return asBuffer(inline ? uncompressSync(block, wantBuffer) : await uncompress(block, wantBuffer));
}

function asBuffer(plain: Buffer | string): Buffer {
  if (typeof plain === 'string') throw new TypeError('snappy gave a string for bytes');
  return plain;
}
