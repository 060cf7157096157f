import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Transport } from '../../runtime/transport.ts';
import { codeOf, type OpenedTransport, readAll, record, text, topicOf } from './fixtures.ts';
import { Received } from './received.ts';

/** What holds of reading without a group. */
export function describeReads(use: () => Transport): void {
  it('reads a range and ends', async () => {
    const topic = await topicOf(use(), 1);
    await use().write(
      'writer',
      Array.from({ length: 50 }, (_, i) => record(topic, 0, String(i))),
    );
    const records = await readAll(use(), topic, 0, 30, 10);
    expect(records.map(({ value }) => Number(text(value)))).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 10),
    );
    expect(await readAll(use(), topic, 0, 10, 10)).toEqual([]);
  });

  it('follows the log with several readers and ends each on its signal', async () => {
    const topic = await topicOf(use(), 1);
    const follow = async (from: number, count: number): Promise<(string | null)[]> => {
      const values: (string | null)[] = [];
      const stop = new AbortController();
      for await (const batch of use().read(topic, 0, from, { signal: stop.signal })) {
        for (const { value } of batch) values.push(text(value));
        if (values.length >= count) stop.abort();
      }
      return values;
    };
    const followers = [follow(0, 3), follow(1, 2), follow(0, 3)];
    for (const value of ['a', 'b', 'c']) await use().write('writer', [record(topic, 0, value)]);
    expect(await Promise.all(followers)).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
      ['a', 'b', 'c'],
    ]);
  });

  it('ends a waiting reader on its signal', async () => {
    const topic = await topicOf(use(), 1);
    const stop = new AbortController();
    const reader = use().read(topic, 0, 0, { signal: stop.signal })[Symbol.asyncIterator]();
    const first = reader.next();
    stop.abort();
    expect((await first).done).toBe(true);
  });

  it('refuses topics that do not exist', async () => {
    const missing = `missing.${randomUUID()}`;
    expect(await codeOf(use().ranges(missing))).toBe('TRANSPORT_REFUSED');
    expect(await codeOf(use().write('writer', [record(missing, 0, 'x')]))).toBe(
      'TRANSPORT_REFUSED',
    );
    expect(await use().listTopics()).not.toContain(missing);
  });
}

/** What holds of closing. */
export function describeEnds(open: () => Promise<OpenedTransport>): void {
  it('completes events and readers when it closes, after pending writes', async () => {
    const { transport, dispose } = await open();
    const topic = await topicOf(transport, 1);
    const subscription = await transport.subscribe(`${topic}.group`, [topic]);
    const received = new Received(subscription);
    await received.until(({ assigned }) => assigned.has(0));
    const reader = transport.read(topic, 0, 0)[Symbol.asyncIterator]();
    await transport.write('writer', [record(topic, 0, 'first')]);
    await reader.next();
    const waiting = reader.next();
    const write = transport.write('writer', [record(topic, 0, 'last')]);
    await transport.close();
    await write;
    await received.until(({ completed }) => completed);
    const after = await waiting;
    if (after.done !== true) expect((await reader.next()).done).toBe(true);
    expect(await codeOf(transport.write('writer', [record(topic, 0, 'too late')]))).toBe(
      'TRANSPORT_REFUSED',
    );
    await dispose();
  });

  it('completes one subscription’s events and leaves the others alone', async () => {
    const { transport, dispose } = await open();
    const topic = await topicOf(transport, 1);
    const one = await transport.subscribe(`${topic}.one`, [topic]);
    const other = await transport.subscribe(`${topic}.other`, [topic]);
    const [first, second] = [new Received(one), new Received(other)];
    await first.until(({ assigned }) => assigned.has(0));
    await second.until(({ assigned }) => assigned.has(0));
    await one.close();
    await first.until(({ completed }) => completed);
    await transport.write('writer', [record(topic, 0, 'a')]);
    await second.take(1, topic, 0);
    expect(first.records).toEqual([]);
    await dispose();
  });
}
