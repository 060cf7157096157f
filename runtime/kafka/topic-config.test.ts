import { expect, it } from 'vitest';
import type { TopicSpec } from '../transport.ts';
import { toNewTopic } from './topic-config.ts';

const mebibyte = 1024 * 1024;
const base: TopicSpec = {
  name: 't',
  partitions: 4,
  cleanup: 'delete',
  retentionMs: 3_600_000,
  retentionBytes: 512 * mebibyte,
  maxRecordBytes: 16 * mebibyte,
};
const settings = (change: Partial<TopicSpec>) => toNewTopic({ ...base, ...change }, 3).config;

it('keeps name, partitions and copies', () => {
  expect(toNewTopic(base, 3)).toMatchObject({ name: 't', partitions: 4, replicas: 3 });
});

it('leaves room for a record that snappy lengthens', () => {
  const worst = Math.ceil((base.maxRecordBytes * 7) / 6) + 32;
  expect(Number(settings({})['max.message.bytes'])).toBeGreaterThan(worst);
});

it.each([
  [{ retentionBytes: 512 * mebibyte, maxRecordBytes: mebibyte }, 64 * mebibyte],
  [{ retentionBytes: mebibyte, maxRecordBytes: mebibyte }, 16 * mebibyte],
  [{ retentionBytes: -1 }, 1024 * mebibyte],
  [{ retentionBytes: 4096 * 1024 * mebibyte }, 1024 * mebibyte],
  [{ cleanup: 'compact', retentionBytes: -1 } as const, 64 * mebibyte],
])('cuts segments so that retention and compaction can work (%#)', (change, expected) => {
  expect(Number(settings(change)['segment.bytes'])).toBe(expected);
});

it.each([
  [{ retentionMs: 21_600_000 }, 5_400_000],
  [{ retentionMs: 1000 }, 600_000],
  [{ retentionMs: -1 }, 604_800_000],
  [{ cleanup: 'compact', retentionMs: -1 } as const, 21_600_000],
])('closes segments early enough for retention by time (%#)', (change, expected) => {
  expect(Number(settings(change)['segment.ms'])).toBe(expected);
});

it('never makes a segment smaller than a batch', () => {
  const config = settings({ maxRecordBytes: 100 * mebibyte, retentionBytes: mebibyte });
  const [segment, batch] = [config['segment.bytes'], config['max.message.bytes']];
  expect(Number(segment)).toBeGreaterThanOrEqual(Number(batch));
});

it('takes any time stamp unless the topic has a limit', () => {
  expect(settings({})['message.timestamp.after.max.ms']).toBe('9223372036854775807');
  expect(settings({ maxAheadMs: 5000 })['message.timestamp.after.max.ms']).toBe('5000');
});

it('says no limit as Kafka does', () => {
  const config = settings({ retentionMs: Number.POSITIVE_INFINITY, retentionBytes: -1 });
  expect([config['retention.ms'], config['retention.bytes']]).toEqual(['-1', '-1']);
});
