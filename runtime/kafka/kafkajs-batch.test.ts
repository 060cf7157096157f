import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TopicRecord } from '../transport.ts';
import { batchHeadBytes, readStoredBatch } from './kafkajs-batch.ts';
import { decodeRecordBatch, WireDecoder } from './kafkajs-internals.ts';
import './kafkajs-produce.ts';
import { encodeBatch } from './platformatic-batch.ts';

type Header = readonly [name: string | null, value: string | null];

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

function field(text: string | null): Buffer {
  if (text === null) return varint(-1);
  const bytes = Buffer.from(text);
  return Buffer.concat([varint(bytes.length), bytes]);
}

/** A record as it lies in a batch. */
function rawRecord(headers: readonly Header[], timeDelta = 0, offsetDelta = 0): Buffer {
  const parts = headers.flatMap(([name, value]) => [field(name), field(value)]);
  const body = Buffer.concat([
    Buffer.of(0),
    varint(timeDelta),
    varint(offsetDelta),
    field(null),
    field('value'),
    varint(headers.length),
    ...parts,
  ]);
  return Buffer.concat([varint(body.length), body]);
}

/** A batch that is not compressed. */
function rawBatch(records: readonly Buffer[], attributes = 0): Buffer {
  const batch = Buffer.concat([Buffer.alloc(batchHeadBytes), ...records]);
  batch.writeBigInt64BE(1000n, 0);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(attributes, 21);
  batch.writeInt32BE(41, 23);
  batch.writeBigInt64BE(5000n, 27);
  batch.writeBigInt64BE(9000n, 35);
  batch.writeBigInt64BE(2n ** 40n + 7n, 43);
  batch.writeInt32BE(records.length, 57);
  return batch;
}

async function headersOf(batch: Buffer): Promise<[string, string][]> {
  const { records } = await readStoredBatch(batch);
  return Object.entries(records[0]?.headers ?? {}).map(([name, value]) => [
    name,
    Buffer.from(value).toString(),
  ]);
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const anyRecord: fc.Arbitrary<TopicRecord> = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  timestampMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4_102_444_800_000 })),
  headers: fc.dictionary(fc.string({ maxLength: 20 }), bytes, { maxKeys: 3 }),
});

describe('a stored batch', () => {
  it('is read as it was written, and as kafkajs reads it', async () => {
    const anyRecords = fc.array(anyRecord, { minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(anyRecords, async (records) => {
        const batch = encodeBatch({ producerId: 7n, epoch: 3 }, 0, records);
        const read = await readStoredBatch(batch);
        expect(read).toMatchObject({ firstOffset: 0, endOffset: records.length, producerId: 7n });
        expect(
          read.records.map(({ headers, ...rest }) => ({
            ...rest,
            headers: Object.entries(headers),
          })),
        ).toEqual(
          records.map(({ headers, ...rest }, offset) => {
            return { ...rest, offset, headers: Object.entries(headers) };
          }),
        );
        const other = await decodeRecordBatch(new WireDecoder(batch));
        expect(read.records.map(({ key, value }) => [key, value])).toEqual(
          other.records.map(({ key, value }) => [key, value]),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('has offsets, times and marks by its head', async () => {
    const records = [rawRecord([], -3, 0), rawRecord([], 2 ** 41, 41)];
    expect(await readStoredBatch(rawBatch(records))).toMatchObject({
      firstOffset: 1000,
      endOffset: 1042,
      producerId: 2n ** 40n + 7n,
      transactional: false,
      control: false,
      records: [
        { offset: 1000, timestampMs: 4997 },
        { offset: 1041, timestampMs: 5000 + 2 ** 41 },
      ],
    });
    // Times of the broker instead of the producer; a mark at the end of a transaction.
    expect(await readStoredBatch(rawBatch(records, 0x38))).toMatchObject({
      transactional: true,
      control: true,
      records: [{ timestampMs: 9000 }, { timestampMs: 9000 }],
    });
    expect((await readStoredBatch(rawBatch([]))).records).toEqual([]);
  });

  it('takes the last of headers of one name, and no bytes for null', async () => {
    const headers: Header[] = [
      ['a', '1'],
      ['b', null],
      ['a', '2'],
      ['__proto__', 'x'],
      [null, 'y'],
    ];
    expect(await headersOf(rawBatch([rawRecord(headers)]))).toEqual([
      ['a', '2'],
      ['b', ''],
      ['__proto__', 'x'],
      ['', 'y'],
    ]);
  });

  it('with a hundred thousand headers costs no more than its bytes', async () => {
    // By copying those before for each one, as kafkajs does, this would take hours.
    const headers = Array.from({ length: 100_000 }, (_, i): Header => [`h${i}`, 'v']);
    expect(await headersOf(rawBatch([rawRecord(headers)]))).toHaveLength(100_000);
  });

  it('cut short, or with a length that leads beyond it, is refused', async () => {
    const batch = rawBatch([rawRecord([['a', '1']])]);
    for (let end = batchHeadBytes; end < batch.length; end++) {
      await expect(readStoredBatch(batch.subarray(0, end))).rejects.toThrow(RangeError);
    }
    for (let at = batchHeadBytes; at < batch.length; at++) {
      const longer = Buffer.from(batch);
      longer[at] = 0xfe;
      // A byte of a text may be any; that of a length may not.
      const read = await readStoredBatch(longer).catch((error: unknown) => error);
      if (read instanceof Error) expect(read).toBeInstanceOf(RangeError);
    }
  });
});
