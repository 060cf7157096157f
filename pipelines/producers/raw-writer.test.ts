import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PipelineError } from '../../runtime/errors.ts';
import type { OutboundRecord } from '../../runtime/transport.ts';
import { Codec, type SchemaIds } from '../../schemas/codec.ts';
import type { MetricBatch } from '../../schemas/generated/metric-batch.ts';
import { schemaTexts } from '../../schemas/generated/schema-texts.ts';
import type { Point, PointSeries } from './point.ts';
import { RawWriter, type RawWriterOptions } from './raw-writer.ts';

const ids = Object.fromEntries(
  Object.keys(schemaTexts).map((name, i) => [name, i + 1]),
) as unknown as SchemaIds;
const codec = new Codec(ids);

/** Keeps what is written; `refuse` makes the next sends fail, `onSend` watches them. */
class MemoryTopic {
  readonly records: OutboundRecord[] = [];
  refuse = 0;
  underWay = 0;
  mostUnderWay = 0;

  async write(_producer: string, records: readonly OutboundRecord[]): Promise<void> {
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    await Promise.resolve();
    this.underWay -= 1;
    if (this.refuse-- > 0) throw new PipelineError('TRANSPORT_UNAVAILABLE');
    this.records.push(...records);
  }

  batches(): MetricBatch[] {
    return this.records.map(
      (record) => codec.decode(record.value ?? new Uint8Array(), ['MetricBatch']).value,
    );
  }

  /** Points per series as `key → [timestamp, value]…`, in the order of each partition. */
  series(): Map<string, (readonly [number, number])[]> {
    const all = new Map<string, (readonly [number, number])[]>();
    for (const batch of this.batches()) {
      for (const [key, points] of unpack(batch)) all.set(key, [...(all.get(key) ?? []), ...points]);
    }
    return all;
  }
}

function unpack(batch: MetricBatch): (readonly [string, (readonly [number, number])[]])[] {
  const column = (bytes: Uint8Array) => Buffer.from(bytes);
  let at = 0;
  return batch.series.map(({ name, labels }, slot) => {
    const texts = [name, ...labels].map((place) => batch.dictionary[place]);
    const count = column(batch.counts).readUInt32LE(slot * 4);
    const points = Array.from({ length: count }, () => {
      const point = [
        column(batch.timestamps).readDoubleLE(at),
        column(batch.values).readDoubleLE(at),
      ] as const;
      at += 8;
      return point;
    });
    return [texts.join('|'), points] as const;
  });
}

function writerTo(topic: MemoryTopic, options: Partial<RawWriterOptions> = {}): RawWriter {
  return new RawWriter({
    transport: topic,
    codec,
    clock: { nowMs: () => 77 },
    topic: 'vigie.metrics.raw',
    partitions: 4,
    tenant: 't',
    producer: 'p',
    ...options,
  });
}

const seriesNumber = (n: number): PointSeries => ({
  name: `m${n}`,
  labels: { a: 'x', host: `h${n % 3}` },
});
const SERIES = Array.from({ length: 9 }, (_, n) => seriesNumber(n));
const POINTS: readonly Point[] = Array.from({ length: 500 }, (_, i) => ({
  series: SERIES[(i * 7) % 9] ?? seriesNumber(0),
  timestampMs: 1000 + i,
  value: i / 3,
}));

describe('RawWriter', () => {
  test.each([1, 7, 32, 1000])(
    'cut into records of %i, every series keeps its points and their order',
    async (size) => {
      const topic = new MemoryTopic();
      const writer = writerTo(topic, { maxPointsPerRecord: size });
      await writer.write(POINTS);
      await writer.flush();
      const expected = new Map<string, (readonly [number, number])[]>();
      for (const { series, timestampMs, value } of POINTS) {
        const key = [series.name, 'a', series.labels.a, 'host', series.labels.host].join('|');
        expected.set(key, [...(expected.get(key) ?? []), [timestampMs, value]]);
      }
      expect(new Map([...topic.series()].sort())).toEqual(new Map([...expected].sort()));
      for (const batch of topic.batches())
        expect(batch.timestamps.length / 8).toBeLessThanOrEqual(size);
      expect(writer.acknowledgedPoints).toBe(500);
      expect(writer.acknowledgedRecords).toBe(topic.records.length);
      expect(writer.bufferedPoints).toBe(0);
    },
  );

  test('keeps a series on one partition, whichever object stands for it and however its labels are ordered', async () => {
    const topic = new MemoryTopic();
    const writer = writerTo(topic, { maxPointsPerRecord: 1 });
    for (let n = 0; n < 50; n++) {
      const turned = { name: `m${n}`, labels: { host: `h${n % 3}`, a: 'x' } };
      await writer.write(
        [seriesNumber(n), turned].map((series) => ({ series, timestampMs: n, value: n })),
      );
    }
    await writer.flush();
    const partitions = new Map<string, Set<number>>();
    for (const [i, batch] of topic.batches().entries()) {
      const name = batch.dictionary[batch.series[0]?.name ?? -1] ?? '';
      partitions.set(
        name,
        (partitions.get(name) ?? new Set()).add(topic.records[i]?.partition ?? -1),
      );
    }
    expect(partitions.size).toBe(50);
    for (const set of partitions.values()) expect(set.size).toBe(1);
    expect(new Set([...partitions.values()].flatMap((set) => [...set])).size).toBe(4);
  });

  test('puts equal series of one record into one slot, in order', async () => {
    const topic = new MemoryTopic();
    const writer = writerTo(topic);
    await writer.write(
      [1, 2, 3].map((timestampMs) => ({ series: seriesNumber(1), timestampMs, value: 0 })),
    );
    await writer.flush();
    expect([...topic.series().values()]).toEqual([
      [
        [1, 0],
        [2, 0],
        [3, 0],
      ],
    ]);
    expect(topic.batches()[0]?.series.length).toBe(1);
  });

  test('says tenant, back-fill, kind and unit, and stamps records with the time of writing', async () => {
    const topic = new MemoryTopic();
    const writer = writerTo(topic, { backfill: true });
    const series = { name: 'm', labels: {}, kind: 'COUNTER', unit: 'By' } as const;
    await writer.write([{ series, timestampMs: 5, value: 1 }]);
    await writer.flush();
    const [batch] = topic.batches();
    expect(batch).toMatchObject({
      tenant: 't',
      backfill: true,
      layout: 1,
      dictionary: ['m', 'By'],
    });
    expect(batch?.series).toMatchObject([{ name: 0, kind: 'COUNTER', unit: 1 }]);
    expect(topic.records[0]).toMatchObject({
      topic: 'vigie.metrics.raw',
      timestampMs: 77,
      key: null,
    });
  });

  test('waits for the transport when it holds enough', async () => {
    const topic = new MemoryTopic();
    const writer = writerTo(topic, { maxBufferedPoints: 10 });
    for (const point of POINTS) {
      await writer.write([point]);
      expect(writer.bufferedPoints).toBeLessThan(10);
    }
    expect(writer.acknowledgedPoints).toBe(500);
  });

  test('has one send under way, and keeps the order of concurrent flushes', async () => {
    const topic = new MemoryTopic();
    const writer = writerTo(topic, { partitions: 1 });
    const flushes = POINTS.slice(0, 20).map((point) =>
      writer.write([point]).then(() => writer.flush()),
    );
    await Promise.all(flushes);
    expect(topic.mostUnderWay).toBe(1);
    const times = topic
      .batches()
      .flatMap((batch) => unpack(batch).flatMap(([, points]) => points.map(([ms]) => ms)));
    expect(times.length).toBe(20);
    for (const points of topic.series().values()) {
      expect(points.map(([ms]) => ms)).toEqual(points.map(([ms]) => ms).sort((a, b) => a - b));
    }
  });

  test('keeps what was not acknowledged, in order, for the next flush', async () => {
    const topic = new MemoryTopic();
    const writer = writerTo(topic, { maxPointsPerRecord: 7 });
    topic.refuse = 2;
    await writer.write(POINTS.slice(0, 100));
    await expect(writer.flush()).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
    await writer.write(POINTS.slice(100, 200));
    await expect(writer.flush()).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
    expect(writer.bufferedPoints).toBe(200);
    expect(writer.acknowledgedPoints).toBe(0);
    await writer.flush();
    expect(writer.acknowledgedPoints).toBe(200);
    const points = [...topic.series().values()];
    expect(points.flat().length).toBe(200);
    for (const one of points)
      expect(one.map(([ms]) => ms)).toEqual(one.map(([ms]) => ms).sort((a, b) => a - b));
  });

  test('seals a record before its labels make it too large', async () => {
    const topic = new MemoryTopic();
    const writer = writerTo(topic, { partitions: 1 });
    const label = 'x'.repeat(500_000);
    const points = Array.from({ length: 40 }, (_, i) => ({
      series: { name: 'm', labels: { long: `${label}${i}` } },
      timestampMs: i,
      value: i,
    }));
    await writer.write(points);
    await writer.flush();
    expect(Math.max(...topic.records.map((record) => record.value?.length ?? 0))).toBeLessThan(
      4 * 1024 * 1024,
    );
    expect(writer.acknowledgedPoints).toBe(40);
  });

  test('any points come out as they went in', async () => {
    const series = fc.record({
      name: fc.string(),
      labels: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
    });
    const point = fc.record({ series, timestampMs: fc.integer(), value: fc.double() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(point),
        fc.integer({ min: 1, max: 9 }),
        async (points, maxPointsPerRecord) => {
          const topic = new MemoryTopic();
          const writer = writerTo(topic, { maxPointsPerRecord });
          await writer.write(points);
          await writer.flush();
          const out = topic.batches().flatMap((batch) => unpack(batch).flatMap(([, list]) => list));
          const sent = points.map((one) => [one.timestampMs, one.value] as const);
          const sortable = (list: (readonly [number, number])[]) => list.map(String).sort();
          expect(sortable(out)).toEqual(sortable(sent));
        },
      ),
    );
  });
});
