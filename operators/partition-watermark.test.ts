import { describe, expect, test } from 'vitest';
import { PartitionWatermark } from './partition-watermark.ts';

const MINUTE = 60_000;
const maxSkewMs = 24 * 60 * MINUTE;

describe('PartitionWatermark', () => {
  test('is the minimum of the partitions heard of, and never goes back', () => {
    const watermark = new PartitionWatermark({ failoverTimeoutMs: 10 * MINUTE, maxSkewMs });
    expect(watermark.watermarkMs).toBe(Number.NEGATIVE_INFINITY);
    expect(watermark.advance(0, 100)).toBe(100);
    expect(watermark.advance(1, 50)).toBe(100);
    expect(watermark.advance(0, 300)).toBe(100);
    expect(watermark.advance(1, 200)).toBe(200);
    expect(watermark.advance(1, 150)).toBe(200);
    expect(watermark.advance(0, 500)).toBe(200);
  });

  test('partitions that are expected and silent hold it', () => {
    const watermark = new PartitionWatermark({ failoverTimeoutMs: 10 * MINUTE, maxSkewMs }, 2);
    expect(watermark.advance(0, MINUTE)).toBe(Number.NEGATIVE_INFINITY);
    expect(watermark.advance(1, 30_000)).toBe(30_000);
  });

  test('a partition is given up when the others got further than the time-out, by several ticks', () => {
    const watermark = new PartitionWatermark({ failoverTimeoutMs: MINUTE, maxSkewMs });
    watermark.advance(0, 1000);
    watermark.advance(1, 1000);
    // One long step may be the interval of the metric: the other partition has had no chance.
    expect(watermark.advance(0, 61 * MINUTE)).toBe(1000);
    for (let tick = 2; tick <= 7; tick++) {
      expect(watermark.advance(0, 61 * MINUTE + tick)).toBe(1000);
    }
    expect(watermark.advance(0, 62 * MINUTE)).toBe(62 * MINUTE);
    expect(watermark.advance(1, 30 * MINUTE)).toBe(62 * MINUTE);
    expect(watermark.advance(0, 63 * MINUTE)).toBe(62 * MINUTE);
  });

  test('no number of ticks gives a partition up within the time-out', () => {
    const watermark = new PartitionWatermark({ failoverTimeoutMs: MINUTE, maxSkewMs });
    watermark.advance(0, 0);
    watermark.advance(1, 0);
    for (let tick = 1; tick <= 60; tick++) expect(watermark.advance(0, tick * 1000)).toBe(0);
    expect(watermark.advance(0, 61_000)).toBe(61_000);
  });

  test('an expected partition that is never heard is given up in the end', () => {
    const watermark = new PartitionWatermark({ failoverTimeoutMs: MINUTE, maxSkewMs }, 2);
    for (let second = 0; second <= 60; second++) {
      expect(watermark.advance(0, second * 1000)).toBe(Number.NEGATIVE_INFINITY);
    }
    expect(watermark.advance(0, 61_000)).toBe(61_000);
  });

  test('a partition that trails by more than the skew does not hold the others', () => {
    const watermark = new PartitionWatermark({ failoverTimeoutMs: MINUTE, maxSkewMs: 10 * MINUTE });
    watermark.advance(0, 60 * MINUTE);
    watermark.advance(1, 52 * MINUTE);
    expect(watermark.advance(0, 61 * MINUTE)).toBe(60 * MINUTE);
    expect(watermark.advance(1, 52 * MINUTE)).toBe(60 * MINUTE);
    // A back-fill: far behind, and ticking all the time.
    for (let minute = 62; minute < 70; minute++) {
      watermark.advance(1, 52 * MINUTE + minute);
      expect(watermark.advance(0, minute * MINUTE)).toBe(
        minute > 62 ? minute * MINUTE : 60 * MINUTE,
      );
    }
    expect(watermark.advance(1, 69 * MINUTE)).toBe(69 * MINUTE);
    expect(watermark.advance(0, 75 * MINUTE)).toBe(69 * MINUTE);
  });

  test('a partition that says it is idle holds nothing until it is heard again', () => {
    const watermark = new PartitionWatermark({ failoverTimeoutMs: MINUTE, maxSkewMs }, 3);
    expect(watermark.advance(0, 5000)).toBe(Number.NEGATIVE_INFINITY);
    expect(watermark.advance(1, 4000, true)).toBe(Number.NEGATIVE_INFINITY);
    expect(watermark.advance(2, 4500, true)).toBe(5000);
    expect(watermark.advance(0, 6000)).toBe(6000);
    expect(watermark.advance(1, 6500)).toBe(6000);
    expect(watermark.advance(0, 9000)).toBe(6500);
    expect(watermark.advance(1, 6600, true)).toBe(9000);
  });

  test('when all are idle the furthest counts, and later silence moves it on', () => {
    const watermark = new PartitionWatermark({ failoverTimeoutMs: MINUTE, maxSkewMs }, 2);
    watermark.advance(0, 5000);
    expect(watermark.advance(1, 7000)).toBe(5000);
    expect(watermark.advance(1, 7000, true)).toBe(5000);
    expect(watermark.advance(0, 5500, true)).toBe(7000);
    expect(watermark.advance(0, 8000, true)).toBe(8000);
    expect(watermark.advance(1, 7500)).toBe(8000);
  });

  test('restored it goes on the same', () => {
    const first = new PartitionWatermark({ failoverTimeoutMs: MINUTE, maxSkewMs }, 3);
    const second = new PartitionWatermark({ failoverTimeoutMs: MINUTE, maxSkewMs }, 3);
    let seed = 7;
    for (let step = 0; step < 300; step++) {
      seed = (seed * 48271) % 2147483647;
      const restored = new PartitionWatermark({ failoverTimeoutMs: MINUTE, maxSkewMs }, 3);
      restored.restore(JSON.parse(JSON.stringify(second.save())));
      second.restore(restored.save());
      const partition = seed % (step < 150 ? 3 : 2);
      const atMs = step * 2000 - (seed % 5000);
      const idle = seed % 5 === 0;
      expect(restored.advance(partition, atMs, idle)).toBe(first.advance(partition, atMs, idle));
      second.advance(partition, atMs, idle);
    }
  });
});
