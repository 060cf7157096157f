import { Reader, readRecordsBatches } from '@platformatic/kafka';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TopicRecord } from '../transport.ts';
import { decodeRecordBatch, WireDecoder } from './kafkajs-internals.ts';
import './kafkajs-produce.ts';
import { encodeBatch } from './platformatic-batch.ts';

const identity = { producerId: 2n ** 40n + 7n, epoch: 3 };
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const anyRecord: fc.Arbitrary<TopicRecord> = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  timestampMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4_102_444_800_000 })),
  headers: fc.dictionary(
    fc.string({ maxLength: 20 }).filter((name) => name !== '__proto__'),
    bytes,
    { maxKeys: 3, noNullPrototype: true },
  ),
});
const anyRecords = fc.array(anyRecord, { minLength: 1, maxLength: 200 });

test('both libraries read back what is encoded', async () => {
  await fc.assert(
    fc.asyncProperty(anyRecords, fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (records, at) => {
      const batch = encodeBatch(identity, at, records);
      const [read] = readRecordsBatches(Reader.from(batch));
      expect(read?.producerId).toBe(identity.producerId);
      expect(read?.producerEpoch).toBe(identity.epoch);
      expect(read?.firstSequence).toBe(at);
      expect(Number(read?.maxTimestamp)).toBe(Math.max(...records.map((r) => r.timestampMs)));
      const first = Number(read?.firstTimestamp);
      const found = read?.records.map(({ key, value, timestampDelta, headers }) => ({
        key,
        value,
        timestampMs: first + Number(timestampDelta),
        headers: Object.fromEntries(headers.map(([name, text]) => [String(name), text])),
      }));
      expect(found).toEqual(records);
      const other = await decodeRecordBatch(new WireDecoder(batch));
      expect(other.records.map(({ timestamp }) => Number(timestamp))).toEqual(
        records.map(({ timestampMs }) => timestampMs),
      );
      expect(other.records.map(({ value }) => value)).toEqual(records.map(({ value }) => value));
    }),
    { numRuns: 60 },
  );
});

test('times of neighbours may be decades apart', () => {
  const record = { key: null, value: null, headers: {} };
  const times = [0, 1_700_000_000_123, 4_102_444_800_000, 0];
  const batch = encodeBatch(
    identity,
    0,
    times.map((timestampMs) => ({ ...record, timestampMs })),
  );
  const [read] = readRecordsBatches(Reader.from(batch));
  expect(read?.records.map(({ timestampDelta }) => Number(timestampDelta))).toEqual(times);
});
