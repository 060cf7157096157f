import { expect, it } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import type { OutboundRecord, Transport } from '../../runtime/transport.ts';
import {
  bytes,
  codeOf,
  MAX_RECORD_BYTES,
  plain,
  readAll,
  record,
  spec,
  text,
  topicOf,
} from './fixtures.ts';

/** What holds of topics. */
export function describeTopics(use: () => Transport): void {
  it('creates topics once and lists them', async () => {
    const topic = await topicOf(use(), 4);
    await use().write('writer', [record(topic, 3, 'kept')]);
    await use().ensureTopics([spec(topic, 4)]);
    expect(await use().listTopics()).toContain(topic);
    expect(await use().ranges(topic)).toEqual([
      { partition: 0, low: 0, high: 0 },
      { partition: 1, low: 0, high: 0 },
      { partition: 2, low: 0, high: 0 },
      { partition: 3, low: 0, high: 1 },
    ]);
  });

  it('refuses another number of partitions', async () => {
    const topic = await topicOf(use(), 2);
    expect(await codeOf(use().ensureTopics([spec(topic, 4)]))).toBe('PARTITIONS_CHANGED');
    expect(await use().ranges(topic)).toHaveLength(2);
  });

  it('keeps at least the last record of each key of a compact topic, in offset order', async () => {
    const topic = await topicOf(use(), 1, 'compact');
    const entry = (key: string, value: string | null): OutboundRecord => ({
      ...record(topic, 0, value),
      key: bytes(key),
    });
    await use().write('writer', [entry('a', '1'), entry('b', '1'), entry('a', '2')]);
    await use().write('writer', [entry('c', '1'), entry('b', null)]);
    const records = await readAll(use(), topic, 0, 5);
    const offsets = records.map(({ offset }) => offset);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    const last = new Map(records.map(({ key, value }) => [text(key), text(value)]));
    expect(last).toEqual(
      new Map([
        ['a', '2'],
        ['c', '1'],
        ['b', null],
      ]),
    );
  });
}

/** What holds of writes. */
export function describeWrites(use: () => Transport): void {
  it('keeps the order within a partition and puts records where they are sent', async () => {
    const topic = await topicOf(use(), 2);
    const values = Array.from({ length: 300 }, (_, i) => String(i));
    for (let from = 0; from < values.length; from += 100) {
      const slice = values.slice(from, from + 100);
      await use().write(
        'writer',
        slice.map((value) => record(topic, Number(value) % 2, value)),
      );
    }
    for (const partition of [0, 1]) {
      const records = await readAll(use(), topic, partition, 150);
      expect(records.map(({ offset }) => offset)).toEqual(records.map((_, i) => i));
      expect(records.map(({ value }) => Number(text(value)))).toEqual(
        records.map((_, i) => 2 * i + partition),
      );
    }
  });

  it('gives every byte back: null and empty keys and values, binary headers, timestamps', async () => {
    const topic = await topicOf(use(), 1);
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const headers = { 'error.code': bytes('X'), naïve: all, empty: new Uint8Array(0) };
    const sent: OutboundRecord[] = [
      { topic, partition: 0, key: null, value: null, headers: {}, timestampMs: 1 },
      {
        topic,
        partition: 0,
        key: new Uint8Array(0),
        value: new Uint8Array(0),
        headers: {},
        timestampMs: 1_700_000_000_123,
      },
      { topic, partition: 0, key: all, value: all, headers, timestampMs: 4_102_444_800_000 },
    ];
    await use().write('writer', sent);
    const received = await readAll(use(), topic, 0, 3);
    expect(received.map(plain)).toEqual(sent.map(plain));
  });

  it('takes an empty write', async () => {
    const topic = await topicOf(use(), 1);
    await use().write('writer', []);
    expect(await use().ranges(topic)).toEqual([{ partition: 0, low: 0, high: 0 }]);
  });

  it('takes a record of 1 MB, refuses one above the topic’s limit, and takes the next', async () => {
    const topic = await topicOf(use(), 1);
    const large = Buffer.alloc(1_000_000, 'vigie');
    await use().write('writer', [{ ...record(topic, 0, ''), value: large }]);
    const tooLarge = {
      ...record(topic, 0, ''),
      value: Buffer.alloc(MAX_RECORD_BYTES + 100_000, 'vigie'),
    };
    expect(await codeOf(use().write('writer', [tooLarge]))).toBe('TRANSPORT_REFUSED');
    await use().write('writer', [record(topic, 0, 'next')]);
    const records = await readAll(use(), topic, 0, 2);
    expect(Buffer.compare(records[0]?.value ?? Buffer.of(), large)).toBe(0);
    expect(text(records[1]?.value ?? null)).toBe('next');
  });

  it('refuses a record stamped too far ahead on a topic that has a limit, and takes the next', async () => {
    const topic = await topicOf(use(), 1);
    const bounded = `${topic}.bounded`;
    await use().ensureTopics([{ ...spec(bounded, 1), maxAheadMs: 600_000 }]);
    const stamped = (name: string, aheadMs: number): OutboundRecord => {
      return { ...record(name, 0, 'x'), timestampMs: systemClock.nowMs() + aheadMs };
    };
    expect(await codeOf(use().write('writer', [stamped(bounded, 900_000)]))).toBe(
      'TRANSPORT_REFUSED',
    );
    await use().write('writer', [stamped(bounded, 300_000)]);
    await use().write('writer', [record(bounded, 0, 'long ago'), stamped(topic, 900_000)]);
    expect(await use().ranges(bounded)).toEqual([{ partition: 0, low: 0, high: 2 }]);
    expect(await use().ranges(topic)).toEqual([{ partition: 0, low: 0, high: 1 }]);
  });

  it('keeps the bytes of a write although the writer uses its buffer again', async () => {
    const topic = await topicOf(use(), 1);
    const value = Buffer.from('before');
    await use().write('writer', [{ ...record(topic, 0, ''), value }]);
    value.write('after!');
    const [first] = await readAll(use(), topic, 0, 1);
    expect(text(first?.value ?? null)).toBe('before');
  });

  it('takes writes of several producers at a time', async () => {
    const topic = await topicOf(use(), 1);
    const producers = ['p', 'q', 'r', 's'];
    const writeTen = async (producer: string): Promise<void> => {
      for (let i = 0; i < 10; i += 1)
        await use().write(producer, [record(topic, 0, `${producer}${i}`)]);
    };
    await Promise.all(producers.map(writeTen));
    const values = (await readAll(use(), topic, 0, 40)).map(({ value }) => text(value) ?? '');
    for (const producer of producers) {
      const own = values.filter((value) => value.startsWith(producer));
      expect(own).toEqual(own.map((_, i) => `${producer}${i}`));
      expect(own).toHaveLength(10);
    }
  });
}
