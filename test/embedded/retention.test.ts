import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  EmbeddedTransport,
  type EmbeddedTransportOptions,
  type Truncation,
} from '../../runtime/embedded/embedded-transport.ts';
import type { OutboundRecord, TopicSpec } from '../../runtime/transport.ts';
import { Received } from '../conformance/received.ts';

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;

describe('retention of the embedded log', () => {
  let folder: string;
  let transport: EmbeddedTransport;
  let nowMs: number;
  let truncations: Truncation[];

  const open = async (options: Partial<EmbeddedTransportOptions> = {}): Promise<void> => {
    transport = await EmbeddedTransport.open({
      folder,
      clock: { nowMs: () => nowMs },
      trimIntervalMs: 0,
      onTruncated: (truncation) => truncations.push(truncation),
      ...options,
    });
  };
  const write = (topic: string, partition: number, count: number, size: number): Promise<void> =>
    transport.write(
      'writer',
      Array.from({ length: count }, () => outbound(topic, partition, size)),
    );
  const readable = async (topic: string): Promise<number[]> => {
    const [range] = await transport.ranges(topic);
    const offsets: number[] = [];
    for await (const batch of transport.read(topic, 0, 0, { to: range?.high ?? 0 })) {
      offsets.push(...batch.map(({ offset }) => offset));
    }
    return offsets;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigie-retention-'));
    nowMs = 1_700_000_000_000;
    truncations = [];
  });
  afterEach(async () => {
    await transport.close();
    await rm(folder, { recursive: true });
  });

  it('removes what is older than retentionMs by the time of writing, says so, and keeps counting', async () => {
    await open({ recentBytes: 0 });
    await transport.ensureTopics([topic('t', { retentionMs: 1_000 })]);
    // Back-filled: the record’s own time is long ago, which must not matter.
    await transport.write('writer', [{ ...outbound('t', 0, 10), timestampMs: 0 }]);
    await write('t', 0, 999, 10);
    nowMs += 600;
    await write('t', 0, 5, 10);
    await transport.trim();
    expect(truncations).toEqual([]);
    nowMs += 500;
    await transport.trim();
    expect(truncations.map(({ records }) => records).reduce((a, b) => a + b, 0)).toBe(1_000);
    expect(truncations.every(({ reason }) => reason === 'age')).toBe(true);
    expect(await readable('t')).toEqual([1_000, 1_001, 1_002, 1_003, 1_004]);
    nowMs += 10_000;
    await transport.trim();
    expect(await transport.ranges('t')).toEqual([{ partition: 0, low: 1_005, high: 1_005 }]);
    await transport.close();
    await open();
    await write('t', 0, 1, 10);
    expect(await readable('t')).toEqual([1_005]);
  });

  it('keeps a partition within retentionBytes, each for itself', async () => {
    await open();
    await transport.ensureTopics([topic('t', { partitions: 2, retentionBytes: 50_000 })]);
    await write('t', 0, 100, 1_000);
    await write('t', 1, 10, 1_000);
    await transport.trim();
    const [first, second] = await transport.ranges('t');
    // A record counts 32 bytes beside its value: 48 of 1,032 fit into 50,000.
    expect(first).toEqual({ partition: 0, low: 52, high: 100 });
    expect(second).toEqual({ partition: 1, low: 0, high: 10 });
    expect(truncations).toMatchObject([
      { topic: 't', partition: 0, low: 52, reason: 'partitionBytes', unread: 0 },
    ]);
  });

  it('tells how many removed records a group had not read, and starts it at what is left', async () => {
    await open();
    await transport.ensureTopics([topic('t', { retentionBytes: 20_000 })]);
    await write('t', 0, 10, 1_000);
    const first = await transport.subscribe('slow', ['t']);
    await first.write([], [{ topic: 't', partition: 0, offset: 4 }]);
    await first.close();
    await write('t', 0, 30, 1_000);
    await transport.trim();
    expect(truncations.map(({ low, unread }) => ({ low, unread }))).toEqual([
      { low: 21, unread: 17 },
    ]);
    const second = await transport.subscribe('slow', ['t']);
    const received = new Received(second, () => new Map([['t', 4]]));
    expect((await received.take(19, 't', 0))[0]?.offset).toBe(21);
  });

  it('holds the file under its cap by removing the oldest records of delete topics, not of compact ones', async () => {
    const maxBytes = 8 * MIB;
    await open({ maxBytes });
    await transport.ensureTopics([
      topic('old'),
      topic('new'),
      topic('table', { cleanup: 'compact' }),
    ]);
    const key = Buffer.from('k');
    await transport.write('writer', [{ ...outbound('table', 0, 500_000), key }]);
    await write('old', 0, 10, 10_000);
    for (let round = 0; round < 100; round += 1) {
      nowMs += 1;
      await write('new', 0, 20, 20_000);
      expect(await folderBytes(folder)).toBeLessThanOrEqual(maxBytes);
    }
    expect((await transport.ranges('old'))[0]).toEqual({ partition: 0, low: 10, high: 10 });
    const [range] = await transport.ranges('new');
    expect(range?.high).toBe(2_000);
    expect(await readable('new')).toEqual(
      Array.from({ length: 2_000 - (range?.low ?? 0) }, (_, i) => (range?.low ?? 0) + i),
    );
    const told = truncations.filter((truncation) => truncation.topic === 'new');
    expect(told.reduce((sum, { records }) => sum + records, 0)).toBe(range?.low);
    expect(truncations.every(({ reason }) => reason === 'fileBytes')).toBe(true);
    expect(await readable('table')).toEqual([0]);
  });

  it('refuses records, for as long as there is no room, when only compact topics are left; takes offsets', async () => {
    await open({ maxBytes: 2 * MIB });
    await transport.ensureTopics([topic('table', { cleanup: 'compact' })]);
    const entry = (key: string): OutboundRecord => ({
      ...outbound('table', 0, 400_000),
      key: Buffer.from(key),
    });
    const fill = async (): Promise<void> => {
      for (const key of 'abcdef') await transport.write('writer', [entry(key)]);
    };
    await expect(fill()).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
    const subscription = await transport.subscribe('g', ['table']);
    await subscription.write([], [{ topic: 'table', partition: 0, offset: 1 }]);
    expect(await transport.committed('g', 'table')).toEqual(new Map([[0, 1]]));
    await transport.close();
    await open({ maxBytes: 16 * MIB });
    await fill();
  });

  it('moves an updated key of a compact topic to its new offset and drops tombstones after a day', async () => {
    await open({ recentBytes: 0 });
    await transport.ensureTopics([
      topic('table', { cleanup: 'compact', retentionMs: 1, retentionBytes: 1 }),
    ]);
    const entry = (key: string, value: string | null): OutboundRecord => {
      const payload = value === null ? null : Buffer.from(value);
      return { ...outbound('table', 0, 0), key: Buffer.from(key), value: payload };
    };
    await transport.write('writer', [
      entry('a', '1'),
      entry('b', '1'),
      entry('c', '1'),
      entry('a', '2'),
    ]);
    await transport.write('writer', [entry('b', null)]);
    expect(await readable('table')).toEqual([2, 3, 4]);
    nowMs += DAY_MS;
    await transport.trim();
    expect(await readable('table')).toEqual([2, 3, 4]);
    nowMs += 1;
    await transport.trim();
    expect(await readable('table')).toEqual([2, 3]);
    expect(truncations).toEqual([]);
    await transport.close();
    await open();
    await transport.write('writer', [entry('b', '2')]);
    expect(await readable('table')).toEqual([2, 3, 5]);
  });

  it('gives existing topics their new limits', async () => {
    await open();
    await transport.ensureTopics([topic('t')]);
    await write('t', 0, 20, 1_000);
    await transport.trim();
    expect(truncations).toEqual([]);
    await transport.ensureTopics([topic('t', { retentionBytes: 5_500, maxRecordBytes: 500 })]);
    await transport.trim();
    expect((await transport.ranges('t'))[0]?.low).toBe(15);
    await expect(write('t', 0, 1, 1_000)).rejects.toMatchObject({ code: 'TRANSPORT_REFUSED' });
    await expect(
      transport.ensureTopics([topic('t', { cleanup: 'compact' })]),
    ).rejects.toMatchObject({
      code: 'TRANSPORT_REFUSED',
    });
  });
});

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map((name) => stat(join(folder, name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

function topic(name: string, changes: Partial<TopicSpec> = {}): TopicSpec {
  const unlimited = { retentionMs: -1, retentionBytes: Infinity, maxRecordBytes: MIB };
  return { name, partitions: 1, cleanup: 'delete', ...unlimited, ...changes };
}

function outbound(name: string, partition: number, size: number): OutboundRecord {
  return {
    topic: name,
    partition,
    key: null,
    value: Buffer.alloc(size, 'v'),
    headers: {},
    timestampMs: 1,
  };
}
