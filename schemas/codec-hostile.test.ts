import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SchemaIds } from './codec.ts';
import { Codec } from './codec.ts';
import { exampleAlert, exampleBatch, examplePoint } from './example-records.fixture.ts';
import { FileRegistry } from './file-registry.ts';
import { codeOf, frame, long, text } from './hand-written-avro.fixture.ts';
import { registerRecords } from './registry.ts';

let ids: SchemaIds;
let codec: Codec;
beforeAll(async () => {
  ids = await registerRecords(new FileRegistry());
  codec = new Codec(ids);
});

describe('a bad value has its code', () => {
  const decode = (bytes: Uint8Array) =>
    codeOf(() => codec.decode(bytes, ['MetricPoint', 'MetricBatch']));
  const head = () => [text('acme'), text('up'), long(0)] as const;
  const tail = () => [Buffer.alloc(8), long(0), long(0), Buffer.of(0)] as const;
  const pointWith = (timestamp: Buffer) => frame(ids.MetricPoint, ...head(), timestamp, ...tail());

  test.each([
    ['nothing', '', 'RECORD_NOT_AVRO'],
    ['four bytes', '00000000', 'RECORD_NOT_AVRO'],
    ['JSON', Buffer.from('{"a":1}').toString('hex'), 'RECORD_NOT_AVRO'],
    ['an unknown id', '00ffffffff00', 'SCHEMA_UNKNOWN_ID'],
  ])('%s', (_name, hex, code) => {
    expect(decode(Buffer.from(hex, 'hex'))).toBe(code);
  });

  test('a record that does not belong here', () => {
    const tick = codec.encode('Tick', { sourcePartition: 0, watermarkMs: 0, idle: false });
    expect(decode(tick)).toBe('RECORD_TYPE');
  });

  test('cut anywhere, or longer than it says', () => {
    for (const framed of [
      codec.encode('MetricPoint', examplePoint),
      codec.encode('MetricBatch', exampleBatch),
    ]) {
      for (let length = 5; length < framed.length; length++) {
        expect(decode(framed.subarray(0, length))).toBe('RECORD_TRUNCATED');
      }
      expect(decode(Buffer.concat([framed, Buffer.of(0)]))).toBe('RECORD_TRUNCATED');
    }
  });

  test('a map with a key twice', () => {
    const labels = [long(2), text('a'), text('1'), text('a'), text('2'), long(0)];
    const parts = [text('acme'), text('up'), ...labels, long(0), ...tail()];
    expect(decode(frame(ids.MetricPoint, ...parts))).toBe('LABEL_DUPLICATE');
  });

  test('a label named __proto__ is a label', () => {
    const labels = [long(1), text('__proto__'), text('1'), long(0)];
    const framed = frame(ids.MetricPoint, text('acme'), text('up'), ...labels, long(0), ...tail());
    const { value } = codec.decode(framed, ['MetricPoint']);
    expect(Object.entries(value.labels)).toEqual([['__proto__', '1']]);
  });

  test('a timestamp in nanoseconds reaches the check of timestamps', () => {
    const framed = pointWith(long(1_700_000_000_123_456_789n));
    expect(codec.decode(framed, ['MetricPoint']).value.timestamp).toBe(1_700_000_000_123_456_800);
    expect(decode(pointWith(Buffer.alloc(40, 0xff)))).toBe('RECORD_TRUNCATED');
  });

  test('an int beyond 32 bits', () => {
    // Everything after the layout is empty: backfill, dictionary, series and three columns.
    const framed = (layout: number) =>
      frame(ids.MetricBatch, text('acme'), long(layout), Buffer.alloc(6));
    expect([decode(framed(2 ** 31 - 1)), decode(framed(2 ** 31))]).toEqual([
      'none',
      'RECORD_TRUNCATED',
    ]);
  });

  const huge = [2 ** 31, 2 ** 32, 2 ** 52, 2n ** 62n, -(2n ** 62n), -1, -5];
  test.each(huge.map((claim) => [String(claim), long(claim)] as const))(
    'a length or count of %s costs neither time nor memory',
    (_name, claim) => {
      const before = process.memoryUsage().arrayBuffers;
      const start = performance.now();
      const batchHead = [text('acme'), long(1), Buffer.of(0)];
      for (const framed of [
        frame(ids.MetricPoint, claim),
        frame(ids.MetricPoint, text('acme'), text('up'), claim, long(1), text('a')),
        frame(ids.MetricBatch, ...batchHead, claim, long(8), Buffer.alloc(20)),
        frame(ids.MetricBatch, ...batchHead, long(0), claim, Buffer.alloc(20)),
        frame(ids.MetricBatch, ...batchHead, long(0), long(0), claim, Buffer.alloc(20)),
      ]) {
        expect(decode(framed)).toBe('RECORD_TRUNCATED');
      }
      expect(performance.now() - start).toBeLessThan(2000);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
    },
  );

  test('any damage gives a value or a code, within bounds', () => {
    const framed = [
      codec.encode('MetricPoint', examplePoint),
      codec.encode('MetricBatch', exampleBatch),
      codec.encode('Alert', exampleAlert),
    ];
    const damage = fc.record({
      which: fc.nat(framed.length - 1),
      edits: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      cut: fc.nat(20),
      extra: fc.uint8Array({ maxLength: 12 }),
      insertAt: fc.nat(),
    });
    fc.assert(
      fc.property(damage, ({ which, edits, cut, extra, insertAt }) => {
        const bytes = Buffer.from(framed[which] ?? []);
        for (const [at, byte] of edits) bytes[5 + (at % (bytes.length - 5))] = byte;
        const at = 5 + (insertAt % (bytes.length - 5));
        const damaged = Buffer.concat([bytes.subarray(0, at), extra, bytes.subarray(at)]);
        const code = codeOf(() =>
          codec.decode(damaged.subarray(0, damaged.length - cut), [
            'MetricPoint',
            'MetricBatch',
            'Alert',
          ]),
        );
        expect(['none', 'RECORD_TRUNCATED', 'LABEL_DUPLICATE']).toContain(code);
      }),
      { numRuns: 3000 },
    );
  });
});
