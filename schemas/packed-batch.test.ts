import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Codec } from './codec.ts';
import { FileRegistry } from './file-registry.ts';
import type { SeriesBatch } from './generated/series-batch.ts';
import type { SeriesContext } from './generated/series-context.ts';
import type { SeriesDefinition } from './generated/series-definition.ts';
import { PackedBatchWriter } from './packed-batch.ts';
import type { PackedBatch } from './read-packed-batch.ts';
import { readPackedBatch } from './read-packed-batch.ts';
import { registerRecords } from './registry.ts';
import type { RunSource } from './run-columns.ts';

let codec: Codec;
beforeAll(async () => {
  codec = new Codec(await registerRecords(new FileRegistry()));
});

/** Any bits of a double, with NaN payloads, both zeroes and infinities often. */
const valueBits = fc.oneof(
  fc.constantFrom(
    0x7ff0000000000002n,
    0xfff8000000000123n,
    0x8000000000000000n,
    0n,
    0x7ff0000000000000n,
  ),
  fc.bigInt(0n, 2n ** 64n - 1n),
);
const regularTimes = fc
  .record({
    first: fc.nat(2 ** 40),
    step: fc.integer({ min: 1, max: 3_600_000 }),
    count: fc.nat(80),
  })
  .map(({ first, step, count }) => Array.from({ length: count + 1 }, (_, i) => first + i * step));
const irregularTimes = fc.array(fc.nat(2 ** 40), { minLength: 1, maxLength: 80 });
const runs = fc.array(
  fc.record({
    series: fc.constantFrom([1, 1], [2, 1], [1, 2], [0xffffffff, 0], [65, 0x80000001]),
    times: fc.oneof(regularTimes, irregularTimes),
    bits: fc.array(valueBits, { minLength: 1, maxLength: 90 }),
    lead: fc.nat(3),
    sourcePartition: fc.nat(4095),
    sourceOffset: fc.nat(Number.MAX_SAFE_INTEGER),
    flags: fc.nat(1),
  }),
  { maxLength: 90 },
);
type Run = typeof runs extends fc.Arbitrary<(infer R)[]> ? R : never;

function columnsOf({ times, bits, lead }: Run) {
  const timestamps = new Float64Array(lead + times.length + 1);
  const values = new Float64Array(timestamps.length);
  timestamps.set(times, lead);
  const words = new BigUint64Array(values.buffer);
  for (const i of times.keys()) words[lead + i] = bits[i % bits.length] ?? 0n;
  return { timestamps, values, start: lead, end: lead + times.length };
}

function write(given: readonly Run[]): SeriesBatch {
  const writer = new PackedBatchWriter('acme', 3, 4);
  for (const run of given) {
    const { series, sourcePartition, sourceOffset, flags } = run;
    const [seriesLow = 0, seriesHigh = 0] = series;
    writer.addRun({
      ...columnsOf(run),
      seriesLow,
      seriesHigh,
      sourcePartition,
      sourceOffset,
      flags,
    });
  }
  return writer.take();
}

function read(batch: SeriesBatch): PackedBatch {
  const packed = readPackedBatch(batch);
  if ('code' in packed) throw new Error(packed.detail);
  return packed;
}

/** Everything a reader can see of a run, values as bits. */
function runsOf(packed: PackedBatch) {
  const bits = new BigUint64Array(
    packed.values.buffer,
    packed.values.byteOffset,
    packed.pointCount,
  );
  return Array.from({ length: packed.runCount }, (_, run) => {
    const [start = 0, end = 0] = packed.runStarts.subarray(run, run + 2);
    const id = 8 * (packed.runSeries[run] ?? 0);
    const view = new DataView(packed.seriesIds.buffer, packed.seriesIds.byteOffset);
    return {
      series: [view.getUint32(id + 4), view.getUint32(id)],
      times: [...packed.timestamps.subarray(start, end)],
      bits: [...bits.subarray(start, end)],
      sourcePartition: packed.runSourcePartitions[run],
      sourceOffset: packed.runSourceOffsets[run],
      flags: packed.runFlags[run],
    };
  });
}

test('a batch reads back bit by bit, through Avro and from any alignment', () => {
  fc.assert(
    fc.property(runs, fc.nat(7), (given, shift) => {
      const framed = codec.encode('SeriesBatch', write(given));
      const moved = new Uint8Array(new SharedArrayBuffer(framed.length + shift), shift);
      moved.set(framed);
      const packed = read(codec.decode(moved, ['SeriesBatch']).value);
      moved.fill(0xee);
      expect(runsOf(packed)).toEqual(
        given.map(({ series, times, bits, sourcePartition, sourceOffset, flags }) => ({
          series,
          times,
          bits: times.map((_, i) => bits[i % bits.length]),
          sourcePartition,
          sourceOffset,
          flags,
        })),
      );
    }),
    { numRuns: 300 },
  );
});

function run(timestamps: readonly number[], change: Partial<RunSource> = {}): RunSource {
  return {
    seriesLow: 7,
    seriesHigh: 9,
    timestamps: Float64Array.from(timestamps),
    values: new Float64Array(timestamps.length),
    start: 0,
    end: timestamps.length,
    sourcePartition: 0,
    sourceOffset: 0,
    flags: 0,
    ...change,
  };
}

function batchOf(...given: readonly RunSource[]): SeriesBatch {
  const writer = new PackedBatchWriter('acme', 0, 1);
  for (const one of given) writer.addRun(one);
  return writer.take();
}

describe('times', () => {
  test('of even runs and single points take no column', () => {
    const batch = batchOf(run([1000, 2000, 3000]), run([5]), run([30, 20, 10]));
    expect(batch.timestamps).toHaveLength(0);
    expect(read(batch).runSteps).toEqual(Float64Array.of(1000, 1, -10));
  });

  test('of uneven runs and repeats do', () => {
    const packed = read(batchOf(run([1000, 2000, 3001]), run([5, 5])));
    expect(packed.runSteps).toEqual(Float64Array.of(0, 0));
    expect(packed.timestamps).toEqual(Float64Array.of(1000, 2000, 3001, 5, 5));
  });

  test('that only rounding makes even are kept exactly', () => {
    const times = [0.1, 0.2, 0.30000000000000004, 0.4];
    expect([...read(batchOf(run(times))).timestamps]).toEqual(times);
  });
});

test('two raw records of one series stay two runs of one slot', () => {
  const packed = read(batchOf(run([1, 2]), run([3, 4], { sourceOffset: 1 })));
  expect(packed.seriesCount).toBe(1);
  expect([...packed.runSourceOffsets]).toEqual([0, 1]);
});

test('many series keep their slots while the table grows', () => {
  const writer = new PackedBatchWriter('acme', 0, 1);
  // Equal low words make every id start at the same place of the table.
  for (let i = 0; i < 1000; i++) writer.addRun(run([i], { seriesLow: i % 3, seriesHigh: i }));
  for (let i = 0; i < 1000; i++) writer.addRun(run([i], { seriesLow: i % 3, seriesHigh: i }));
  const packed = read(writer.take());
  expect(packed.seriesCount).toBe(1000);
  expect(packed.runSeries.subarray(0, 1000)).toEqual(packed.runSeries.subarray(1000));
});

test('a writer starts afresh after take', () => {
  const writer = new PackedBatchWriter('acme', 1, 2);
  writer.addRun(run([1, 2]));
  const first = writer.take();
  expect([writer.points, writer.definitions, writer.estimatedBytes]).toEqual([0, 0, 0]);
  writer.addRun(run([3], { seriesLow: 8 }));
  const second = writer.take();
  expect(first.values).toHaveLength(16);
  expect(second.values).toHaveLength(8);
  expect(second.seriesIds).toHaveLength(8);
});

const context: SeriesContext = {
  service: null,
  metricType: 'SLI',
  class: null,
  kind: 'GAUGE',
  unit: null,
  intervalMs: 1000,
  hop: 0,
  direction: 'BOTH',
  dataMin: null,
  dataMax: null,
  minAbs: 0,
  minRel: 0.2,
  suppress: [{ direction: 'ABOVE', within: 2, withinRel: null }],
  ignoreConsecutive: 3,
  maintenance: [{ fromMs: 1, toMs: 2 }],
  maintenanceHours: [{ days: ['MONDAY'], startMinute: 0, endMinute: 60 }],
  timeZone: 'UTC',
  season: 'UNKNOWN',
  sensitivity: 0.85,
  businessImpact: null,
  runbookUrl: null,
  ownerService: null,
  catalogVersion: 1,
};

test('contexts belong to slots', () => {
  const writer = new PackedBatchWriter('acme', 0, 1);
  const a = writer.addContext(context);
  const b = writer.addContext({ ...context, hop: 8 });
  writer.addRun(run([1], { seriesLow: 1, context: b }));
  writer.addRun(run([1], { seriesLow: 2, context: a }));
  const packed = read(writer.take());
  expect([...packed.seriesContexts].map((index) => packed.contexts[index]?.hop)).toEqual([8, 0]);
});

test('a series without context beside one with is a defect of the writer’s user', () => {
  const writer = new PackedBatchWriter('acme', 0, 1);
  writer.addContext(context);
  writer.addRun(run([1]));
  expect(() => writer.take()).toThrow('slot 0 has no context');
});

test('the estimate is near the size of the record', () => {
  const writer = new PackedBatchWriter('acme', 0, 1);
  for (let i = 0; i < 500; i++) {
    const definition: SeriesDefinition = {
      seriesId: new Uint8Array(8),
      entityId: new Uint8Array(8),
      tenant: 'acme',
      name: 'node_cpu_seconds_total',
      labels: { host: `web-${i}`, mode: 'user' },
      kind: 'COUNTER',
      unit: 's',
      firstSeenMs: 1_700_000_000_000,
    };
    writer.addDefinition(definition);
    writer.addRun(run([1, 2, 4], { seriesLow: i }));
  }
  const estimate = writer.estimatedBytes;
  const size = codec.encode('SeriesBatch', writer.take()).length;
  expect(estimate / size).toBeGreaterThan(1);
  expect(estimate / size).toBeLessThan(1.3);
});

test.each<[string, (batch: SeriesBatch) => Partial<SeriesBatch>]>([
  ['another layout', () => ({ layout: 2 })],
  ['a run column too short', (b) => ({ runCounts: b.runCounts.subarray(4) })],
  ['a run column too long', () => ({ runSteps: new Uint8Array(24) })],
  ['a value cut in half', (b) => ({ values: b.values.subarray(4) })],
  ['a point too few', (b) => ({ values: b.values.subarray(8) })],
  ['ids cut', (b) => ({ seriesIds: b.seriesIds.subarray(1) })],
  ['a slot that is not there', () => ({ runSeries: Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0) })],
  ['counts that overflow', () => ({ runCounts: new Uint8Array(8).fill(255) })],
  ['times missing', () => ({ timestamps: new Uint8Array(8) })],
  ['times that are not finite', () => ({ runFirstTimestamps: new Uint8Array(16).fill(255) })],
  ['a step that is not finite', () => ({ runSteps: new Uint8Array(16).fill(255) })],
  ['half a source offset', () => ({ runSourceOffsets: bytes(0.5, 1) })],
  ['a source offset below zero', () => ({ runSourceOffsets: bytes(-1, 1) })],
  ['contexts for half of the series', () => ({ seriesContexts: new Uint8Array(1) })],
  ['a context that is not there', () => ({ seriesContexts: new Uint8Array(2) })],
])('%s is refused as a value', (_name, damage) => {
  const good = batchOf(run([1000, 2000]), run([1, 2, 4]));
  expect(readPackedBatch(good)).not.toHaveProperty('code');
  expect(readPackedBatch({ ...good, ...damage(good) })).toEqual({
    code: 'BATCH_COLUMNS',
    detail: expect.any(String),
  });
});

test('an empty run is refused, although all columns agree', () => {
  const good = batchOf(run([1000, 2000]), run([5]));
  const runCounts = Uint8Array.of(0, 0, 0, 0, 3, 0, 0, 0);
  expect(readPackedBatch({ ...good, runCounts })).toEqual({
    code: 'BATCH_COLUMNS',
    detail: 'run 0: no points',
  });
});

function bytes(...numbers: readonly number[]): Uint8Array {
  return new Uint8Array(Float64Array.from(numbers).buffer);
}
